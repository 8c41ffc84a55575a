import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { presentedBy, sessionCookie } from '../../plugins/access.ts'
import { lineOf } from '../../plugins/audit.ts'
import { empty, errors, json, publicErrors } from '../../schemas.ts'
import { KeyList, KeySchema, KeyWeight, MadeKey, NewKey, NewQuotas, NewSession, SessionSchema, UsageSchema } from './schema.ts'
import { type KeyService, presentSession } from './service.ts'

const byId = Type.Object({ id: Type.String({ description: 'Id of a key.' }) })

export function keyRoutes(fastify: FastifyInstance, keys: KeyService): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  app.post(
    '/v1/keys',
    {
      config: { audit: 'createKey' },
      schema: {
        operationId: 'createKey',
        tags: ['keys'],
        summary: 'Make an API key',
        description:
          'The answer shows the key, once. The first key must be of the role `admin`; from then on every call needs one. Of a service bound to ' +
          'other addresses than loopback the first is made by `npm run keys -- create`.',
        body: NewKey,
        response: { 201: json('The key.', MadeKey), ...errors('INVALID_REQUEST', 'MALFORMED_JSON', 'INVALID_TEXT') },
      },
    },
    async (request, reply) => {
      const made = await keys.create(request.body, lineOf(request))
      return reply.code(201).header('location', `/v1/keys/${made.id}`).header('cache-control', 'no-store').send(made)
    },
  )
  app.get(
    '/v1/keys',
    {
      schema: {
        operationId: 'listKeys',
        tags: ['keys'],
        summary: 'Every key ever made, without its secret',
        response: { 200: json('The keys, oldest first.', KeyList), ...errors() },
      },
    },
    async (_request, reply) => reply.send({ items: await keys.list() }),
  )
  app.get(
    '/v1/keys/:id',
    {
      schema: {
        operationId: 'getKey',
        tags: ['keys'],
        summary: 'A key, without its secret',
        params: byId,
        response: { 200: json('The key.', KeySchema), ...errors('INVALID_REQUEST', 'KEY_NOT_FOUND') },
      },
    },
    async (request, reply) => reply.send(await keys.get(request.params.id)),
  )
  app.delete(
    '/v1/keys/:id',
    {
      config: { audit: 'revokeKey' },
      schema: {
        operationId: 'revokeKey',
        tags: ['keys'],
        summary: 'Revoke a key',
        description:
          'It is refused at once by this process, and by others of the same database as soon as they are told, within seconds at most. Its sessions, ' +
          'event streams and subscriptions end. Revoking it once more changes nothing. The last valid key of an admin is kept.',
        params: byId,
        response: { 200: json('The key, revoked.', KeySchema), ...errors('INVALID_REQUEST', 'KEY_NOT_FOUND', 'LAST_ADMIN') },
      },
    },
    async (request, reply) => reply.send(await keys.revoke(request.params.id, lineOf(request))),
  )
  app.patch(
    '/v1/keys/:id',
    {
      config: { audit: 'setKeyWeight' },
      schema: {
        operationId: 'setKeyWeight',
        tags: ['keys'],
        summary: 'Set the weight of a key',
        description:
          'While runs of several keys wait for a device, each gets a share of the device’s time by its weight: one of weight 3 three times as much ' +
          'as one of weight 1. It holds for the runs that end from now on.',
        params: byId,
        body: KeyWeight,
        response: { 200: json('The key, with its weight.', KeySchema), ...errors('INVALID_REQUEST', 'MALFORMED_JSON', 'KEY_NOT_FOUND') },
      },
    },
    async (request, reply) => reply.send(await keys.setWeight(request.params.id, request.body.weight, lineOf(request))),
  )
  app.put(
    '/v1/keys/:id/quotas',
    {
      config: { audit: 'setQuotas' },
      schema: {
        operationId: 'setQuotas',
        tags: ['keys'],
        summary: 'Set what a key may use',
        description: 'All three at once; null lifts a quota. What was used already counts.',
        params: byId,
        body: NewQuotas,
        response: { 200: json('The key, with its quotas.', KeySchema), ...errors('INVALID_REQUEST', 'MALFORMED_JSON', 'KEY_NOT_FOUND') },
      },
    },
    async (request, reply) => reply.send(await keys.setQuotas(request.params.id, request.body, lineOf(request))),
  )
  app.get(
    '/v1/keys/:id/usage',
    {
      schema: {
        operationId: 'getKeyUsage',
        tags: ['keys'],
        summary: 'What a key uses, and may use',
        params: byId,
        response: { 200: json('What it uses.', UsageSchema), ...errors('INVALID_REQUEST', 'KEY_NOT_FOUND') },
      },
    },
    async (request, reply) => reply.send(await keys.usage(request.params.id)),
  )
  app.get(
    '/v1/usage',
    {
      config: { access: 'reader' },
      schema: {
        operationId: 'getUsage',
        tags: ['keys'],
        summary: 'What your own key uses, and may use',
        response: { 200: json('What it uses.', UsageSchema), ...errors('KEY_NOT_FOUND') },
      },
    },
    async (request, reply) => reply.header('cache-control', 'no-store').send(await keys.ownUsage(request.caller)),
  )
  app.get(
    '/v1/session',
    {
      config: { access: 'reader' },
      schema: {
        operationId: 'getSession',
        tags: ['keys'],
        summary: 'Who the service takes you for',
        response: { 200: json('The caller’s role and key.', SessionSchema), ...errors() },
      },
    },
    async (request, reply) => reply.header('cache-control', 'no-store').send(presentSession(request.caller)),
  )
  app.post(
    '/v1/session',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'openSession',
        tags: ['keys'],
        summary: 'Sign a browser in',
        description:
          'Sets a cookie that stands for the key for twelve hours at most: HttpOnly, SameSite=Strict, and accepted from pages of this service alone. ' +
          'For pages; programs send the key itself.',
        security: [{}],
        body: NewSession,
        response: {
          200: json('No key has been made yet, so none is needed.', SessionSchema),
          201: json('Signed in.', SessionSchema),
          ...publicErrors('INVALID_REQUEST', 'MALFORMED_JSON', 'UNAUTHENTICATED'),
        },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      const opened = await keys.open(request.body.key.trim())
      if (!opened) return reply.send(presentSession(request.caller))
      return reply
        .code(201)
        .header('set-cookie', cookieOf(request, opened.token, opened.seconds))
        .send(opened.session)
    },
  )
  app.delete(
    '/v1/session',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'endSession',
        tags: ['keys'],
        summary: 'Sign a browser out',
        security: [{}],
        response: { 204: empty('Signed out, or not signed in.'), ...publicErrors() },
      },
    },
    async (request, reply) => {
      const { session } = presentedBy(request)
      if (session) await keys.end(session)
      return reply
        .code(204)
        .header('set-cookie', cookieOf(request, '', 0))
        .send()
    },
  )
}

/**
 * RFC 6265. Secure where the browser came by TLS, as its Origin says even behind a proxy that TRUST_PROXY does not name; a
 * browser would drop such a cookie of plain HTTP.
 */
function cookieOf({ protocol, headers }: FastifyRequest, value: string, seconds: number): string {
  const secure = protocol === 'https' || headers.origin?.startsWith('https://')
  return `${sessionCookie}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
}
