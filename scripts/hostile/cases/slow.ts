import http from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { file, floats, node } from '../../onnx-file.ts'
import type { HostileCase, HostileGroup, Service } from '../contract.ts'
import { register } from '../requests.ts'

/** Clients that send or read a byte now and then, and honest ones beside them, from their address and from another. */

/** How long a slow client may keep honest ones of its own address waiting, ms: some windows, and a busy machine is late. */
const letWaitMs = 40_000

function ask({ url }: Service, localAddress: string, path: string, body?: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'content-type': 'application/octet-stream' } : {}
    const request = http.request(url + path, { method: body ? 'POST' : 'GET', localAddress, headers, agent: false })
    request.on('error', reject).on('response', (response) => {
      response.resume().on('error', reject)
      response.on('end', () => resolve(response.statusCode!))
    })
    request.end(body)
  })
}

/** How long the client at this address is refused, ms. */
async function refusedFor(service: Service, address: string, path: string, body?: Uint8Array): Promise<number> {
  const began = performance.now()
  for (;;) {
    const status = await ask(service, address, path, body)
    const ms = performance.now() - began
    if (status < 300) return ms
    if (status !== 503) throw new Error(`${address} was answered ${status}`)
    if (ms > letWaitMs) throw new Error(`${address} is still refused after ${Math.round(ms)} ms`)
    await sleep(100)
  }
}

const open = ({ url }: Service, head: string): Socket => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
  socket.write(head.replaceAll('\n', '\r\n'))
  return socket
}

/** Sends a byte on each now and then, for as long as `work` takes. */
async function dripping<T>(sockets: readonly Socket[], byte: string, work: () => Promise<T>): Promise<T> {
  const drip = setInterval(() => {
    for (const socket of sockets) socket.write(byte)
  }, 500)
  try {
    return await work()
  } finally {
    clearInterval(drip)
    for (const socket of sockets) socket.destroy()
  }
}

const model = file({ nodes: [node('Conv', ['x', 'w'], ['y'])], initializers: [floats('w', [4, 3, 3, 3])] })

const uploads: HostileCase = {
  name: 'eight uploads at a byte in half a second',
  run: async (service) => {
    const head =
      'POST /v1/architectures?name=slow HTTP/1.1\nhost: localhost\ncontent-type: application/octet-stream\ncontent-length: 100000\n\nx'
    return dripping(
      Array.from({ length: 8 }, () => open(service, head)),
      'x',
      async () => {
        await sleep(500)
        const path = '/v1/architectures?name=honest'
        const other = await ask(service, '127.0.0.2', path, model)
        if (other !== 201) throw new Error(`an upload of another address was answered ${other}`)
        const ms = await refusedFor(service, '127.0.0.1', `${path}-too`, model)
        return { status: 201, note: `the same address after ${Math.round(ms)} ms` }
      },
    )
  },
}

const readers: HostileCase = {
  name: 'four readers of files that read nothing',
  run: async (service) => {
    const id = await register(service, { input: { shape: [2048] }, layers: [{ type: 'Linear', outFeatures: 2048 }] })
    const path = `/v1/architectures/${id}/export?format=onnx&weights=seeded`
    const sockets = Array.from({ length: 4 }, () => open(service, `GET ${path} HTTP/1.1\nhost: localhost\n\n`).pause())
    return dripping(sockets, '', async () => {
      await sleep(2000)
      const other = await ask(service, '127.0.0.2', path)
      if (other !== 200) throw new Error(`a reader of another address was answered ${other}`)
      const ms = await refusedFor(service, '127.0.0.1', path)
      return { status: 200, note: `the same address after ${Math.round(ms)} ms` }
    })
  },
}

const json: HostileCase = {
  name: 'a JSON body at a byte in half a second',
  run: async (service) => {
    const head = 'POST /v1/architectures HTTP/1.1\nhost: localhost\ncontent-type: application/json\ncontent-length: 100000\n\n{"name":"'
    const socket = open(service, head)
    let answer = ''
    socket.on('data', (part) => (answer += part))
    const began = performance.now()
    return dripping([socket], 'x', async () => {
      while (!socket.closed && performance.now() - began < letWaitMs) await sleep(50)
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
      if (!socket.closed || status !== 408) throw new Error(`it was answered ${status || 'nothing'}`)
      return { status, note: `after ${Math.round(performance.now() - began)} ms` }
    })
  },
}

/** Slowloris: none of these requests is ever whole, so that the rates of bodies do not apply to them. */
const headers: HostileCase = {
  name: '500 requests whose headers come at a byte in half a second',
  run: async (service) => {
    const sockets = Array.from({ length: 500 }, () => open(service, 'GET /v1/runs HTTP/1.1\nhost: localhost\nx-slow: '))
    const began = performance.now()
    return dripping(sockets, 'x', async () => {
      const other = await ask(service, '127.0.0.1', '/v1/runs')
      if (other !== 200) throw new Error(`a client of the same address was answered ${other}`)
      while (sockets.some(({ closed }) => !closed) && performance.now() - began < letWaitMs) await sleep(100)
      const left = sockets.filter(({ closed }) => !closed).length
      if (left > 0) throw new Error(`${left} of ${sockets.length} are still connected`)
      return { status: 'closed', note: `after ${Math.round(performance.now() - began)} ms` }
    })
  },
}

export const slow: HostileGroup = {
  name: 'slow',
  env: { TRANSFER_WINDOW_MS: '4000' },
  cases: [uploads, readers, json, headers],
}
