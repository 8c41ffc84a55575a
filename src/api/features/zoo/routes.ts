import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { keptAwhile } from '../../plugins/caching.ts'
import { errors, json } from '../../schemas.ts'
import { FamilyList, FamilyParams, FamilySchema, ZooQuery } from './schema.ts'
import type { ZooService } from './service.ts'

export function zooRoutes(fastify: FastifyInstance, zoo: ZooService): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  app.get(
    '/v1/zoo',
    {
      schema: {
        operationId: 'listZoo',
        tags: ['zoo'],
        summary: 'The families of the zoo',
        querystring: ZooQuery,
        response: { 200: json('The families and their presets.', FamilyList), ...errors('INVALID_REQUEST') },
      },
    },
    async (request, reply) =>
      reply.header('cache-control', keptAwhile).send({ items: request.query.expand ? await zoo.listExpanded() : zoo.list() }),
  )
  app.get(
    '/v1/zoo/:family',
    {
      schema: {
        operationId: 'getZooFamily',
        tags: ['zoo'],
        summary: 'A family: options, presets, published figures',
        params: FamilyParams,
        response: { 200: json('The family.', FamilySchema), ...errors('ZOO_FAMILY_NOT_FOUND') },
      },
    },
    (request, reply) => reply.header('cache-control', keptAwhile).send(zoo.get(request.params.family)),
  )
}
