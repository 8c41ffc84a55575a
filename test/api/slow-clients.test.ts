/** Clients that are slow on purpose, and those that are honest beside them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openTestApi, type TestApi } from './helper.ts'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api.close())

const file = readFileSync(new URL('../fixtures/onnx/resnet18.ts17nofold.onnx', import.meta.url))
const limit = { timeout: 60_000, skip: process.platform === 'linux' ? false : 'only Linux has more addresses than one by itself' }

/** The whole answer to a request of a client at this address. */
function ask(localAddress: string, path: string, body?: Buffer): Promise<{ status: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'content-type': 'application/octet-stream' } : {}
    const request = http.request(api.url + path, { method: body ? 'POST' : 'GET', localAddress, headers, agent: false })
    request.on('error', reject).on('response', (response) => {
      let bytes = 0
      response.on('data', (part: Buffer) => (bytes += part.length))
      response.on('end', () => resolve({ status: response.statusCode!, bytes })).on('error', reject)
    })
    request.end(body)
  })
}

/** A connection from 127.0.0.1 that reads nothing of what it is answered. */
function deaf(text: string) {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1').on('error', () => {})
  socket.write(text)
  return socket.pause()
}

/** How long it takes until the client at this address is served, ms. */
async function served(address: string, path: string, body?: Buffer): Promise<number> {
  const began = performance.now()
  for (;;) {
    const { status } = await ask(address, path, body)
    if (status < 300) return performance.now() - began
    assert.equal(status, 503)
    await sleep(100)
  }
}

test('eight uploads of a byte now and then keep nobody out', limit, async () => {
  const slow = Array.from({ length: 8 }, () =>
    deaf(
      'POST /v1/architectures?name=slow HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/octet-stream\r\ncontent-length: 100000\r\n\r\nx',
    ),
  )
  const drip = setInterval(() => {
    for (const socket of slow) socket.write('x')
  }, 500)
  try {
    await sleep(500)
    assert.equal((await ask('127.0.0.1', '/v1/architectures?name=same', file)).status, 503)
    assert.equal((await ask('127.0.0.2', '/v1/architectures?name=other', file)).status, 201)
    // Their own address has to wait until they have had time to show how slow they are.
    assert.ok((await served('127.0.0.1', '/v1/architectures?name=same', file)) < 15_000)
  } finally {
    clearInterval(drip)
    for (const socket of slow) socket.destroy()
  }
})

/** Four readers that read nothing, all of them being served: on a busy machine the first may be cut off before the last is. */
async function fourHeld(path: string): Promise<ReturnType<typeof deaf>[]> {
  for (;;) {
    const slow = Array.from({ length: 4 }, () => deaf(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`))
    for (const began = performance.now(); performance.now() - began < 4000; await sleep(50))
      if ((await ask('127.0.0.1', path)).status === 503) return slow
    for (const socket of slow) socket.destroy()
  }
}

test('four readers that read nothing keep nobody out', limit, async () => {
  const wide = { name: 'wide', input: { shape: [2048] }, layers: [{ type: 'Linear', outFeatures: 2048 }] }
  const { body } = await api.request.post('/v1/architectures').send(wide).expect(201)
  const path = `/v1/architectures/${body.id}/export?format=onnx&weights=seeded`
  const slow = await fourHeld(path)
  try {
    const { status, bytes } = await ask('127.0.0.2', path)
    assert.equal(status, 200)
    assert.ok(bytes > 2048 * 2048 * 4)
    assert.ok((await served('127.0.0.1', path)) < 20_000)
  } finally {
    for (const socket of slow) socket.destroy()
  }
})
