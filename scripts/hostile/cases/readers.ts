import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostileCase, HostileGroup, Service } from '../contract.ts'
import { register } from '../requests.ts'

/** Clients that ask for much and read nothing of it. */

/** Longest time that they are let be, ms: they are cut off within two windows, and a busy machine looks late. */
const letBeMs = 40_000

function open({ url }: Service): { socket: Socket; closed: Promise<boolean> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
  const closed = new Promise<true>((resolve) => socket.once('close', () => resolve(true)))
  return { socket: socket.pause(), closed: Promise.race([closed, sleep(letBeMs, false, { ref: false })]) }
}

/** A frame of RFC 6455 from a client: final, masked. */
function frame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4)
  const masked = payload.map((byte, i) => byte ^ mask[i % 4]!)
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, masked])
}

/** Each ping is answered by a pong of its size, which nobody reads. */
const pings: HostileCase = {
  name: 'a websocket whose pongs are not read',
  mostMiB: 700,
  run: async (service) => {
    const { socket, closed } = open(service)
    socket.write(
      'GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
        'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n',
    )
    const many = Buffer.concat(Array.from({ length: 500 }, () => frame(9, Buffer.alloc(125))))
    let sent = 0
    const pour = (): void => {
      while (!socket.destroyed && socket.write(many)) sent += 500
      socket.once('drain', pour)
    }
    pour()
    if (!(await closed)) throw new Error(`it is still open after ${sent} pings`)
    return { status: 'closed', note: `after ${sent} pings` }
  },
}

/** Requests in a row on each connection: what they are answered waits in the memory of the service. */
const answers: HostileCase = {
  name: 'twenty readers that read nothing',
  mostMiB: 700,
  run: async (service) => {
    const id = await register(service, { zoo: { preset: 'densenet121' } })
    const ask = `GET /v1/architectures/${id}/costs HTTP/1.1\r\nhost: localhost\r\n\r\n`
    const sockets = Array.from({ length: 20 }, () => open(service).socket)
    for (const socket of sockets) socket.write(ask.repeat(100))
    // Who does not read does not notice the end either: the service says in its log whom it cut off.
    const cut = () => service.log().split('cut off: the answer was read').length - 1
    for (const until = performance.now() + letBeMs; cut() < sockets.length && performance.now() < until; ) await sleep(100)
    for (const socket of sockets) socket.destroy()
    if (cut() < sockets.length) throw new Error(`${sockets.length - cut()} of them are still served`)
    return { status: 'closed', note: 'all 20' }
  },
}

export const readers: HostileGroup = { name: 'readers', env: { TRANSFER_WINDOW_MS: '4000' }, cases: [pings, answers] }
