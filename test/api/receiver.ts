/** Receives deliveries of webhooks over HTTP, and answers as a test says. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'

export interface Received {
  path: string
  headers: IncomingHttpHeaders & Record<string, string>
  body: string
  message: any
}

export interface Receiver {
  url: string
  got: Received[]
  /** Answers each; 204 unless set. */
  answer: (received: Received, response: ServerResponse) => void
  /** Resolves once so many have come. */
  has(count: number): Promise<Received[]>
}

export async function openReceiver(t: TestContext): Promise<Receiver> {
  const waiting = new Set<() => void>()
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => null)
    if (body === null) return
    const received = { path: request.url!, headers: request.headers as Received['headers'], body, message: JSON.parse(body) }
    receiver.got.push(received)
    receiver.answer(received, response)
    for (const look of waiting) look()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    got: [],
    answer: (_received, response) => void response.writeHead(204).end(),
    has: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (receiver.got.length < count) return
          waiting.delete(look)
          resolve(receiver.got)
        }
        waiting.add(look)
        look()
      }),
  }
  return receiver
}
