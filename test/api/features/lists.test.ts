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

/** What `path` costs, asked for once before, since estimates are kept for a moment. */
async function costOf(path: string) {
  await api.request.get(path)
  const statements = watchStatements(api.store)
  const { body, status } = await api.request.get(path)
  statements.stop()
  assert.equal(status, 200)
  return { statements: statements.texts.length, rows: statements.rows, body }
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
