import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { openBareApp, openTestApi, smallNetwork } from '../helper.ts'

const limit = { timeout: 20_000 }

test('a stop waits for no connection on which nothing is asked', limit, async (t) => {
  const app = await openBareApp()
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  // What a browser opens ahead of need, what a slow client sends, and what is kept for the next request.
  const said = ['', 'GET /healthz HTTP/1.1\r\nho', 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n']
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
    const events = await fetch(`${api.url}/v1/runs/${run.id}/events`)
    // Rejects where the connection is cut before the last chunk.
    const [text, { wasClean }] = await Promise.all([events.text(), closed, api.app.close()])
    assert.match(text, /^event: queued$/m)
    assert.ok(!text.includes('event: succeeded'))
    assert.equal(wasClean, true)
  },
)
