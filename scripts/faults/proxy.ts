/** A proxy that can turn silent: it takes connections and bytes, and passes nothing on, as a network that drops packets would seem. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Proxy {
  port: number
  swallow(): void
  /** Passes on what comes from now on, on new connections: what was swallowed is gone. */
  release(): void
  close(): void
}

/** @param to port of this machine. */
export async function startProxy(to: number): Promise<Proxy> {
  let silent = false
  /** Both ends of each connection. */
  const pairs = new Set<[Socket, Socket | null]>()
  const server = createServer((client) => {
    const upstream = silent ? null : connect(to, '127.0.0.1')
    const pair: [Socket, Socket | null] = [client, upstream]
    pairs.add(pair)
    const ends = [client, upstream].filter((socket) => socket !== null)
    for (const socket of ends) {
      const other = socket === client ? upstream : client
      socket.on('data', (bytes) => void (silent || other?.write(bytes)))
      socket.on('error', () => {})
      socket.on('close', () => {
        pairs.delete(pair)
        // The end of a connection is a packet as well.
        if (!silent) for (const each of ends) each.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket?.destroy()
  }
  return {
    port: (server.address() as { port: number }).port,
    swallow: () => void (silent = true),
    release() {
      silent = false
      cut()
    },
    close() {
      cut()
      server.close()
    },
  }
}
