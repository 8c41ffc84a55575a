import { randomUUID } from 'node:crypto'
import { maxHeaderSize, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { withoutKeys } from '../access/secret.ts'
import { ApiError, type CodedError, codedError, type ErrorCode, problemDocument } from '../errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods that each address takes, of the routes registered so far. */
    methodsByAddress: ReadonlyMap<string, ReadonlySet<string>>
  }
  interface FastifyRequest {
    /** The error that it was answered with. */
    refusal: unknown
  }
}

/**
 * Logs an error that is answered: a failure of ours in full, with its stack; a temporary refusal (503, 507), of which there
 * may be many, as one line with the reason; the client's own mistakes at debug.
 */
export function logProblem(log: FastifyBaseLogger, coded: CodedError, error: unknown, where: object = {}): void {
  const { code, status } = coded
  const detail = withoutKeys(coded.detail)
  if (status === 500) log.error({ err: error, code, ...where }, detail)
  else if (status > 500) log.warn({ code, ...(error instanceof ApiError ? {} : { reason: rootOf(error) }), ...where }, detail)
  else log.debug({ code, ...where }, detail)
}

/** The message of the innermost error: drivers wrap it in the text of the whole query. */
function rootOf(error: unknown): string {
  let root = error as Error & { cause?: unknown }
  while (root.cause instanceof Error) root = root.cause
  return root.message
}

/** Answers with the problem document of an error. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const coded = codedError(error)
  request.refusal = error
  logProblem(request.log, coded, error)
  for (const [name, value] of Object.entries(coded.headers)) reply.header(name, value)
  reply.removeHeader('etag')
  reply.removeHeader('content-disposition')
  return reply
    .code(coded.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(problemDocument(coded, request.id)))
}

/** Answers input that is not valid HTTP and never becomes a request. */
export function refuseConnection(error: { code?: string }, socket: Socket): void {
  const [code, detail]: [ErrorCode, string] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['HEADERS_TOO_LARGE', `address and headers together may have ${maxHeaderSize} bytes`]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['REQUEST_TIMEOUT', 'the request was started but not completed in time']
        : error.code === 'HPE_INVALID_EOF_STATE'
          ? ['MALFORMED_REQUEST', 'the connection was closed before the request was complete: send as many bytes as content-length says']
          : ['MALFORMED_REQUEST', 'what was sent is not HTTP/1.1']
  endConnection(new ApiError(code, detail), socket)
}

/** Answers with an error on the bare socket, and closes it. The request id is new. */
export function endConnection(error: ApiError, socket: Socket): void {
  const problem = problemDocument(codedError(error), randomUUID())
  const body = JSON.stringify(problem)
  if (socket.writable)
    socket.write(
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status as number]}\r\ncontent-type: application/problem+json; charset=utf-8\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    )
  socket.destroy()
}

/** Every error as `application/problem+json`, unknown addresses included. */
export const useProblems = fp(
  async (app) => {
    const methods = new Map<string, Set<string>>()
    app.decorate('methodsByAddress', methods)
    app.decorateRequest('refusal', null)
    app.addHook('onRoute', ({ url, method }) => {
      const set = methods.get(url) ?? new Set()
      for (const each of Array.isArray(method) ? method : [method]) set.add(each)
      methods.set(url, set)
    })
    let closing = false
    app.addHook('preClose', async () => {
      closing = true
    })
    // A connection kept open from before may still bring requests.
    app.addHook('onRequest', (_request, _reply, done) => {
      done(closing ? new ApiError('SHUTTING_DOWN', 'the service is shutting down: try again later, or use another one') : undefined)
    })
    app.setErrorHandler(sendProblem)
    app.setNotFoundHandler((request, reply) =>
      sendProblem(
        new ApiError('ROUTE_NOT_FOUND', `there is nothing at ${request.url.slice(0, 200)}: /docs lists every call`),
        request,
        reply,
      ),
    )
  },
  { name: 'problems', fastify: '5.x' },
)

/** Answers 405 for methods that an address does not take. Registered last, when every route is known. */
export const useOtherMethods = fp(
  async (app) => {
    for (const [url, set] of [...app.methodsByAddress]) {
      if (url.includes('*')) continue
      const allow = [...set].join(', ')
      const missing = app.supportedMethods.filter((method) => !set.has(method))
      if (missing.length === 0) continue
      app.route({
        method: missing,
        url,
        schema: { hide: true },
        config: { access: 'public' },
        onRequest: (request) => {
          throw new ApiError('METHOD_NOT_ALLOWED', `${request.url.split('?')[0]} takes ${allow}, not ${request.method}`, [], { allow })
        },
        handler: () => undefined,
      })
    }
  },
  { name: 'other-methods', fastify: '5.x', dependencies: ['problems'] },
)
