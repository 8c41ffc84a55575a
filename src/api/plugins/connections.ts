import type { Socket } from 'node:net'
import fp from 'fastify-plugin'

/** Another request may already be on its way when an answer is sent: how long a stop still waits for it, ms. */
const lastWordMs = 100

/**
 * A stop waits for the answers under way, for at most `answersMs`, and for nothing else. Node closes the idle connections by
 * itself, those that had an answer; those that a browser opens in advance, or that sent half a request, would delay the stop
 * until they time out. Registered before anything that may refuse a request.
 */
export const useConnections = fp<{ answersMs: number }>(
  async (app, { answersMs }) => {
    /** Requests under way, by connection. An upgraded one keeps its request until it closes. */
    const underWay = new Map<Socket, number>()
    let closing = false
    app.server.on('connection', (socket) => {
      underWay.set(socket, 0)
      socket.once('close', () => underWay.delete(socket))
    })
    app.addHook('onRequest', (request, reply, done) => {
      const { socket } = request.raw
      const add = (n: number) => {
        const requests = underWay.get(socket)
        // There is no connection where a test injects a request, or where it closed with its answer.
        if (requests !== undefined) underWay.set(socket, requests + n)
      }
      add(1)
      reply.raw.once('close', () => {
        add(-1)
        if (closing) setTimeout(endWhereQuiet, lastWordMs, socket)
      })
      done()
    })
    const endWhereQuiet = (socket: Socket) => {
      if (underWay.get(socket) === 0) socket.destroySoon()
    }
    app.addHook('preClose', async () => {
      closing = true
      for (const socket of underWay.keys()) endWhereQuiet(socket)
      // Cuts off bodies that do not arrive and answers that nobody reads: the runs need the rest of the time.
      const cut = setTimeout(() => {
        for (const socket of underWay.keys()) socket.destroy()
      }, answersMs)
      app.server.once('close', () => clearTimeout(cut))
    })
  },
  { name: 'connections', fastify: '5.x' },
)
