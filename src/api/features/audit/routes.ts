import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { errors, json, pageAnswer } from '../../schemas.ts'
import { AuditPage, AuditQuery } from './schema.ts'
import type { AuditService } from './service.ts'

export function auditRoutes(fastify: FastifyInstance, audit: AuditService): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  app.get(
    '/v1/audit',
    {
      schema: {
        operationId: 'listAudit',
        tags: ['keys'],
        summary: 'Who changed what',
        description:
          'A line for each change that a caller who was let in asked for, newest first: done, unchanged, or refused for another reason than what the ' +
          'request said. Lines are kept for AUDIT_DAYS.',
        querystring: AuditQuery,
        response: {
          200: json('A page; its `Link` header leads to the next.', AuditPage),
          ...errors('INVALID_REQUEST', 'INVALID_CURSOR', 'INVALID_TEXT'),
        },
      },
    },
    async (request, reply) => {
      const { body, headers } = pageAnswer(await audit.list(request.query), request.url)
      return reply.headers(headers).send(body)
    },
  )
}
