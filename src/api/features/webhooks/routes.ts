import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { lineOf } from '../../plugins/audit.ts'
import { empty, errors, json, pageAnswer } from '../../schemas.ts'
import {
  DeliveryPage,
  DeliveryQuery,
  DeliverySchema,
  MadeWebhook,
  NewWebhook,
  WebhookChange,
  WebhookList,
  WebhookSchema,
} from './schema.ts'
import type { WebhookService } from './service.ts'

const byId = Type.Object({ id: Type.String({ description: 'Id of a webhook.' }) })
const byDelivery = Type.Object({ id: Type.String({ description: 'Id of a delivery.' }) })

export function webhookRoutes(fastify: FastifyInstance, webhooks: WebhookService): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  app.post(
    '/v1/webhooks',
    {
      config: { audit: 'createWebhook' },
      schema: {
        operationId: 'createWebhook',
        tags: ['webhooks'],
        summary: 'Have events of runs sent to an address',
        description:
          'From then on each event asked for is posted there as JSON, signed by the Standard Webhooks specification, until the receiver answers ' +
          'with a status of 200 to 299, or for WEBHOOK_RETRY_HOURS: at least once, in no certain order. The answer shows the secret, once. Addresses ' +
          'that are not public, and plain http, are refused unless WEBHOOK_ALLOW_HOSTS names them.',
        body: NewWebhook,
        response: {
          201: json('The webhook, with its secret.', MadeWebhook),
          ...errors('INVALID_REQUEST', 'MALFORMED_JSON', 'INVALID_TEXT', 'WEBHOOK_URL_REFUSED', 'TOO_MANY_WEBHOOKS'),
        },
      },
    },
    async (request, reply) => {
      const made = await webhooks.create(request.body, lineOf(request))
      return reply.code(201).header('location', `/v1/webhooks/${made.id}`).header('cache-control', 'no-store').send(made)
    },
  )
  app.get(
    '/v1/webhooks',
    {
      schema: {
        operationId: 'listWebhooks',
        tags: ['webhooks'],
        summary: 'Every webhook, without its secret',
        response: { 200: json('The webhooks, oldest first.', WebhookList), ...errors() },
      },
    },
    async (_request, reply) => reply.send({ items: await webhooks.list() }),
  )
  app.get(
    '/v1/webhooks/:id',
    {
      schema: {
        operationId: 'getWebhook',
        tags: ['webhooks'],
        summary: 'A webhook, without its secret',
        params: byId,
        response: { 200: json('The webhook.', WebhookSchema), ...errors('INVALID_REQUEST', 'WEBHOOK_NOT_FOUND') },
      },
    },
    async (request, reply) => reply.send(await webhooks.get(request.params.id)),
  )
  app.patch(
    '/v1/webhooks/:id',
    {
      config: { audit: 'updateWebhook' },
      schema: {
        operationId: 'updateWebhook',
        tags: ['webhooks'],
        summary: 'Change, disable or enable a webhook',
        description: 'What is left out stays. One that is enabled again gets what waited for it, as far as that was not given up.',
        params: byId,
        body: WebhookChange,
        response: {
          200: json('The webhook as it is now.', WebhookSchema),
          ...errors('INVALID_REQUEST', 'MALFORMED_JSON', 'INVALID_TEXT', 'WEBHOOK_URL_REFUSED', 'WEBHOOK_NOT_FOUND'),
        },
      },
    },
    async (request, reply) => reply.send(await webhooks.update(request.params.id, request.body, lineOf(request))),
  )
  app.delete(
    '/v1/webhooks/:id',
    {
      config: { audit: 'deleteWebhook' },
      schema: {
        operationId: 'deleteWebhook',
        tags: ['webhooks'],
        summary: 'Delete a webhook and its deliveries',
        params: byId,
        response: { 204: empty('It is gone.'), ...errors('INVALID_REQUEST', 'WEBHOOK_NOT_FOUND') },
      },
    },
    async (request, reply) => {
      await webhooks.delete(request.params.id, lineOf(request))
      return reply.code(204).send()
    },
  )
  app.post(
    '/v1/webhooks/:id/secret',
    {
      config: { audit: 'rotateWebhookSecret' },
      schema: {
        operationId: 'rotateWebhookSecret',
        tags: ['webhooks'],
        summary: 'Give a webhook another secret',
        description:
          'The answer shows it, once. For a day deliveries are signed with the one before as well, so that a receiver can change over.',
        params: byId,
        response: { 200: json('The webhook, with its new secret.', MadeWebhook), ...errors('INVALID_REQUEST', 'WEBHOOK_NOT_FOUND') },
      },
    },
    async (request, reply) =>
      reply.header('cache-control', 'no-store').send(await webhooks.rotateSecret(request.params.id, lineOf(request))),
  )
  app.post(
    '/v1/webhooks/:id/test',
    {
      config: { audit: 'testWebhook' },
      schema: {
        operationId: 'testWebhook',
        tags: ['webhooks'],
        summary: 'Send a test to a webhook',
        description: 'A delivery of type `test`, signed and tried as any other. Read what became of it by its id.',
        params: byId,
        response: {
          202: json('The delivery, due at once.', DeliverySchema),
          ...errors('INVALID_REQUEST', 'WEBHOOK_NOT_FOUND', 'WEBHOOK_DISABLED'),
        },
      },
    },
    async (request, reply) => {
      const delivery = await webhooks.test(request.params.id, lineOf(request))
      return reply.code(202).header('location', `/v1/webhook-deliveries/${delivery.id}`).send(delivery)
    },
  )
  app.get(
    '/v1/webhook-deliveries',
    {
      schema: {
        operationId: 'listWebhookDeliveries',
        tags: ['webhooks'],
        summary: 'What was told to webhooks, and what became of it',
        description: 'Newest first. Deliveries that have ended are kept for 30 days.',
        querystring: DeliveryQuery,
        response: {
          200: json('A page; its `Link` header leads to the next.', DeliveryPage),
          ...errors('INVALID_REQUEST', 'INVALID_CURSOR'),
        },
      },
    },
    async (request, reply) => {
      const { body, headers } = pageAnswer(await webhooks.deliveries(request.query), request.url)
      return reply.headers(headers).send(body)
    },
  )
  app.get(
    '/v1/webhook-deliveries/:id',
    {
      schema: {
        operationId: 'getWebhookDelivery',
        tags: ['webhooks'],
        summary: 'A delivery',
        params: byDelivery,
        response: { 200: json('The delivery.', DeliverySchema), ...errors('INVALID_REQUEST', 'DELIVERY_NOT_FOUND') },
      },
    },
    async (request, reply) => reply.send(await webhooks.delivery(request.params.id)),
  )
  app.post(
    '/v1/webhook-deliveries/:id/redeliver',
    {
      config: { audit: 'redeliverWebhook' },
      schema: {
        operationId: 'redeliverWebhook',
        tags: ['webhooks'],
        summary: 'Make a delivery once more',
        description:
          'It is due at once, whatever became of it, and is tried as long as a new one. It keeps its id, by which a receiver knows what it has.',
        params: byDelivery,
        response: {
          202: json('The delivery, due at once.', DeliverySchema),
          ...errors('INVALID_REQUEST', 'DELIVERY_NOT_FOUND', 'WEBHOOK_DISABLED'),
        },
      },
    },
    async (request, reply) => reply.code(202).send(await webhooks.redeliver(request.params.id, lineOf(request))),
  )
}
