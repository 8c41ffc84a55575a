import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { openBareApp, openTestApi, smallNetwork } from '../helper.ts'

const limit = { timeout: 20_000 }

test('a stop waits for no connection on which nothing is asked', limit, async (t) => {
  const app = await openBareApp()
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  // What a browser opens ahead of need, what a slow client sends, and what is kept for the next request.
  const said = ['', 'GET /healthz HTTP/1.1\r\nho', 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n']
  const sockets = await Promise.all(
    said.map(async (text) => {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      socket.write(text)
      return socket
    }),
  )
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  await once(sockets[2]!, 'data')
  const closed = sockets.map((socket) => once(socket.resume(), 'close'))
  await Promise.all([app.close(), ...closed])
})

test(
  'a stop ends what is being watched in good order: the stream of events to its last byte, the socket by a close frame',
  limit,
  async (t) => {
    const api = await openTestApi()
    t.after(() => api.close())
    api.worker.autoMs = null
    const { body } = await api.request.post('/v1/architectures').send(smallNetwork(4)).expect(201)
    const { body: run } = await api.request
      .post('/v1/runs')
      .send({ architectureId: body.id, device: 'cpu:0', runtime: 'onnxruntime' })
      .expect(202)
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve))
    const events = (await fetch(`${api.url}/v1/runs/${run.id}/events`)).body!.pipeThrough(new TextDecoderStream())
    let text = ''
    let stopped: Promise<void> | undefined
    // Throws where the connection is cut before the last chunk.
    for await (const piece of events) {
      text += piece
      if (/^event: queued$/m.test(text)) stopped ??= api.app.close()
    }
    assert.ok(stopped, text)
    const [{ wasClean }] = await Promise.all([closed, stopped])
    assert.ok(!text.includes('event: succeeded'))
    assert.equal(wasClean, true)
  },
)

test('a stop cuts off the request that does not end, and goes on', limit, async (t) => {
  const api = await openTestApi({ SHUTDOWN_MS: '300', LOG_LEVEL: 'debug' })
  t.after(() => api.close())
  const halves = [
    ['application/json', '{"name":'],
    ['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="file"; filename="a.onnx"\r\n\r\nhalf'],
  ]
  let begun = 0
  const allBegun = new Promise<void>((resolve) => api.app.server.on('request', () => ++begun === halves.length && resolve()))
  const sockets = halves.map(([type, half]) => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1').on('error', () => {})
    socket.write(`POST /v1/architectures HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: 5000\r\n\r\n${half}`)
    return socket
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  await allBegun
  const closed = sockets.map((socket) => once(socket, 'close'))
  await Promise.all([api.app.close(), ...closed])
  // A client that goes away is nothing of ours to mend, and not the database's fault.
  const told = () => api.logged.map((line) => JSON.parse(line) as { level: number; code?: string })
  while (!told().some(({ code }) => code !== undefined)) await setTimeout(5)
  assert.deepEqual(
    told().filter(({ level }) => level >= 50),
    [],
  )
})
