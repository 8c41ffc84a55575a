import { getHeapStatistics } from 'node:v8'
import cors from '@fastify/cors'
import rateLimit from '@fastify/rate-limit'
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import { ApiError, overloaded } from '../errors.ts'

/**
 * Above this mean delay of the event loop, ms, new requests are refused; health and metrics still answer. The mean is over
 * five seconds, so that a single long turn, as at the start, refuses nobody.
 */
const maxEventLoopDelay = 1000
const sampleInterval = 5000
/** Above this share of the heap that V8 may have, too: collections take most of the time by then, and at all of it the process ends. */
const maxHeapUsed = 0.9

/** How long a browser need not ask again what pages of another origin may send: the most that Chromium takes. */
const preflightSeconds = 7200

/**
 * Headers that tell browsers that every answer is only data: it must not be sniffed, load anything, or be framed. Constants,
 * and not @fastify/helmet, which works them out anew for each request: a third of the time of a kept cost answer. No
 * strict-transport-security: the service speaks plain HTTP; a proxy that adds TLS must add that header.
 */
const constantHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
}

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Counts a request against RATE_LIMIT, if set: for requests that Fastify refuses before its hooks run.
     * @throws ApiError RATE_LIMITED
     */
    countRequest(request: FastifyRequest, reply: FastifyReply): Promise<void>
  }
}

/** Security headers for browsers, limits per client, and refusal under load. */
export const useSecurity = fp<Pick<Config, 'CORS_ORIGIN' | 'RATE_LIMIT'>>(
  async (app, config) => {
    app.decorate('countRequest', async () => {})
    const headers = { ...constantHeaders, 'cross-origin-resource-policy': config.CORS_ORIGIN ? 'cross-origin' : 'same-origin' }
    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(headers)
      done()
    })
    if (config.CORS_ORIGIN)
      await app.register(cors, {
        origin: config.CORS_ORIGIN,
        methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
        exposedHeaders: ['etag', 'location', 'link', 'content-disposition', 'retry-after', 'www-authenticate', 'x-request-id'],
        maxAge: preflightSeconds,
      })
    await app.register(underPressure, {
      maxEventLoopDelay,
      maxHeapUsedBytes: maxHeapUsed * getHeapStatistics().heap_size_limit,
      sampleInterval,
      pressureHandler: (request) => {
        if (request.routeOptions.config.always) return
        throw overloaded()
      },
    })
    if (config.RATE_LIMIT === 0) return
    await app.register(rateLimit, {
      global: false,
      max: config.RATE_LIMIT,
      timeWindow: '1 minute',
      allowList: (request) => request.routeOptions.config.always === true,
      errorResponseBuilder: (_request, { max, ttl }) =>
        new ApiError('RATE_LIMITED', `more than ${max} requests a minute from this address: try again in ${Math.ceil(ttl / 1000)} s`),
    })
    // A hook of the whole app instead of the plugin's hook for each route, so that unknown addresses count too.
    const count = app.rateLimit() as unknown as FastifyInstance['countRequest']
    app.countRequest = count
    app.addHook('onRequest', count)
  },
  { name: 'security', fastify: '5.x', dependencies: ['problems'] },
)

/**
 * What the dashboard may load: its own files, and no inline script. Inline styles, since Mantine writes its variables into a
 * style element and charts and virtual lists place what they show.
 */
export const dashboardPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; " +
  "connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/** What the pages of others (docs, GraphiQL) may load: our own files and inline code, nothing from elsewhere. */
export const pagePolicy =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; " +
  "connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
