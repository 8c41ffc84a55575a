import assert from 'node:assert/strict'
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
