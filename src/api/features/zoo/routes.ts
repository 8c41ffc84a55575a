import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { errors, json } from '../../schemas.ts'
import { FamilyList, FamilyParams, FamilySchema } from './schema.ts'
import { getFamily, listFamilies } from './service.ts'

export function zooRoutes(fastify: FastifyInstance): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  app.get(
    '/v1/zoo',
    {
      schema: {
        operationId: 'listZoo',
        tags: ['zoo'],
        summary: 'The families of the zoo',
        response: { 200: json('The families and the names of their presets.', FamilyList), ...errors() },
      },
    },
    (_request, reply) => reply.send({ items: listFamilies() }),
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
    (request, reply) => reply.send(getFamily(request.params.family)),
  )
}
