import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import fp from 'fastify-plugin'
import { withoutKeys } from '../access/secret.ts'

/** An id that is safe to log and to send back. */
const saneId = /^[\w.:+/=-]{1,128}$/

/** New ids: which process, and a count. */
const prefix = randomBytes(6).toString('hex')
let count = 0

/** The caller's `x-request-id` where it is valid, else a new one. */
export const requestId = (request: Pick<IncomingMessage, 'headers'>): string => {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && saneId.test(given) ? given : `${prefix}-${(++count).toString(36)}`
}

/** Addresses that machines poll: logged at debug, and not traced. */
export const quiet = new Set(['/healthz', '/readyz', '/metrics'])

/** Sends the request id back, and logs one line per request when it is answered. */
export const useRequests = fp(
  async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id)
      done()
    })
    app.addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url
      request.log[route !== undefined && quiet.has(route) ? 'debug' : 'info'](
        {
          ...{
            method: request.method,
            url: withoutKeys(request.url),
            status: reply.statusCode,
            ms: Math.round(reply.elapsedTime * 1000) / 1000,
          },
          ...(request.caller?.key ? { key: request.caller.key.prefix, role: request.caller.role } : {}),
        },
        'request',
      )
      done()
    })
  },
  { name: 'requests', fastify: '5.x' },
)
