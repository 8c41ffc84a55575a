import type { FastifyInstance } from 'fastify'
import { json, publicErrors } from '../../schemas.ts'
import { HealthSchema, ReadinessSchema } from './schema.ts'
import { readiness } from './service.ts'

export function healthRoutes(app: FastifyInstance, checks: Readonly<Record<string, () => Promise<void>>>): void {
  app.get(
    '/healthz',
    {
      config: { always: true, access: 'public' },
      schema: {
        operationId: 'getHealth',
        tags: ['service'],
        summary: 'Whether the process is alive',
        response: { 200: json('The process is alive.', HealthSchema), ...publicErrors() },
      },
    },
    (_request, reply) => reply.send({ status: 'ok' }),
  )
  app.get(
    '/readyz',
    {
      config: { always: true, access: 'public' },
      schema: {
        operationId: 'getReadiness',
        tags: ['service'],
        summary: 'Whether the service can do its work',
        description: 'Checks the database, the disk and the workers of this process.',
        response: {
          ...publicErrors(),
          200: json('The service is ready.', ReadinessSchema),
          503: json('The service is not ready; the checks say why.', ReadinessSchema),
        },
      },
    },
    async (_request, reply) => {
      const state = await readiness(checks)
      return reply.code(state.ready ? 200 : 503).send(state)
    },
  )
}
