import { Type } from 'typebox'
import { connection, connectionArgs, connectionResolvers, connectionTypes } from '../../graphql/connection.ts'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { Id } from '../../schemas.ts'
import { type DeliveryFilterQuery, DeliveryQuery, DeliverySchema, MadeWebhook, NewWebhook, WebhookChange, WebhookSchema } from './schema.ts'
import type { WebhookService } from './service.ts'

const { after: _after, limit: _limit, total: _total, ...filters } = DeliveryQuery.properties

export function webhookGraphql(webhooks: WebhookService): GraphqlFeature {
  const access = 'admin'
  return {
    types: { WebhookDelivery: DeliverySchema, ...connectionTypes('WebhookDelivery') },
    fields: {
      Query: {
        webhooks: {
          description: 'Every webhook, oldest first, without its secret.',
          access,
          type: Type.Array(WebhookSchema),
          resolve: () => webhooks.list(),
        },
        webhook: field({
          description: 'A webhook, without its secret.',
          access,
          args: Type.Object({ id: Id }),
          type: WebhookSchema,
          resolve: (_parent, { id }) => webhooks.get(id),
        }),
        webhookDeliveries: field({
          description: 'What was told to webhooks, and what became of it, newest first.',
          access,
          args: connectionArgs(filters),
          type: 'WebhookDeliveryConnection!',
          resolve: (_parent, args, context) =>
            connection(
              context,
              args,
              (query) => webhooks.deliveries(query as DeliveryQuery),
              ({ after: _, ...filter }) => webhooks.countDeliveries(filter as DeliveryFilterQuery),
            ),
        }),
        webhookDelivery: field({
          description: 'A delivery.',
          access,
          args: Type.Object({ id: Id }),
          type: 'WebhookDelivery!',
          resolve: (_parent, { id }) => webhooks.delivery(id),
        }),
      },
      Mutation: {
        createWebhook: field({
          audit: 'createWebhook',
          description: 'Has events of runs sent to an address. The answer shows the secret, once.',
          access,
          args: Type.Object({ input: NewWebhook }),
          type: MadeWebhook,
          resolve: (_parent, { input }, context) => webhooks.create(input, context.auditLine),
        }),
        updateWebhook: field({
          audit: 'updateWebhook',
          description: 'Changes, disables or enables a webhook; what is left out stays.',
          access,
          args: Type.Object({ id: Id, input: WebhookChange }),
          type: WebhookSchema,
          resolve: (_parent, { id, input }, context) => webhooks.update(id, input, context.auditLine),
        }),
        deleteWebhook: field({
          audit: 'deleteWebhook',
          description: 'Deletes a webhook and its deliveries. Gives back its id.',
          access,
          args: Type.Object({ id: Id }),
          type: 'ID!',
          resolve: async (_parent, { id }, context) => {
            await webhooks.delete(id, context.auditLine)
            return id
          },
        }),
        rotateWebhookSecret: field({
          audit: 'rotateWebhookSecret',
          description: 'Gives a webhook another secret, shown this once; the one before signs as well for a day.',
          access,
          args: Type.Object({ id: Id }),
          type: MadeWebhook,
          resolve: (_parent, { id }, context) => webhooks.rotateSecret(id, context.auditLine),
        }),
        testWebhook: field({
          audit: 'testWebhook',
          description: 'Sends a test to a webhook.',
          access,
          args: Type.Object({ id: Id }),
          type: 'WebhookDelivery!',
          resolve: (_parent, { id }, context) => webhooks.test(id, context.auditLine),
        }),
        redeliverWebhook: field({
          audit: 'redeliverWebhook',
          description: 'Makes a delivery once more, under its id, whatever became of it.',
          access,
          args: Type.Object({ id: Id }),
          type: 'WebhookDelivery!',
          resolve: (_parent, { id }, context) => webhooks.redeliver(id, context.auditLine),
        }),
      },
    },
    resolvers: connectionResolvers('WebhookDelivery'),
  }
}
