import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Keyring } from '../access/keyring.ts'
import { eventStream } from '../event-stream.ts'
import type { Metrics } from '../metrics.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Answers with server-sent events: frames as `frameOf` writes them, until they end, the client goes, or the service stops. */
    sendEvents(reply: FastifyReply, controller: AbortController, frames: AsyncIterable<Uint8Array>): FastifyReply
  }
}

/** Streams of events: counted; ended when the service stops, which an open one would hold up, and when the caller's key is revoked. */
export const useEventStreams = fp<{ metrics: Metrics; keyring: Keyring | null }>(
  async (app, { metrics, keyring }) => {
    const streams = new Set<AbortController>()
    app.addHook('preClose', async () => {
      for (const stream of streams) stream.abort()
    })
    app.decorate('sendEvents', (reply: FastifyReply, controller: AbortController, frames: AsyncIterable<Uint8Array>) => {
      streams.add(controller)
      metrics.eventStreams.set(streams.size)
      const unwatch = keyring?.watch(reply.request.caller, () => controller.abort())
      controller.signal.addEventListener('abort', () => {
        unwatch?.()
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
