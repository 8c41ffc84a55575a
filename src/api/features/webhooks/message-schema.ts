/** What is sent to a webhook. */
import { type Static, Type } from 'typebox'
import { webhookEvents } from '../../../store/index.ts'
import { Id, nullable, Timestamp } from '../../schemas.ts'
import { LiveRunSchema } from '../live/schema.ts'
import { ComparisonSchema } from '../runs/comparison-schema.ts'
import { LatencySchema } from '../runs/schema.ts'

export const WebhookRunSchema = Type.Object(
  {
    ...LiveRunSchema.properties,
    queuedAt: Timestamp,
    startedAt: nullable(Type.String({ format: 'date-time', description: 'Of a run that has ended: its last start.' })),
    finishedAt: nullable(Type.String({ format: 'date-time', description: 'Of a run that has ended.' })),
    result: nullable(
      Type.Object(
        {
          latencyMs: LatencySchema,
          samples: Type.Integer({ minimum: 0 }),
          throughputPerSecond: Type.Number({ minimum: 0, description: 'Images per second.' }),
        },
        { title: 'WebhookResult', description: 'What was measured, of a run that succeeded; all of it is in the run.' },
      ),
    ),
    comparison: nullable(ComparisonSchema),
    error: nullable(
      Type.Object({ code: Type.String(), message: Type.String() }, { title: 'WebhookRunError', description: 'Why it did not succeed.' }),
    ),
  },
  { title: 'WebhookRun', description: 'An event of a run, and what the run was with it.' },
)

export const WebhookMessageSchema = Type.Object(
  {
    type: Type.Enum([...webhookEvents, 'test'], { description: 'The event.' }),
    timestamp: Type.String({ format: 'date-time', description: 'When it happened.' }),
    data: Type.Object({
      webhookId: Id,
      run: nullable(WebhookRunSchema),
    }),
  },
  { title: 'WebhookMessage', description: 'The body of a delivery. `run` is null in a test.' },
)
export type WebhookMessage = Static<typeof WebhookMessageSchema>

const header = (name: string, description: string) => ({ name, in: 'header', required: true, schema: { type: 'string' }, description })

/** The request that a webhook gets, for OpenAPI. */
export const webhookOperations = {
  runEvent: {
    post: {
      operationId: 'receiveRunEvent',
      tags: ['webhooks'],
      summary: 'An event of a run, as a webhook gets it',
      description:
        'Signed by the Standard Webhooks specification. Sent until the answer has a status of 200 to 299, or for WEBHOOK_RETRY_HOURS.',
      security: [],
      parameters: [
        header('webhook-id', 'Of the delivery, the same in every attempt.'),
        header('webhook-timestamp', 'Of the attempt, seconds since 1970.'),
        header('webhook-signature', '`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; several with spaces between.'),
      ],
      requestBody: { required: true, content: { 'application/json': { schema: WebhookMessageSchema } } },
      responses: {
        '2XX': { description: 'It arrived.' },
        '410': { description: 'No more of them: the webhook is disabled.' },
        default: { description: 'It is sent again.' },
      },
    },
  },
}
