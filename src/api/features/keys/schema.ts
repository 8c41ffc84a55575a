import { type Static, Type } from 'typebox'
import { roles } from '../../access/roles.ts'
import { Id, nullable, Timestamp } from '../../schemas.ts'

export const RoleSchema = Type.Enum([...roles], {
  title: 'Role',
  description: 'What a key may do.',
  enumDescriptions: {
    reader: 'Reads everything but keys.',
    runner: 'Also registers networks, queues and cancels runs, and deletes networks.',
    admin: 'Also makes and revokes keys.',
  },
})

const Prefix = Type.String({ description: 'The beginning of the key, by which people tell keys apart.', examples: ['amk_0a1b2c3d'] })
const Name = Type.String({ minLength: 1, maxLength: 100, pattern: '\\S', description: 'Whose it is, or what for.' })

const quota = (description: string) =>
  Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description }), Type.Null()], { description })
export const QuotasSchema = Type.Object(
  {
    runsPerHour: quota('Runs that it may queue in an hour of the clock, those of sweeps included; null: no quota.'),
    deviceSecondsPerDay: quota('Seconds for which its runs may hold devices in a day in UTC; null: no quota.'),
    bytesStored: quota('Bytes of the networks that it registered and nobody deleted: files, and graphs as stored; null: no quota.'),
  },
  {
    title: 'Quotas',
    description: 'What a key may use.',
    additionalProperties: false,
  },
)
/** The same as a body. */
export const NewQuotas = Type.Object(QuotasSchema.properties, {
  title: 'NewQuotas',
  description: 'What a key may use from now on.',
  additionalProperties: false,
  examples: [{ runsPerHour: 100, deviceSecondsPerDay: 3600, bytesStored: 10_000_000_000 }],
})

const Weight = Type.Integer({
  minimum: 1,
  maximum: 1000,
  description: 'Its share of a device, against the weights of the other keys whose runs wait for the device.',
})
/** What is to change of a key. */
export const KeyWeight = Type.Object(
  { weight: Weight },
  { title: 'KeyWeight', description: 'What is to change of a key.', additionalProperties: false, examples: [{ weight: 3 }] },
)

export const KeySchema = Type.Object(
  {
    id: Id,
    prefix: Prefix,
    name: Name,
    role: RoleSchema,
    createdAt: Timestamp,
    expiresAt: nullable(Type.String({ format: 'date-time', description: 'From then on it is refused; null: never.' })),
    lastUsedAt: nullable(Type.String({ format: 'date-time', description: 'To the minute; null: never used.' })),
    revokedAt: nullable(Type.String({ format: 'date-time', description: 'Since then it is refused.' })),
    quotas: QuotasSchema,
    weight: Weight,
    issuer: nullable(Type.String({ description: 'Of the holder of an OpenID Connect token, whose issuer this is; null for a key.' })),
  },
  { title: 'Key', description: 'An API key, without its secret.' },
)
export type KeyAnswer = Static<typeof KeySchema>

export const KeyList = Type.Object({ items: Type.Array(KeySchema) }, { title: 'KeyList' })

export const NewKey = Type.Object(
  {
    name: Name,
    role: RoleSchema,
    expiresAt: Type.Optional(Type.String({ format: 'date-time', description: 'When it ends, in the future. Left out: never.' })),
    quotas: Type.Optional(QuotasSchema),
    weight: Type.Optional(Type.Integer({ ...Weight, default: 1 })),
  },
  {
    title: 'NewKey',
    description: 'The API key to make.',
    additionalProperties: false,
    examples: [{ name: 'Ada, on call', role: 'admin' }],
  },
)
export type NewKey = Static<typeof NewKey>

export const MadeKey = Type.Object(
  {
    ...KeySchema.properties,
    key: Type.String({ description: 'The key itself. It is shown this once: the service keeps a digest alone.' }),
  },
  { title: 'MadeKey', description: 'An API key just made, with its secret.' },
)
export type MadeKey = Static<typeof MadeKey>

/** Of the form of a key, and none: it is refused. */
export const exampleKey = `amk_0a1b2c3d_${'0'.repeat(64)}`

export const NewSession = Type.Object(
  { key: Type.String({ minLength: 1, maxLength: 200, description: 'An API key.' }) },
  { title: 'NewSession', additionalProperties: false, examples: [{ key: exampleKey }] },
)

export const SessionSchema = Type.Object(
  {
    role: RoleSchema,
    key: Type.Union(
      [Type.Object({ id: Id, prefix: Prefix, name: Name }, { title: 'KeySummary', description: 'A key, in short.' }), Type.Null()],
      {
        description: 'The key; null where none has been made.',
      },
    ),
    expiresAt: nullable(Type.String({ format: 'date-time', description: 'When the key ends; null: never.' })),
  },
  { title: 'Session', description: 'Who the service takes the caller for.' },
)
export type SessionAnswer = Static<typeof SessionSchema>

const spent = {
  runs: Type.Integer({ minimum: 0, description: 'Runs queued.' }),
  deviceSeconds: Type.Number({ minimum: 0, description: 'For which runs held devices.' }),
}
const span = {
  from: Type.String({ format: 'date-time', description: 'When it began.' }),
  until: Type.String({ format: 'date-time', description: 'When it is over, and what was used in it is free again.' }),
}
/** What a key has used and may still use. */
export const UsageSchema = Type.Object(
  {
    keyId: Type.String({ ...Id, description: 'Id of the key.' }),
    quotas: QuotasSchema,
    weight: Weight,
    hour: Type.Object({ ...span, runs: spent.runs }, { title: 'UsedInHour', description: 'In this hour of the clock.' }),
    day: Type.Object(
      {
        ...span,
        ...spent,
        expectedDeviceSeconds: Type.Number({ minimum: 0, description: 'Expected of its runs that wait or run.' }),
      },
      { title: 'UsedInDay', description: 'Since the day began, in UTC.' },
    ),
    bytesStored: Type.Integer({ minimum: 0, description: 'Bytes of the networks that it registered and nobody deleted.' }),
    total: Type.Object(spent, { title: 'UsedInAll', description: 'Since it was made.' }),
    days: Type.Array(
      Type.Object(
        { day: Type.String({ format: 'date', description: 'In UTC.' }), ...spent },
        { title: 'UsedOnDay', description: 'What was used on a day.' },
      ),
      { description: 'The latest 31 days on which it was used, the latest first.' },
    ),
  },
  { title: 'KeyUsage', description: 'What a key uses, and may use. What was used stays used when a run or its network is deleted.' },
)
export type UsageAnswer = Static<typeof UsageSchema>
export type QuotasAnswer = Static<typeof QuotasSchema>
