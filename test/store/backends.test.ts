/** Runs made before runs had a back end get the one that they ran on: there was one for each runtime and kind of device. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import { shippedMigrations } from '../../src/store/migrate.ts'

test('earlier runs, and the second sides of comparisons, get their back end by runtime and device', async () => {
  const db = await PGlite.create()
  try {
    const migrations = await shippedMigrations()
    const at = migrations.findIndex(({ name }) => name === '0008_backends.sql')
    for (const { sql } of migrations.slice(0, at)) await db.exec(sql)
    const id = (i: number) => `00000000-0000-7000-8000-00000000000${i}`
    await db.exec(`INSERT INTO architectures (id, name, digest, source, graph, layer_count, params, macs, created_at)
      VALUES ('${id(0)}', 'a', '${'d'.repeat(64)}', '{}', '{}', 1, 0, 0, now())`)
    const runs = [
      ['cpu:0', 'onnxruntime', null],
      ['cuda:1', 'onnxruntime', { runtime: 'onnxruntime', batch: 2 }],
      ['cpu:0', 'tfjs', null],
      ['cpu:0', 'onnxruntime', { runtime: 'tfjs', batch: 4 }],
    ] as const
    for (const [i, [device, runtime, against]] of runs.entries())
      await db.query(
        `INSERT INTO runs (id, architecture_id, device, device_uuid, host, runtime, batch, precision, profile, timeout_ms, priority,
          labels, settings, against, against_architecture_id, rounds, workload, status, attempt, queued_at, last_seq)
         VALUES ($1, '${id(0)}', $2, 'u', 'h', $3, 1, 'float32', false, 1000, 0, '{}', '{}', $4, $5, $6, 'w', 'queued', 0, now(), 1)`,
        [id(i + 1), device, runtime, against && JSON.stringify(against), against && id(0), against && 8],
      )
    await db.exec(migrations[at]!.sql)
    const { rows } = await db.query('SELECT backend, against FROM runs ORDER BY id')
    assert.deepEqual(rows, [
      { backend: 'cpu', against: null },
      { backend: 'cuda', against: { runtime: 'onnxruntime', batch: 2, backend: 'cuda' } },
      { backend: 'wasm', against: null },
      { backend: 'cpu', against: { runtime: 'tfjs', batch: 4, backend: 'wasm' } },
    ])
  } finally {
    await db.close()
  }
})
