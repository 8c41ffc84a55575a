import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { lockDevice } from '../../../../src/gpu/worker/child/lock.ts'

test('one holder at a time, in this process too', async () => {
  const uuid = randomUUID()
  const first = await lockDevice(uuid, () => assert.fail('nobody holds it'))
  let waited = 0
  const second = lockDevice(uuid, () => void waited++)
  const early = await Promise.race([second.then(() => 'taken'), new Promise((resolve) => setTimeout(resolve, 200, 'waiting'))])
  assert.equal(early, 'waiting')
  await first.release()
  await (await second).release()
  assert.equal(waited, 1, 'told once that it waits')
})

test('locks of two devices are apart', async () => {
  const locks = await Promise.all([lockDevice(randomUUID(), assert.fail), lockDevice(randomUUID(), assert.fail)])
  await Promise.all(locks.map((lock) => lock.release()))
})

test('the lock of a process that was killed is free', async () => {
  const uuid = randomUUID()
  const module = new URL('../../../../src/gpu/worker/child/lock.ts', import.meta.url).href
  const script = `await (await import('${module}')).lockDevice('${uuid}', () => {}); console.log('held'); setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  let waited = false
  const lock = lockDevice(uuid, () => {
    waited = true
    holder.kill('SIGKILL')
  })
  await (await lock).release()
  assert.ok(waited)
})
