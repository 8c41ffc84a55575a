/** Services that vanish, and what becomes of their runs: real processes, killed for real. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { RunQueue } from '../../../src/gpu/queue/index.ts'
import { isGone, newOwner, retireOwner } from '../../../src/gpu/queue/owner.ts'
import { MAX_OWNERS_LOST, openStore } from '../../../src/store/index.ts'
import { cleanup, openTestStore, quietLog, readyPlace, someArchitecture, storeKind } from '../../store/helper.ts'
import { deviceNamed, ended, type Script, ScriptedWorker, scriptedRun } from './helper.ts'

test('an owner is gone when its process is, its boot is over, or it gave its name back; elsewhere one cannot tell', () => {
  const owner = newOwner()
  const [host, boot, namespace, pid, ticks, nonce] = owner.split('|')
  assert.equal(host, hostname())
  const named = (...parts: unknown[]) => parts.join('|')
  assert.equal(isGone(owner), false)
  assert.equal(isGone(named(host, boot, namespace, pid, Number(ticks) + 1, nonce)), process.platform === 'linux', 'the pid was used again')
  assert.equal(isGone(named(host, boot, namespace, 2 ** 22 + 1, ticks, nonce)), true, 'no such process')
  assert.equal(isGone(named(host, 'another boot', namespace, pid, ticks, nonce)), process.platform === 'linux')
  assert.equal(isGone(named('another host', boot, namespace, 2 ** 22 + 1, ticks, nonce)), false)
  assert.equal(isGone(named(host, boot, 'another namespace', 2 ** 22 + 1, ticks, nonce)), false)
  retireOwner(owner)
  assert.equal(isGone(owner), true)
})

/** A service in a process of its own, in the middle of its first run. */
async function service(later: (step: () => unknown) => void, options: object): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./child-queue.ts', import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
  later(() => child.kill('SIGKILL'))
  await once(child.stdout!, 'data')
  return child
}

test('kill -9 in the middle of a run: the next start runs it within 5 s, and its events say why', { timeout: 60_000 }, async (t) => {
  const later = cleanup(t)
  const place = await readyPlace()
  later(() => place.remove())
  const { dataDir, databaseUrl } = place.options
  const device = deviceNamed('cpu:0', `CPU-${randomUUID()}`)
  const script: Script = { does: 'hang' }
  let store = await openStore(place.options)
  later(() => store.close())
  const { architecture } = await store.architectures.insert(someArchitecture())
  const first = (await store.runs.insert(scriptedRun(architecture.id, device, script, { timeoutMs: 3000 }))).run
  const second = (await store.runs.insert(scriptedRun(architecture.id, device, {}))).run
  if (storeKind === 'pglite') await store.close()

  const child = await service(later, { dataDir, databaseUrl, uuid: device.uuid })
  child.kill('SIGKILL')
  await once(child, 'exit')

  const began = performance.now()
  if (storeKind === 'pglite') store = await openStore(place.options)
  assert.equal((await store.runs.get(first.id))?.status, 'running', 'nobody could say that it was killed')
  const queue = new RunQueue({ store, devices: [device], workers: new Map([[device.uuid, new ScriptedWorker(device)]]), log: quietLog })
  later(() => queue.stop())
  await queue.start()
  const events = await store.events.list(first.id)
  const requeued = events.find(({ type }) => type === 'requeued')
  assert.equal(requeued?.data.reason, 'OWNER_LOST')
  const took = performance.now() - began
  assert.ok(took < 5000, `${took} ms`)
  t.diagnostic(`queued again ${Math.round(took)} ms after the start began`)
  assert.equal(await ended(store, first.id), 'timedOut')
  assert.equal((await store.runs.get(first.id))?.attempt, 2)
  assert.equal(await ended(store, second.id), 'succeeded')
  await queue.stop()
})

test('SIGTERM in the middle of a run: the process ends by itself, and the run waits', {
  timeout: 60_000,
}, async (t) => {
  const later = cleanup(t)
  const place = await readyPlace()
  later(() => place.remove())
  const { dataDir, databaseUrl } = place.options
  const device = deviceNamed('cpu:0', `CPU-${randomUUID()}`)
  let store = await openStore(place.options)
  later(() => store.close())
  const { architecture } = await store.architectures.insert(someArchitecture())
  const { run } = await store.runs.insert(scriptedRun(architecture.id, device, { does: 'hang' }))
  await store.close()
  const child = await service(later, { dataDir, databaseUrl, uuid: device.uuid })
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
  store = await openStore(place.options)
  const read = (await store.runs.get(run.id))!
  assert.deepEqual([read.status, read.attempt, read.owner], ['queued', 1, null])
  assert.deepEqual(
    (await store.events.list(run.id)).map(({ type, data }) => [type, data.reason]),
    [
      ['queued', undefined],
      ['started', undefined],
      ['requeued', 'shutdown'],
    ],
  )
})

test('a service of another host that is silent loses its run when the lease runs out, at most so many times', {
  timeout: 60_000,
}, async (t) => {
  const later = cleanup(t)
  const { store, close } = await openTestStore()
  later(close)
  const { architecture } = await store.architectures.insert(someArchitecture())
  const device = deviceNamed('cpu:0', `CPU-${randomUUID()}`)
  const { run } = await store.runs.insert(scriptedRun(architecture.id, device, {}))
  const elsewhere = 'another host|b|n|1|1|x'
  if (storeKind === 'pglite') {
    // The embedded store has one service; what another owner left is taken at the start, lease or not.
    await store.runs.claim(run.id, elsewhere, 3_600_000)
  } else {
    for (let attempt = 1; attempt < MAX_OWNERS_LOST; attempt++) {
      assert.equal((await store.runs.claim(run.id, elsewhere, 1))?.attempt, attempt)
      await new Promise((resolve) => setTimeout(resolve, 10))
      await store.runs.reclaim()
    }
    await store.runs.claim(run.id, elsewhere, 1500)
  }
  const queue = new RunQueue({ store, devices: [device], workers: new Map([[device.uuid, new ScriptedWorker(device)]]), log: quietLog })
  later(() => queue.stop())
  await queue.start()
  if (storeKind === 'pglite') assert.equal(await ended(store, run.id), 'succeeded')
  else {
    assert.equal((await store.runs.get(run.id))?.status, 'running', 'its lease still holds')
    assert.equal(await ended(store, run.id), 'failed')
    assert.equal((await store.runs.get(run.id))?.error?.code, 'OWNER_LOST')
  }
  await queue.stop()
})
