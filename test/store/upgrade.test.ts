/**
 * What an older build left is opened by this one, and everything is there. Fixtures are databases that older builds filled
 * themselves, with what those answered about them (`scripts/upgrade-fixture.ts`); each lies under the name of its commit.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { openStore, type StoreOptions } from '../../src/store/index.ts'
import { shippedMigrations } from '../../src/store/migrate.ts'
import { openTestApi } from '../api/helper.ts'
import { cleanup, emptyPlace, readyPlace, storeKind } from './helper.ts'

const fixtures = new URL('../fixtures/upgrade/', import.meta.url)

/** What the older build answered. */
interface Told {
  migrations: number
  architectures: { id: string; name: string; digest: string; counts: object; source: object }[]
  costs: Record<string, Record<string, number>>
  runs: { id: string; status: string; labels: object; priority: number; latencyMs: object | null; comparison: object | null }[]
  samples: Record<string, number[]>
  sweep: { id: string; status: string; points: object[] }
}

/** The database as it was dumped, and the files of networks where that store has them. @returns the files' digests. */
async function load(dump: string, { dataDir, databaseUrl }: StoreOptions): Promise<string[]> {
  const listBlobs = 'SELECT digest, data FROM blob_chunks ORDER BY digest, part'
  if (databaseUrl) {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    await client.query(dump)
    const { rows } = await client.query(listBlobs.replace('blob_chunks', 'public.blob_chunks'))
    await client.end()
    return rows.map(({ digest }) => digest)
  }
  const database = await PGlite.create(join(dataDir, 'pglite'))
  await database.exec('DROP SCHEMA public CASCADE; DROP SCHEMA pgboss CASCADE; CREATE SCHEMA public;')
  await database.exec(dump)
  await database.exec('SET search_path TO public')
  const { rows } = await database.query<{ digest: string; data: Uint8Array }>(listBlobs)
  // The embedded store has them in a folder.
  mkdirSync(join(dataDir, 'blobs'), { recursive: true })
  for (const { digest, data } of rows) writeFileSync(join(dataDir, 'blobs', digest.replace('sha256:', '')), data)
  await database.exec('DELETE FROM blob_chunks')
  await database.close()
  return rows.map(({ digest }) => digest)
}

for (const file of globSync('*.sql', { cwd: fixtures.pathname })) {
  const name = basename(file, '.sql')
  test(`what the build ${name} left is all there: networks, files, runs, samples, sweeps, and what waits`, {
    timeout: 120_000,
  }, async (t) => {
    const later = cleanup(t)
    const told: Told = JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), 'utf8'))
    const place = storeKind === 'postgres' ? await emptyPlace() : await readyPlace()
    later(() => place.remove())
    const digests = await load(readFileSync(new URL(file, fixtures), 'utf8'), place.options)
    assert.equal(digests.length, 1)

    const applied: string[] = []
    const info = (data: object) => void applied.push(...((data as { migrations?: string[] }).migrations ?? []))
    const store = await openStore({ ...place.options, log: { ...place.options.log, info } })
    const shipped = await shippedMigrations()
    assert.deepEqual(
      applied,
      shipped.slice(told.migrations).map(({ name }) => name),
    )
    const api = await openTestApi({}, undefined, { store, options: place.options, close: () => store.close() })
    later(() => api.close())
    const ask = async (path: string) => (await api.request.get(`/v1${path}`).expect(200)).body

    const { items } = await ask('/architectures')
    assert.equal(items.length, told.architectures.length)
    for (const { id, name, digest, counts, source } of told.architectures) {
      const now = await ask(`/architectures/${id}`)
      assert.deepEqual({ name: now.name, digest: now.digest }, { name, digest })
      for (const [each, value] of Object.entries({ ...counts, ...source }))
        assert.deepEqual(now.counts[each] ?? now.source[each], value, `${name}: ${each}`)
      const { totals } = await ask(`/architectures/${id}/costs`)
      for (const quantity of ['layers', 'params', 'macs', 'flops', 'weightBytes', 'peakActivationBytes'])
        assert.equal(totals[quantity], told.costs[id]![quantity], `${name}: ${quantity}`)
    }
    const own = told.architectures.find(({ name }) => name === 'own weights')!
    const held = await store.blobs.hold(digests[0]!)
    later(() => held.release())
    assert.equal(`sha256:${createHash('sha256').update(readFileSync(held.path)).digest('hex')}`, digests[0])
    await api.request.get(`/v1/architectures/${own.id}/export?format=onnx&weights=file`).expect(200)

    for (const { id, status, labels, latencyMs, comparison } of told.runs) {
      const now = await ask(`/runs/${id}`)
      // Running as the older build was asked for the last time; its stop gave the run back.
      assert.equal(now.status, status === 'running' ? 'queued' : status)
      assert.deepEqual(now.labels, labels)
      if (latencyMs)
        for (const [each, value] of Object.entries(latencyMs)) assert.deepEqual(now.result.latencyMs[each], value, `${id}: ${each}`)
      if (comparison) assert.deepEqual(now.comparison.ratio, (comparison as { ratio: object }).ratio)
      if (told.samples[id]) assert.deepEqual((await ask(`/runs/${id}/samples`)).samples, told.samples[id])
    }
    const waiting = told.runs.filter(({ status }) => status === 'queued' || status === 'running')
    const { items: queues } = await ask('/queue')
    const [queue] = queues.filter(({ waitingCount }: { waitingCount: number }) => waitingCount > 0)
    assert.equal(queue.waitingCount, waiting.length)
    const priorities = queue.waiting.map(({ priority }: { priority: number }) => priority)
    assert.deepEqual(
      priorities,
      priorities.toSorted((a: number, b: number) => b - a),
    )

    const { status, points } = await ask(`/sweeps/${told.sweep.id}`)
    assert.equal(status, told.sweep.status)
    for (const [i, point] of told.sweep.points.entries())
      for (const [each, value] of Object.entries(point)) assert.deepEqual(points[i][each], value, `point ${i}: ${each}`)
  })
}
