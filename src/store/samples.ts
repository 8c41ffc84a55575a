/**
 * The numbers a run leaves behind: its samples and its output. Little-endian in the table, whatever this machine's
 * order. They cross to the database as base64: PGlite writes a bytea parameter byte by byte, which holds the event
 * loop several times as long.
 */

import type { Database, Transaction } from './database.ts'
import { eq, type SQL, sql } from './drizzle.ts'
import { runSamples } from './schema.ts'

/** An earlier run that computed the same on another runtime. */
export interface Counterpart {
  runId: string
  runtime: string
  output: Float32Array
}

export async function saveSamples(tx: Transaction, runId: string, samples: Float64Array, output?: Float32Array): Promise<void> {
  const values = { runId, samples: bytea(doubles(samples)), ...(output && { output: bytea(floats(output)) }) }
  await tx.insert(runSamples).values(values)
}

export async function readSamples(db: Database, runId: string): Promise<Float64Array | null> {
  const [row] = await db
    .select({ base64: sql<string>`encode(${runSamples.samples}, 'base64')` })
    .from(runSamples)
    .where(eq(runSamples.runId, runId))
  if (!row) return null
  const bytes = Buffer.from(row.base64, 'base64')
  return Float64Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(i * 8))
}

/**
 * The latest succeeded run with an output that has the run's architecture (by digest, whatever its name), batch,
 * precision, resolution, weights and seed, and another runtime, on any device; null where there is none. Asked before the run
 * itself ends, so what it finds is earlier. The index `runs_computation` leads to the latest runs, of which those of
 * the same runtime are passed over.
 */
export async function findCounterpart(db: Database, runId: string): Promise<Counterpart | null> {
  const { rows } = await db.execute(sql`
    SELECT found.id AS "runId", found.runtime, encode(run_samples.output, 'base64') AS base64
    FROM (
      SELECT latest.id, latest.runtime
      FROM runs self
      JOIN architectures own ON own.id = self.architecture_id
      JOIN architectures same ON same.digest = own.digest
      CROSS JOIN LATERAL (
        SELECT other.id, other.runtime, other.finished_at
        FROM runs other
        WHERE other.architecture_id = same.id AND other.status = 'succeeded' AND other.runtime <> self.runtime
          AND other.batch = self.batch AND other.precision = self.precision
          AND other.weights = self.weights
          AND other.settings ->> 'seed' = self.settings ->> 'seed'
          AND coalesce(other.resolution::text, '') = coalesce(self.resolution::text, '')
          AND EXISTS (SELECT 1 FROM run_samples kept WHERE kept.run_id = other.id AND kept.output IS NOT NULL)
        ORDER BY other.finished_at DESC, other.id DESC LIMIT 1
      ) latest
      WHERE self.id = ${runId}::uuid
      ORDER BY latest.finished_at DESC, latest.id DESC LIMIT 1
    ) found
    JOIN run_samples ON run_samples.run_id = found.id`)
  const [row] = rows as { runId: string; runtime: string; base64: string }[]
  if (!row) return null
  const bytes = Buffer.from(row.base64, 'base64')
  const output = Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4))
  return { runId: row.runId, runtime: row.runtime, output }
}

const bytea = (bytes: Buffer): SQL => sql`decode(${bytes.toString('base64')}, 'base64')`

function doubles(values: Float64Array): Buffer {
  const bytes = Buffer.alloc(values.length * 8)
  for (let i = 0; i < values.length; i++) bytes.writeDoubleLE(values[i]!, i * 8)
  return bytes
}

function floats(values: Float32Array): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (let i = 0; i < values.length; i++) bytes.writeFloatLE(values[i]!, i * 4)
  return bytes
}
