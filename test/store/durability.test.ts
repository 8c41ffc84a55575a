/** What was acknowledged survives `kill -9`: a real process, killed for real. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openStore } from '../../src/store/index.ts'
import { cleanup, readyPlace } from './helper.ts'

test('kill -9 of a process that inserts loses no run it acknowledged, nor its event, nor its ticket', { timeout: 90_000 }, async (t) => {
  const later = cleanup(t)
  const place = await readyPlace()
  later(() => place.remove())
  const { dataDir, databaseUrl } = place.options
  const acknowledged: string[] = []
  for (let round = 0; round < 2; round++) {
    const script = fileURLToPath(new URL('./child-insert.ts', import.meta.url))
    const child = spawn(process.execPath, [script, JSON.stringify({ dataDir, databaseUrl })], { stdio: ['ignore', 'pipe', 'inherit'] })
    later(() => child.kill('SIGKILL'))
    let rest = ''
    const before = acknowledged.length
    child.stdout.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()!
      acknowledged.push(...lines)
      if (acknowledged.length - before > 50) child.kill('SIGKILL')
    })
    const [, signal] = await once(child, 'close')
    assert.equal(signal, 'SIGKILL')
  }
  const store = await openStore(place.options)
  try {
    const found = await store.runs.getMany(acknowledged)
    assert.equal(found.length, acknowledged.length)
    assert.equal(new Set(acknowledged).size, acknowledged.length)
    for (const run of found) {
      assert.equal(run.status, 'queued')
      assert.deepEqual(
        (await store.events.list(run.id)).map(({ type }) => type),
        ['queued'],
      )
    }
    const { waitingCount } = await store.runs.runningAndWaiting(found[0]!.deviceUuid, 1)
    assert.ok(waitingCount >= acknowledged.length, 'those stored, whose acknowledgement was cut off, wait as well')
    assert.equal(await store.tickets.waiting(store.db, found[0]!.deviceUuid), waitingCount)
    t.diagnostic(`${acknowledged.length} acknowledged, ${waitingCount} stored, 2 kills`)
  } finally {
    await store.close()
  }
})
