import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, codedError, problemDocument } from '../errors.ts'

/** Answers with the problem document of an error, and logs what is ours to mend. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const coded = codedError(error)
  if (coded.status >= 500) request.log.error({ err: error, code: coded.code }, coded.detail)
  else request.log.debug({ code: coded.code }, coded.detail)
  for (const [name, value] of Object.entries(coded.headers)) reply.header(name, value)
  reply.removeHeader('etag')
  reply.removeHeader('content-disposition')
  return reply
    .code(coded.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(problemDocument(coded, request.id)))
}

/**
 * Every error as `application/problem+json`, unknown addresses and wrong methods included. Call before routes are
 * registered; `refuseOtherMethods` after.
 */
export function useProblems(app: FastifyInstance): { refuseOtherMethods(): void } {
  const taken = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method, config }) => {
    if ((config as { refusal?: boolean } | undefined)?.refusal) return
    const set = taken.get(url) ?? new Set()
    for (const each of Array.isArray(method) ? method : [method]) set.add(each)
    taken.set(url, set)
  })
  app.setErrorHandler(sendProblem)
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      new ApiError('ROUTE_NOT_FOUND', `there is nothing at ${request.url.slice(0, 200)}: /docs lists every call`),
      request,
      reply,
    ),
  )
  return {
    refuseOtherMethods() {
      for (const [url, set] of taken) {
        if (url.includes('*')) continue
        const allow = [...set].join(', ')
        const missing = app.supportedMethods.filter((method) => !set.has(method))
        if (missing.length === 0) continue
        app.route({
          method: missing,
          url,
          schema: { hide: true },
          config: { refusal: true },
          onRequest: (request) => {
            throw new ApiError('METHOD_NOT_ALLOWED', `${request.url.split('?')[0]} takes ${allow}, not ${request.method}`, [], { allow })
          },
          handler: () => undefined,
        })
      }
    },
  }
}
