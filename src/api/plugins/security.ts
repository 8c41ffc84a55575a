import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import { ApiError } from '../errors.ts'

/** Past this event-loop delay, ms, new requests are sent away; health and metrics still answer. */
const maxEventLoopDelay = 2000

/** Headers that browsers heed, limits per client, and refusal under load. */
export async function useSecurity(app: FastifyInstance, config: Config): Promise<void> {
  await app.register(helmet, {
    // The service speaks plain HTTP, often on a private network: whoever puts TLS in front also sets its headers.
    strictTransportSecurity: false,
    crossOriginResourcePolicy: config.CORS_ORIGIN ? { policy: 'cross-origin' } : { policy: 'same-origin' },
    contentSecurityPolicy: { directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] }, useDefaults: false },
  })
  if (config.CORS_ORIGIN)
    await app.register(cors, {
      origin: config.CORS_ORIGIN,
      methods: ['GET', 'HEAD', 'POST', 'DELETE'],
      exposedHeaders: ['etag', 'location', 'retry-after', 'x-request-id'],
    })
  await app.register(underPressure, {
    maxEventLoopDelay,
    pressureHandler: (request) => {
      if ((request.routeOptions.config as { always?: boolean }).always) return
      throw new ApiError('OVERLOADED', 'the service is behind with its work: try again in a few seconds', [], { 'retry-after': '2' })
    },
  })
  if (config.RATE_LIMIT > 0)
    await app.register(rateLimit, {
      max: config.RATE_LIMIT,
      timeWindow: '1 minute',
      allowList: (request) => (request.routeOptions.config as { always?: boolean }).always === true,
      errorResponseBuilder: (_request, { max, ttl }) =>
        new ApiError('RATE_LIMITED', `more than ${max} requests a minute from this address: try again in ${Math.ceil(ttl / 1000)} s`),
    })
}

/** What a page of ours (docs, GraphiQL, dashboard) may load: its own files and inline code, nothing from elsewhere. */
export const pagePolicy =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; " +
  "connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
