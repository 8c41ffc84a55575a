import type { FastifyInstance } from 'fastify'
import { errors, json } from '../../schemas.ts'
import { QueueList } from './schema.ts'
import type { QueueService } from './service.ts'

export function queueRoutes(app: FastifyInstance, queue: QueueService): void {
  app.get(
    '/v1/queue',
    {
      schema: {
        operationId: 'getQueue',
        tags: ['devices'],
        summary: 'What runs and what waits on each device',
        response: { 200: json('The queues.', QueueList), ...errors() },
      },
    },
    async (_request, reply) => reply.send({ items: await queue.list() }),
  )
}
