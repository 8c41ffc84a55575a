/** The embedded store beside the rest of the service: it leaves the event loop free, and its first start little behind. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from '../../src/store/drizzle.ts'
import { cleanup, emptyPlace, openTestStore, storeKind } from './helper.ts'

const skip = storeKind === 'postgres' && 'skipped: of the embedded store'

test('a long statement does not hold the event loop', { skip, timeout: 60_000 }, async (t) => {
  const later = cleanup(t)
  const { store, close } = await openTestStore()
  later(close)
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }, 5)
  later(() => clearInterval(timer))
  const started = performance.now()
  const { rows } = await store.db.execute(sql`SELECT count(DISTINCT i % 1000)::int AS n FROM generate_series(1, 1000000) i`)
  const took = performance.now() - started
  assert.equal(rows[0].n, 1000)
  t.diagnostic(`longest silence ${longest.toFixed(0)} ms in a statement of ${took.toFixed(0)} ms`)
  assert.ok(longest < took / 2, `silent for ${longest} ms of ${took} ms`)
})

test('rows that were read are not kept', { skip, timeout: 60_000 }, async (t) => {
  const { store, close } = await openTestStore()
  t.after(close)
  const read = async (times: number) => {
    for (let i = 0; i < times; i++)
      assert.equal((await store.db.execute(sql`SELECT repeat('x', 1000000) AS text`)).rows[0].text.length, 1e6)
    return process.memoryUsage().rss
  }
  const before = await read(30)
  const grown = (await read(150)) - before
  t.diagnostic(`${Math.round(grown / 1e6)} MB more after 150 MB of rows`)
  assert.ok(grown < 75e6, `${grown} bytes more after 150 MB of rows`)
})

test('a first start that is killed leaves nothing in the way of the next, which takes no more memory than any other', {
  skip: skip || (process.platform !== 'linux' && 'skipped: memory is read from /proc'),
  timeout: 120_000,
}, async (t) => {
  const later = cleanup(t)
  const place = await emptyPlace()
  later(() => place.remove())
  const { dataDir } = place.options
  const script = fileURLToPath(new URL('./child-open.ts', import.meta.url))
  const start = () => spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })

  const killed = start()
  later(() => killed.kill('SIGKILL'))
  // In the middle: files are there, and not all of them.
  while (globSync(join(dataDir, '*', 'PG_VERSION')).length === 0 && killed.exitCode === null) await sleep(5)
  killed.kill('SIGKILL')
  await once(killed, 'close')

  const second = start()
  later(() => second.kill('SIGKILL'))
  let said = ''
  second.stdout.on('data', (chunk) => (said += chunk))
  const [code] = await once(second, 'close')
  assert.equal(code, 0)
  assert.ok(existsSync(join(dataDir, 'pglite', 'PG_VERSION')))
  const mib = Number(said) / 1024
  t.diagnostic(`the process that made the database took ${mib.toFixed(0)} MiB at most`)
  // Node and the modules take 150 MiB, the database about 100; making it in this process took 1,069.
  assert.ok(mib > 50 && mib < 450, `${mib} MiB`)
  // What the killed start left may still be written to by the program that it started; a later start removes it.
  for (let tries = 0; tries < 100 && (await readdir(dataDir)).length > 1; tries++) {
    await sleep(200)
    const third = start()
    await once(third, 'close')
  }
  assert.deepEqual(await readdir(dataDir), ['pglite'])
})
