/** A database that takes connections and answers nothing, as behind a firewall that drops what it does not know. */
import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { codedError } from '../../src/api/errors.ts'
import type { Log, Transaction } from '../../src/store/database.ts'
import { openPostgres } from '../../src/store/drivers/postgres.ts'
import { sql } from '../../src/store/drizzle.ts'
import { openStore } from '../../src/store/index.ts'
import { fakePostgres } from './fake-postgres.ts'
import { cleanup, readyPlace, someArchitecture, someRun, storeKind } from './helper.ts'

/** Short, and long enough for a machine that is busy. */
const limits = { connectMs: 1000, statementMs: 1000, heartbeatMs: 200 }

function recorded(): { log: Log; lines: string[] } {
  const lines: string[] = []
  const line = (level: string) => (_object: object, message: string) => void lines.push(`${level}: ${message}`)
  return { log: { debug() {}, info: line('info'), warn: line('warn'), error: line('error') }, lines }
}

const until = async (what: string, done: () => boolean) => {
  for (const end = performance.now() + 20_000; !done(); ) {
    if (performance.now() > end) assert.fail(`${what} did not come`)
    await sleep(20)
  }
}

test('a database that falls silent fails every statement in time, is logged once, and is used again when it answers', {
  timeout: 60_000,
}, async (t) => {
  const later = cleanup(t)
  const server = await fakePostgres()
  later(() => server.close())
  const { log, lines } = recorded()
  const driver = await openPostgres(server.url, log, limits)
  later(() => driver.close())
  const ask = () => driver.db.execute(sql`SELECT 1 AS x`)
  const transact = () => driver.db.transaction((tx) => tx.execute(sql`SELECT 1 AS x`))
  assert.deepEqual((await ask()).rows, [{ x: '1' }])
  await assert.rejects(driver.db.execute(sql`SELECT * FROM no_such_table`), (error) => codedError(error).code === 'INTERNAL')
  assert.deepEqual(lines, [])

  server.silent = true
  const started = performance.now()
  // More than the pool has connections: the others wait for one, no longer than a connection may take.
  const failed = await Promise.allSettled([...Array.from({ length: 12 }, ask), transact(), transact()])
  const took = performance.now() - started
  for (const each of failed) {
    assert.equal(each.status, 'rejected')
    const { code, status, detail, headers } = codedError((each as PromiseRejectedResult).reason)
    assert.deepEqual([code, status, headers['retry-after']], ['DATABASE_UNREACHABLE', 503, '2'])
    assert.match(detail, /The database does not answer \(.*time/i)
    assert.doesNotMatch(detail, /hush/)
  }
  assert.ok(took < 15_000, `${took} ms`)
  assert.deepEqual(lines, ['error: the database does not answer'])

  server.silent = false
  assert.deepEqual((await ask()).rows, [{ x: '1' }])
  // No connection that was given up is used again: its late answers would be those of another statement.
  await Promise.all(Array.from({ length: 20 }, async () => assert.deepEqual((await ask()).rows, [{ x: '1' }])))
  await transact()
  assert.deepEqual(lines, ['error: the database does not answer', 'info: the database answers again'])
})

test('a connection lost between two statements of a transaction costs that transaction, and not the process', {
  timeout: 60_000,
}, async (t) => {
  const later = cleanup(t)
  const server = await fakePostgres()
  later(() => server.close())
  const driver = await openPostgres(server.url, recorded().log, limits)
  later(() => driver.close())
  const lost = async (tx: Transaction) => {
    await tx.execute(sql`SELECT 1 AS x`)
    server.drop()
    // Nobody asks while it is lost: what hears of it then is an event alone.
    await sleep(100)
    return tx.execute(sql`SELECT 1 AS x`)
  }
  const failure = await driver.db.transaction(lost).catch((error: unknown) => codedError(error).code)
  assert.equal(failure, 'DATABASE_UNREACHABLE')
  await assert.rejects(driver.unhurried((db) => db.transaction(lost)))
  assert.deepEqual((await driver.db.execute(sql`SELECT 1 AS x`)).rows, [{ x: '1' }])
})

test('a transaction whose BEGIN fails gives its connection back: others use it, and a stop does not wait for it', {
  timeout: 60_000,
}, async (t) => {
  const later = cleanup(t)
  const server = await fakePostgres()
  later(() => server.close())
  const driver = await openPostgres(server.url, recorded().log, limits)
  server.silent = true
  await assert.rejects(driver.db.transaction((tx) => tx.execute(sql`SELECT 1 AS x`)))
  server.silent = false
  assert.deepEqual((await driver.db.transaction((tx) => tx.execute(sql`SELECT 1 AS x`))).rows, [{ x: '1' }])
  assert.equal(await Promise.race([driver.close().then(() => 'closed'), sleep(10_000, 'not closed', { ref: false })]), 'closed')
})

test('a silent connection that listens is noticed and made again, and who listens is told that something was missed', {
  timeout: 60_000,
}, async (t) => {
  const later = cleanup(t)
  const server = await fakePostgres()
  later(() => server.close())
  const { log, lines } = recorded()
  const driver = await openPostgres(server.url, log, limits)
  later(() => driver.close())
  let gaps = 0
  await driver.listen(
    'channel',
    () => {},
    () => gaps++,
  )
  await driver.heard()
  server.silent = true
  await assert.rejects(driver.heard())
  await until('the line in the log', () => lines.some((line) => line.includes('listens for events was lost')))
  assert.equal(gaps, 0)
  server.silent = false
  await until('the gap', () => gaps === 1)
  assert.ok(server.heard.filter((statement) => statement.startsWith('LISTEN')).length >= 2)
  await driver.heard()

  server.silent = true
  await until('the second loss, which nobody asked about', () => lines.filter((line) => line.includes('was lost')).length === 2)
})

test('a service behind a proxy that swallows: requests fail in time, and all goes on when it passes bytes again', {
  timeout: 120_000,
  skip: storeKind === 'pglite' && 'skipped: there is no server',
}, async (t) => {
  const later = cleanup(t)
  const place = await readyPlace()
  later(() => place.remove())
  const proxy = await proxyTo(place.options.databaseUrl!)
  later(() => proxy.close())
  const { log, lines } = recorded()
  const store = await openStore({ ...place.options, databaseUrl: proxy.url, log, databaseLimits: limits })
  later(() => store.close())
  const { architecture } = await store.architectures.insert(someArchitecture())
  const { run } = await store.runs.insert(someRun(architecture.id))
  const claimed = (await store.runs.claim(run.id, 'me', 60_000))!

  proxy.swallows = true
  const started = performance.now()
  const asked = [store.runs.list({}), store.runs.get(run.id), store.waiting.read(), store.runs.insert(someRun(architecture.id))]
  for (const each of await Promise.allSettled(asked)) {
    assert.equal(each.status, 'rejected')
    assert.equal(codedError((each as PromiseRejectedResult).reason).code, 'DATABASE_UNREACHABLE')
  }
  assert.ok(performance.now() - started < 20_000)
  assert.equal(lines.filter((line) => line === 'error: the database does not answer').length, 1)

  proxy.swallows = false
  while (!lines.includes('info: the database answers again')) await store.ping().catch(() => sleep(50))
  const held = { id: run.id, owner: 'me', attempt: claimed.attempt }
  assert.equal((await store.runs.finish(held, { status: 'succeeded', result: {} }))?.status, 'succeeded')
  const { run: next } = await store.runs.insert(someRun(architecture.id))
  assert.ok((await store.waiting.read()).find(next.id))
})

/** Passes bytes both ways, or takes them and passes none. */
async function proxyTo(databaseUrl: string) {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const proxy = { swallows: false }
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => void (proxy.swallows || to.write(bytes)))
      from.on('error', () => {})
      from.on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(databaseUrl)
  url.port = String((server.address() as { port: number }).port)
  return Object.assign(proxy, {
    url: url.href,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  })
}
