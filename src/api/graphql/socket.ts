/**
 * GraphQL over websocket: subscriptions by the protocol graphql-transport-ws, with the library of that protocol.
 * mercurius' own server is not used: it executes subscriptions without validating them, and an operation id used
 * twice leaves the first subscription running after the socket has closed.
 */
import type { WebSocket } from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import { GraphQLError, type GraphQLSchema, getOperationAST, parse, subscribe, validate } from 'graphql'
import { CloseCode, makeServer } from 'graphql-ws'
import type { Keyring } from '../access/keyring.ts'
import type { Caller } from '../access/roles.ts'
import { ApiError } from '../errors.ts'
import { presentedBy } from '../plugins/access.ts'
import { GraphqlContext } from './context.ts'
import { formatError, type GraphqlFailure, type Phase } from './errors.ts'
import { limits, measureDocument } from './limits.ts'

/** Close code of RFC 6455, 7.4.1, for a peer that breaks a rule of ours. */
const policyViolation = 1008
/** How long a close frame may take to arrive, ms. */
const farewellMs = 1000
/** Time between pings, ms; a client that has not answered by the next one is gone. */
const keepAliveMs = 12_000

interface Extra {
  request: FastifyRequest
  socket: WebSocket
  caller: Caller
}

/** Handles the sockets of one schema. Queries and mutations go over POST, where they are logged, limited and compiled. */
export function subscriptionSocket(
  schema: GraphQLSchema,
  rows: number,
  keyring: Keyring | null,
): (socket: WebSocket, request: FastifyRequest) => void {
  const format = (errors: readonly GraphqlFailure[], phase: Phase, { request }: Extra) =>
    errors.map((error) => formatError(error, phase, request.id, request.log))
  const server = makeServer<Record<string, unknown>, Extra>({
    onConnect: async ({ connectionParams, extra }) => {
      if (!keyring) return true
      try {
        // What is sent when the socket opens is read first; a browser cannot send a header.
        const given = connectionParams?.authorization ?? connectionParams?.Authorization
        extra.caller = await keyring.identify(
          typeof given === 'string' ? { authorization: given, session: null } : presentedBy(extra.request),
        )
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        // False closes with 4403, as the protocol has it.
        return false
      }
      // It may have closed meanwhile, and would then be watched for ever.
      if (extra.socket.readyState !== extra.socket.OPEN) return false
      const unwatch = keyring.watch(extra.caller, () => extra.socket.close(CloseCode.Forbidden, 'the key was revoked or has expired'))
      extra.socket.once('close', unwatch)
      return true
    },
    onSubscribe: (ctx, _id, payload) => {
      if (Object.keys(ctx.subscriptions).length > limits.subscriptions)
        return [
          refusal(
            'QUERY_TOO_COMPLEX',
            `this websocket has ${limits.subscriptions} subscriptions open, the limit: end one, or open another`,
          ),
        ]
      const read = readSubscription(schema, payload.query, payload.operationName)
      if (Array.isArray(read)) return read
      return {
        schema,
        document: read,
        operationName: payload.operationName,
        variableValues: payload.variables,
        contextValue: new GraphqlContext(ctx.extra.request.id, ctx.extra.request.log, rows, ctx.extra.caller),
      }
    },
    subscribe: (args) => subscribe(args) as ReturnType<typeof subscribe> & AsyncIterable<never>,
    onError: (ctx, _id, _payload, errors) => format(errors, 'requested', ctx.extra),
    onNext: (ctx, _id, _payload, _args, result) =>
      result.errors
        ? { ...result, errors: format(result.errors as readonly GraphqlFailure[], 'data' in result ? 'executed' : 'requested', ctx.extra) }
        : undefined,
  })
  return (socket, request) => {
    // The client's fault, such as a message that is too large: ws closes the socket.
    socket.on('error', (err) => request.log.debug({ err }, 'a websocket failed'))
    const failed = (err: unknown) => {
      request.log.error({ err }, 'a websocket message was not handled')
      socket.close(CloseCode.InternalServerError, 'Internal server error')
    }
    boundMessages(socket, request)
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send: (data) =>
          new Promise((resolve, reject) => {
            if (socket.readyState !== socket.OPEN) return resolve()
            if (isUnread(socket)) return resolve(socket.terminate())
            socket.send(data, (err) => (err ? reject(err) : resolve()))
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) => socket.on('message', (data) => void handle(String(data)).catch(failed)),
      },
      { request, socket, caller: request.caller },
    )
    const stopPings = keepAlive(socket)
    socket.once('close', (code, reason) => {
      stopPings()
      closed(code, String(reason)).catch((err: unknown) => request.log.error({ err }, 'a subscription did not end cleanly'))
    })
  }
}

const refusal = (code: 'INVALID_QUERY' | 'QUERY_TOO_COMPLEX', detail: string): GraphQLError =>
  new GraphQLError(detail, { originalError: new ApiError(code, detail) })

/** The document of a subscription, or everything that is wrong with it. */
function readSubscription(schema: GraphQLSchema, query: string, operationName: string | null | undefined) {
  if (query.length > limits.queryLength)
    return [refusal('QUERY_TOO_COMPLEX', `the query has ${query.length} characters, the limit is ${limits.queryLength}`)]
  try {
    const document = parse(query, { maxTokens: limits.tokens })
    const { errors } = measureDocument(document)
    if (errors.length > 0) return errors
    const invalid = validate(schema, document)
    if (invalid.length > 0) return invalid as GraphQLError[]
    const operation = getOperationAST(document, operationName)
    if (!operation) return [refusal('INVALID_QUERY', 'the document has several operations: say which by operationName')]
    if (operation.operation !== 'subscription')
      return [refusal('INVALID_QUERY', `this websocket takes subscriptions: send the ${operation.operation} by POST`)]
    return document
  } catch (error) {
    if (error instanceof GraphQLError) return [error]
    throw error
  }
}

/**
 * Closes a socket whose client sends more messages than subscriptions need, pings included, or keeps sending without reading
 * the answers: each message may be answered with as many bytes as it has.
 */
function boundMessages(socket: WebSocket, request: FastifyRequest): void {
  const { burst, perSecond } = limits.socketMessages
  let left = burst
  let countedAt = performance.now()
  const count = () => {
    const now = performance.now()
    left = Math.min(burst, left + ((now - countedAt) / 1000) * perSecond) - 1
    countedAt = now
    if (socket.readyState !== socket.OPEN || (left >= 0 && !isUnread(socket))) return
    const why = left < 0 ? `more than ${perSecond} messages a second` : 'answers are not read'
    request.log.info({ bufferedBytes: socket.bufferedAmount }, `a websocket is closed: ${why}`)
    socket.close(policyViolation, why)
    // Its close frame waits behind unread data, and nothing more is read meanwhile.
    socket.pause()
    setTimeout(() => socket.terminate(), farewellMs)
  }
  socket.on('message', count)
  socket.on('ping', count)
  socket.on('pong', count)
}

const isUnread = (socket: WebSocket): boolean => socket.bufferedAmount > limits.socketBufferBytes

/** Pings until told to stop; closes a socket that does not answer, unless the ping waits behind data that is still being read. */
function keepAlive(socket: WebSocket): () => void {
  let answered = true
  socket.on('pong', () => (answered = true))
  const timer = setInterval(() => {
    if (socket.bufferedAmount > 0) return
    if (!answered) return socket.terminate()
    answered = false
    socket.ping()
  }, keepAliveMs)
  return () => clearInterval(timer)
}
