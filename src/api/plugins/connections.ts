import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** A next request may already be on its way when an answer goes out: for so long it is still heard during a stop, ms. */
const lastWordMs = 100

/**
 * A stop waits for the answers under way, for at most `answersMs`, and for nothing else. Node closes the idle connections
 * by itself, those that had an answer; those that a browser opens ahead of need, or that sent half a request, would hold
 * the service up until they time out. Call before anything that may refuse a request.
 */
export function useConnections(app: FastifyInstance, { answersMs }: { answersMs: number }): void {
  /** Requests under way, by connection. An upgraded one keeps its request until it closes. */
  const connections = new Map<Socket, number>()
  let closing = false
  app.server.on('connection', (socket) => {
    connections.set(socket, 0)
    socket.once('close', () => connections.delete(socket))
  })
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw
    const add = (n: number) => {
      const underWay = connections.get(socket)
      // There is no connection where a test injects a request, and none any more where it closed with its answer.
      if (underWay !== undefined) connections.set(socket, underWay + n)
    }
    add(1)
    reply.raw.once('close', () => {
      add(-1)
      if (closing) setTimeout(endWhereQuiet, lastWordMs, socket)
    })
    done()
  })
  const endWhereQuiet = (socket: Socket) => {
    if (connections.get(socket) === 0) socket.destroySoon()
  }
  app.addHook('preClose', async () => {
    closing = true
    for (const socket of connections.keys()) endWhereQuiet(socket)
    // A body that does not come, an answer that nobody reads: the runs need what is left of the time.
    const cut = setTimeout(() => {
      for (const socket of connections.keys()) socket.destroy()
    }, answersMs)
    app.server.once('close', () => clearTimeout(cut))
  })
}
