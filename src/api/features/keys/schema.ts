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
