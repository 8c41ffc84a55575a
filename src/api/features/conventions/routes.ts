import type { FastifyInstance } from 'fastify'
import { keptAwhile } from '../../plugins/caching.ts'
import { errors, json } from '../../schemas.ts'
import { ConventionList } from './schema.ts'
import { listConventions } from './service.ts'

export function conventionRoutes(app: FastifyInstance): void {
  app.get(
    '/v1/conventions',
    {
      schema: {
        operationId: 'listConventions',
        tags: ['costs'],
        summary: 'The counting conventions',
        description: 'What each convention counts, in words, and where it comes from.',
        response: { 200: json('The conventions.', ConventionList), ...errors() },
      },
    },
    (_request, reply) => reply.header('cache-control', keptAwhile).send({ items: listConventions() }),
  )
}
