import { type Static, Type } from 'typebox'
import { auditActions, auditSubjects } from '../../../store/index.ts'
import { anyOf, Id, nullable, pageOf, paging, Timestamp, totalOnRequest } from '../../schemas.ts'
import { RoleSchema } from '../keys/schema.ts'

export const AuditActionSchema = Type.Enum([...auditActions], {
  title: 'AuditAction',
  description: 'A change that somebody can ask for.',
  enumDescriptions: {
    registerArchitecture: 'A network is registered.',
    rewriteArchitecture: 'A rewritten network is registered.',
    deleteArchitecture: 'A network is deleted.',
    createRun: 'A run is queued.',
    cancelRun: 'A run is cancelled.',
    cancelRuns: 'Runs are cancelled by a filter.',
    setRunPriority: 'A waiting run gets another priority.',
    createSweep: 'A sweep is queued, with its runs.',
    cancelSweep: 'What is left of a sweep is cancelled.',
    createKey: 'An API key is made.',
    revokeKey: 'An API key is revoked.',
    setQuotas: 'The quotas of an API key are set.',
    setKeyWeight: 'The weight of an API key is set.',
    setDeviceState: 'A device is paused, drained or resumed.',
    createWebhook: 'A webhook is made.',
    updateWebhook: 'A webhook is changed, disabled or enabled.',
    deleteWebhook: 'A webhook is deleted.',
    rotateWebhookSecret: 'A webhook gets another secret.',
    testWebhook: 'A test is sent to a webhook.',
    redeliverWebhook: 'A delivery to a webhook is made once more.',
    getBackup: 'A backup is taken out: everything, hashes of keys included.',
  },
})

export const AuditEntrySchema = Type.Object(
  {
    id: Id,
    at: Timestamp,
    keyId: nullable(Type.String({ format: 'uuid', description: 'Of the key that asked; null without one.' })),
    keyPrefix: nullable(Type.String({ description: 'The beginning of that key.', examples: ['amk_0a1b2c3d'] })),
    role: RoleSchema,
    action: AuditActionSchema,
    subjectKind: Type.Enum([...auditSubjects], {
      title: 'AuditSubject',
      description: 'Of what kind it is that the change is about.',
      enumDescriptions: {
        architecture: 'A network.',
        run: 'A run.',
        sweep: 'A sweep.',
        key: 'An API key.',
        device: 'A device; its id is its UUID without what stands before the digits.',
        webhook: 'A webhook.',
        delivery: 'A delivery to a webhook.',
        database: 'The whole database, which has no id.',
      },
    }),
    subjectId: nullable(
      Type.String({ format: 'uuid', description: 'What the change is about; null where the refused request did not name it.' }),
    ),
    requestId: nullable(Type.String({ description: 'Of the request, as in the log; null for a command on the host of the service.' })),
    outcome: Type.String({
      description: '`done`; `unchanged` where nothing was left to change; or the code of the refusal.',
      examples: ['done', 'unchanged', 'FORBIDDEN'],
    }),
  },
  { title: 'AuditEntry', description: 'Who asked for which change, and what became of it.' },
)
export type AuditAnswer = Static<typeof AuditEntrySchema>
export const AuditPage = pageOf(AuditEntrySchema, 'AuditPage')

const moment = (description: string) => Type.Optional(Type.String({ ...Timestamp, description }))
export const AuditQuery = Type.Object(
  {
    ...paging,
    ...totalOnRequest,
    key: anyOf(
      Type.String({ pattern: '^[\\w-]{1,100}$', examples: ['amk_0a1b2c3d'] }),
      'By any of these keys: id, or beginning (`amk_0a1b2c3d`).',
    ),
    action: anyOf(AuditActionSchema, 'Any of these changes.'),
    subjectId: Type.Optional(Type.String({ ...Id, description: 'About this network, run, sweep, key, webhook or delivery.' })),
    requestId: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'By this request.' })),
    outcome: anyOf(Type.String({ pattern: '^[A-Za-z_]{1,60}$', examples: ['done'] }), 'With any of these outcomes.'),
    since: moment('At this moment or after it.'),
    before: moment('Before this moment.'),
  },
  { additionalProperties: false },
)
export type AuditQuery = Static<typeof AuditQuery>
export type AuditFilterQuery = Omit<AuditQuery, 'after' | 'limit' | 'total'>
