/** What lists ask of the database: as much for a long page as for a short one, and beside a long queue as beside a short one. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '../../../src/store/drizzle.ts'
import { watchStatements } from '../../store/helper.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId: string
before(async () => {
  api = await openTestApi()
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4))).body.id
})
after(() => api.close())

const queueRun = async (over: object = {}) =>
  (await api.request.post('/v1/runs').send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true, ...over })).body

/** The least that `path` was seen to cost: leases are renewed and estimates made anew beside it. */
async function costOf(path: string) {
  let least: { statements: number; rows: number; body: any } | undefined
  for (let i = 0; i < 5; i++) {
    const statements = watchStatements(api.store)
    const { body, status } = await api.request.get(path)
    statements.stop()
    assert.equal(status, 200)
    if (!least || statements.texts.length < least.statements) least = { statements: statements.texts.length, rows: statements.rows, body }
  }
  return least!
}

/** Copies of a waiting run, each a millisecond younger, as other services would insert them. */
async function copyOf(runId: string, times: number): Promise<void> {
  const { rows } = await api.store.db.execute(sql`
    SELECT string_agg(quote_ident(column_name), ',') AS columns FROM information_schema.columns
    WHERE table_name = 'runs' AND column_name NOT IN ('id', 'queued_at', 'idempotency_key')`)
  const columns = sql.raw(rows[0].columns)
  await api.store.db.execute(sql`
    WITH made AS (
      INSERT INTO runs (id, queued_at, ${columns})
      SELECT gen_random_uuid(), now() + i * interval '1 millisecond', ${columns} FROM runs, generate_series(1, ${times}::int) i
      WHERE id = ${runId}::uuid RETURNING id)
    SELECT pg_notify('archmeter', 'event ' || id) FROM made`)
}

test('a page of runs: places of all in as many statements beside 400 queued as beside 10', { timeout: 60_000 }, async (t) => {
  api.worker.autoMs = null
  await queueRun()
  while (api.worker.jobs.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const last = await queueRun()
  await copyOf(last.id, 9)
  const few = await costOf('/v1/runs?limit=200')
  assert.equal(few.body.items.filter((run: { queue: unknown }) => run.queue !== null).length, 10)
  await copyOf(last.id, 390)
  const many = await costOf('/v1/runs?limit=200')
  t.diagnostic(`${few.statements} statements beside 10 queued, ${many.statements} beside 400, ${many.rows} rows`)
  assert.equal(many.statements, few.statements)
  assert.ok(many.statements <= 3, `${many.statements} statements`)
  // The page, one more that says whether another follows, and the run in progress.
  assert.ok(many.rows <= 203, `${many.rows} rows`)
  const { rows } = await api.store.db.execute(sql`SELECT id FROM runs WHERE status = 'queued' ORDER BY priority DESC, queued_at, id`)
  const order = (rows as { id: string }[]).map(({ id }) => id)
  for (const { id, status, queue } of many.body.items) if (status === 'queued') assert.equal(queue.position, order.indexOf(id) + 1)
  const etas = many.body.items
    .filter(({ queue }: { queue: unknown }) => queue)
    .map(({ queue }: { queue: { etaMs: number } }) => queue.etaMs)
  assert.deepEqual(
    etas,
    etas.toSorted((a: number, b: number) => b - a),
    'the page is newest first, and the newest are expected last',
  )
})

test('a page of sweeps: all their runs at once, without what is not shown', { timeout: 60_000 }, async (t) => {
  const sweep = (batches: number[]) =>
    api.request.post('/v1/sweeps').send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true, batches })
  for (let i = 0; i < 2; i++) assert.equal((await sweep([1, 2, 3])).status, 202)
  const few = await costOf('/v1/sweeps?limit=100')
  for (let i = 0; i < 10; i++) assert.equal((await sweep([1, 2, 3])).status, 202)
  const many = await costOf('/v1/sweeps?limit=100')
  t.diagnostic(`${many.statements} statements and ${many.rows} rows for ${many.body.items.length} sweeps of three runs`)
  assert.equal(many.body.items.length, 12)
  assert.deepEqual(
    many.body.items[0].points.map(({ batch, status }: { batch: number; status: string }) => [batch, status]),
    [1, 2, 3].map((batch) => [batch, 'queued']),
  )
  assert.equal(many.statements, few.statements)
  assert.equal(many.statements, 2)
  // A row a sweep and a row a run.
  assert.equal(many.rows, 12 + 36)
})

test('a million samples are read in parts, and one sample as one', { timeout: 90_000 }, async (t) => {
  const samples = Float64Array.from({ length: 1_000_000 }, (_, i) => Math.sqrt(i + 1))
  const run = await queueRun()
  const { store } = api
  const deviceUuid = 'cpu-elsewhere'
  await store.db.execute(sql`UPDATE runs SET device_uuid = ${deviceUuid} WHERE id = ${run.id}::uuid`)
  const claimed = (await store.runs.claim(run.id, 'test', 600_000))!
  await store.runs.finish({ id: run.id, owner: 'test', attempt: claimed.attempt }, { status: 'succeeded', result: {}, samples })

  const one = watchStatements(store)
  const query = `{ run(id: "${run.id}") { samples(offset: 999999, first: 1) } }`
  const { body } = await api.request.post('/graphql').send({ query })
  one.stop()
  assert.deepEqual(body.data.run.samples, [1000])
  assert.ok(one.bytes < 100, `${one.bytes} bytes of samples were read for one of them`)

  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }, 2)
  t.after(() => clearInterval(timer))
  const parts = watchStatements(store)
  const response = await fetch(`${api.url}/v1/runs/${run.id}/samples`)
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of response.body!) text += decoder.decode(bytes, { stream: true })
  parts.stop()
  const answer = JSON.parse(text)
  assert.deepEqual(Float64Array.from(answer.samples), samples)
  t.diagnostic(`${parts.texts.length} statements, the longest turn of the event loop ${longest.toFixed(0)} ms`)
  assert.ok(parts.texts.length > 10, 'in one piece')
  assert.ok(parts.mostBytes < 2 ** 20, `${parts.mostBytes} bytes in one piece`)

  // A client that stops reading: what it has not asked for stays where it is.
  const idle = watchStatements(store)
  const slow = await fetch(`${api.url}/v1/runs/${run.id}/samples`)
  const reader = slow.body!.getReader()
  await reader.read()
  await new Promise((resolve) => setTimeout(resolve, 500))
  idle.stop()
  await reader.cancel()
  assert.ok(idle.texts.length < parts.texts.length, `all ${idle.texts.length} parts were read for a client that reads nothing`)
})
