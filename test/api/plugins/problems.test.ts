import assert from 'node:assert/strict'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { openBareApp } from '../helper.ts'

test('every method that an address does not take is a 405 that names those it takes', async () => {
  const app = await openBareApp()
  try {
    const others = app.supportedMethods.filter((method) => method !== 'GET' && method !== 'HEAD')
    assert.ok(others.includes('TRACE') && others.includes('QUERY') && others.includes('DELETE'))
    for (const method of others) {
      const answer = await app.inject({ method: method as 'TRACE', url: '/healthz' })
      assert.deepEqual(
        [method, answer.statusCode, answer.headers.allow, answer.json().code],
        [method, 405, 'GET, HEAD', 'METHOD_NOT_ALLOWED'],
      )
    }
  } finally {
    await app.close()
  }
})

test('half a request is told that it is not complete', { timeout: 30_000 }, async () => {
  const app = await openBareApp()
  try {
    await app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
    socket.end('POST /v1/architectures HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"name"')
    let answer = ''
    for await (const part of socket) answer += part
    assert.match(answer, /^HTTP\/1\.1 400 /)
    assert.match(answer, /closed before the request was complete/)
  } finally {
    await app.close()
  }
})
