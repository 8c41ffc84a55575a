import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { eventStream } from '../event-stream.ts'
import type { Metrics } from '../metrics.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Answers with server-sent events: frames as `frameOf` writes them, until they end, the client goes, or the service stops. */
    sendEvents(reply: FastifyReply, controller: AbortController, frames: AsyncIterable<Uint8Array>): FastifyReply
  }
}

/** Streams of events: counted, and ended when the service stops, which an open one would hold up. */
export const useEventStreams = fp<{ metrics: Metrics }>(
  async (app, { metrics }) => {
    const streams = new Set<AbortController>()
    app.addHook('preClose', async () => {
      for (const stream of streams) stream.abort()
    })
    app.decorate('sendEvents', (reply: FastifyReply, controller: AbortController, frames: AsyncIterable<Uint8Array>) => {
      streams.add(controller)
      metrics.eventStreams.set(streams.size)
      controller.signal.addEventListener('abort', () => {
        streams.delete(controller)
        metrics.eventStreams.set(streams.size)
      })
      return reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(eventStream(frames, controller))
    })
  },
  { name: 'event-streams', fastify: '5.x' },
)
