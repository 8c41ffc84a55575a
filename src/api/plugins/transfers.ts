import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import { ApiError } from '../errors.ts'
import { endConnection } from './problems.ts'

/** Bytes that slow clients together may hold in memory: incomplete bodies and unread answers. */
const mostHeld = 2 ** 28
/** A transfer older than this, ms, may be cut off to get below `mostHeld`. */
const slowMs = 2000

/** One direction of a connection during a transfer. Times in ms, as `performance.now` has them. */
interface Transfer {
  since: number
  /** When the window began that is judged next, the bytes moved by then, and those that waited to be moved. */
  from: number
  moved: number
  waiting: number
}

interface Connection {
  request: IncomingMessage | null
  /** Bytes received by the end of its headers. */
  receivedBefore: number
  response: ServerResponse | null
  incoming: Transfer | null
  outgoing: Transfer | null
}

export type TransferSettings = Pick<Config, 'MIN_TRANSFER_RATE' | 'TRANSFER_WINDOW_MS' | 'MAX_TRANSFER_MS'>

/**
 * Cuts off clients that send a body, or read an answer, too slowly or for too long, since each holds a slot, a file or
 * memory meanwhile. Connections are checked, so that it applies to every route, to event streams and to websockets.
 */
export const useTransfers = fp<TransferSettings>(
  async (app, settings) => {
    const connections = new Map<Socket, Connection>()
    app.server.on('connection', (socket) => {
      connections.set(socket, { request: null, receivedBefore: 0, response: null, incoming: null, outgoing: null })
      socket.once('close', () => connections.delete(socket))
    })
    app.server.on('request', (request, response) => {
      const connection = connections.get(request.socket)
      if (connection) Object.assign(connection, { request, receivedBefore: request.socket.bytesRead, response, incoming: null })
    })
    const cut = (socket: Socket, { response }: Connection, why: string) => {
      app.log.info({ address: socket.remoteAddress, bytesRead: socket.bytesRead, bytesWritten: socket.bytesWritten }, `cut off: ${why}`)
      connections.delete(socket)
      if (response === null || response.headersSent || response.destroyed) socket.destroy()
      else endConnection(new ApiError('REQUEST_TIMEOUT', why), socket)
    }
    const look = () => {
      const now = performance.now()
      const held: [bytes: number, socket: Socket, connection: Connection][] = []
      for (const [socket, connection] of connections) {
        connection.incoming = incoming(socket, connection, now)
        connection.outgoing = outgoing(socket, connection, now)
        const why =
          tooSlow(connection.incoming, received(socket), now, settings, 'the body arrived') ??
          tooSlow(connection.outgoing, delivered(socket), now, settings, 'the answer was read')
        if (why !== null) cut(socket, connection, why)
        else if (now - Math.min(connection.incoming?.since ?? now, connection.outgoing?.since ?? now) > slowMs)
          held.push([heldBytes(socket, connection), socket, connection])
      }
      let total = held.reduce((sum, [bytes]) => sum + bytes, 0)
      if (total > mostHeld)
        for (const [bytes, socket, connection] of held.sort(([a], [b]) => b - a)) {
          cut(socket, connection, `slow transfers hold ${total} bytes of memory, and this one holds the most`)
          if ((total -= bytes) <= mostHeld) break
        }
    }
    const timer = setInterval(look, Math.min(1000, settings.TRANSFER_WINDOW_MS / 4)).unref()
    app.addHook('onClose', async () => clearInterval(timer))
  },
  { name: 'transfers', fastify: '5.x', dependencies: ['problems'] },
)

const received = (socket: Socket): number => socket.bytesRead

/**
 * Bytes that the system has taken over. Node has no public figure for a write that is under way: its handle counts those
 * byte by byte. Where a version of Node should have no such count, a write counts when it is through.
 */
export function delivered(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { bytesWritten?: unknown; writeQueueSize?: unknown } | null }
  if (typeof handle?.bytesWritten === 'number' && typeof handle.writeQueueSize === 'number')
    return handle.bytesWritten - handle.writeQueueSize
  return socket.bytesWritten - socket.writableLength
}

/** The body that is arriving; null where there is none, or where the service itself has paused reading. */
function incoming(socket: Socket, { request, incoming: before }: Connection, now: number): Transfer | null {
  if (request === null || request.complete || request.destroyed) return null
  const since = before?.since ?? now
  if (before === null || request.readableLength >= request.readableHighWaterMark)
    return { since, from: now, moved: received(socket), waiting: Number.POSITIVE_INFINITY }
  return before
}

/** The answer that waits to be read; null where nothing waits. */
function outgoing(socket: Socket, { outgoing: before }: Connection, now: number): Transfer | null {
  if (socket.writableLength === 0) return null
  return before ?? { since: now, from: now, moved: delivered(socket), waiting: socket.writableLength }
}

/**
 * Why a transfer is cut off, or null. A transfer is slow if it moved less than the minimum rate in a whole window and has
 * not finished what waited at the window's start; a stream with few events is not slow. Otherwise a new window begins.
 */
function tooSlow(transfer: Transfer | null, moved: number, now: number, settings: TransferSettings, what: string): string | null {
  if (transfer === null) return null
  const { MIN_TRANSFER_RATE: rate, TRANSFER_WINDOW_MS: windowMs, MAX_TRANSFER_MS: maxMs } = settings
  if (now - transfer.since > maxMs) return `${what} for more than ${maxMs} ms, the longest a transfer may take (MAX_TRANSFER_MS)`
  const ms = now - transfer.from
  if (ms < windowMs) return null
  const bytes = moved - transfer.moved
  if (bytes < transfer.waiting && bytes < (rate * ms) / 1000)
    return `${what} at less than ${rate} bytes a second for ${windowMs} ms (MIN_TRANSFER_RATE, TRANSFER_WINDOW_MS)`
  Object.assign(transfer, { from: now, moved })
  return null
}

/** Bytes in memory for this connection: of a JSON body, which is kept until it is complete, and of the answer. */
function heldBytes(socket: Socket, { request, receivedBefore, incoming }: Connection): number {
  const kept = incoming !== null && request?.headers['content-type']?.startsWith('application/json')
  return socket.writableLength + (kept ? received(socket) - receivedBefore : 0)
}
