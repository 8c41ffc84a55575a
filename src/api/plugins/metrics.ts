import fp from 'fastify-plugin'
import type { Metrics } from '../metrics.ts'

/** Counts every request by route, and serves `/metrics`. */
export const useMetrics = fp<{ metrics: Metrics }>(
  async (app, { metrics }) => {
    app.addHook('onResponse', (request, reply, done) => {
      metrics.http.observe(request.method, request.routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime / 1000)
      done()
    })
    app.get('/metrics', { schema: { hide: true }, config: { always: true, access: 'reader' } }, async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
    )
  },
  { name: 'metrics', fastify: '5.x' },
)
