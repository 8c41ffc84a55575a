import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { mediaType } from '../../accept.ts'
import { frameOf } from '../../event-stream.ts'
import { answer, errors } from '../../schemas.ts'
import { type LiveEvent, LiveEventMessage, LiveHeaders, LiveQuery } from './schema.ts'
import type { LiveService } from './service.ts'

export function liveRoutes(fastify: FastifyInstance, live: LiveService): void {
  fastify.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/events',
    {
      // A HEAD would never end.
      exposeHeadRoute: false,
      schema: {
        operationId: 'watchAll',
        tags: ['service'],
        summary: 'Watch everything that changes',
        description:
          'Server-sent events: runs queued, started, in progress and ended; queues with their order and ETA; devices and architectures that come and go. ' +
          'Each has its type as event name and a LiveEvent as data. A stream begins with `reset`, upon which a client reads what it shows; with ' +
          '`Last-Event-ID` it goes on after that event, and with `reset` again where that is not known any more. It never ends by itself.',
        querystring: LiveQuery,
        headers: LiveHeaders,
        response: {
          200: answer('The events.', { 'text/event-stream': LiveEventMessage }),
          ...errors('INVALID_REQUEST', 'NOT_ACCEPTABLE'),
        },
      },
    },
    async (request, reply) => {
      mediaType(request.headers.accept, ['text/event-stream'])
      const controller = new AbortController()
      return fastify.sendEvents(
        reply,
        controller,
        framesOf(live.follow(request.query, request.headers['last-event-id'], controller.signal)),
      )
    },
  )
}

async function* framesOf(events: AsyncIterable<LiveEvent>): AsyncGenerator<Uint8Array, void, void> {
  for await (const event of events) yield frameOf(event.id, event.type, event)
}
