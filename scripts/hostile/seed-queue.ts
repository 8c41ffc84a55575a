import { sql } from '../../src/store/drizzle.ts'
import { openStore } from '../../src/store/index.ts'

/** Fills a new data folder with so many waiting runs of a device that no service runs on, so that they stay. */
export async function seedQueue(dataDir: string, count: number): Promise<void> {
  const store = await openStore({ dataDir, log: { debug() {}, info() {}, warn() {}, error: console.error } })
  try {
    const { architecture } = await store.architectures.insert({
      name: 'seed',
      digest: 'd'.repeat(64),
      source: { kind: 'json' },
      graph: { inputs: [{ id: 'input', shape: [3, 8, 8] }], layers: [], outputs: ['input'] },
      layerCount: 1,
      params: 0,
      macs: 0,
    })
    const { run } = await store.runs.insert({
      architectureId: architecture.id,
      device: 'cpu:0',
      deviceUuid: 'CPU-of-another-host',
      host: 'another-host',
      runtime: 'onnxruntime',
      backend: 'cpu',
      batch: 1,
      precision: 'float32',
      resolution: null,
      profile: false,
      timeoutMs: 60_000,
      priority: 0,
      labels: {},
      settings: { threads: 1, warmupMs: 10, minDurationMs: 10, maxDurationMs: 100, minSamples: 1, seed: 1 },
    })
    await store.db.execute(sql`
      INSERT INTO runs
      SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'queued_at', r.queued_at + i * interval '1 ms'))).*
      FROM runs r, generate_series(2, ${count}::int) i WHERE r.id = ${run.id}::uuid`)
  } finally {
    await store.close()
  }
}
