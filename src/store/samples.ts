/** The numbers a run leaves behind: its samples and its output. Little-endian in the table, whatever this machine's order. */

import { endianness } from 'node:os'
import type { Database, Transaction } from './drizzle.ts'
import { eq, rowsOf, sql } from './drizzle.ts'
import { StoreError } from './errors.ts'
import { runSamples } from './schema.ts'

/** The samples of a run, read in parts: all of them may be many megabytes. */
export interface Samples {
  count: number
  /** Where they were dropped for their age: when, and what `expireSamples` was given to stay of them. */
  expired: { at: Date; summary: object } | null
  /**
   * At most `count` samples in ms from number `offset` on, which is 0 for the first; fewer at the end.
   * @throws StoreError SAMPLES_EXPIRED, also where they go between two reads
   */
  read(offset: number, count: number): Promise<Float64Array>
}

/** What every read of samples that are gone is answered with. */
export const samplesExpired = (runId: string, at: Date): StoreError =>
  new StoreError(
    'SAMPLES_EXPIRED',
    `the samples of run ${runId} were dropped at ${at.toISOString()}, as older than this service keeps them (SAMPLES_DAYS): its figures, certificate, usual histogram and quantiles stay`,
  )

/** An earlier run that computed the same on another runtime. */
export interface Counterpart {
  runId: string
  runtime: string
  output: Float32Array
}

/** Stores the timed samples of a run, ms, and its first outputs. @throws what the database throws where the run has some. */
export async function saveSamples(tx: Transaction, runId: string, samples: Float64Array, output?: Float32Array): Promise<void> {
  const values = { runId, samples: bytesOf(samples), ...(output && { output: bytesOf(output) }) }
  await tx.insert(runSamples).values(values)
}

/** The samples of a run, to be read in parts; null where it never had any. */
export async function findSamples(db: Database, runId: string): Promise<Samples | null> {
  const [row] = await db
    .select({
      bytes: sql<number>`coalesce(octet_length(${runSamples.samples}), 0)`,
      expiredAt: runSamples.expiredAt,
      summary: runSamples.summary,
    })
    .from(runSamples)
    .where(eq(runSamples.runId, runId))
  if (!row) return null
  const { expiredAt, summary } = row
  const width = Float64Array.BYTES_PER_ELEMENT
  const all = row.bytes / width
  return {
    count: all,
    expired: expiredAt && { at: expiredAt, summary: summary! },
    async read(offset, count) {
      if (expiredAt) throw samplesExpired(runId, expiredAt)
      if (offset >= all) return new Float64Array(0)
      const [part] = await db
        .select({
          bytes: sql<Buffer | null>`substring(${runSamples.samples} FROM ${offset * width + 1}::int FOR ${count * width}::int)`,
          expiredAt: runSamples.expiredAt,
        })
        .from(runSamples)
        .where(eq(runSamples.runId, runId))
      // Dropped between two parts.
      if (!part?.bytes) throw samplesExpired(runId, part?.expiredAt ?? new Date())
      return fromBytes(part.bytes)
    },
  }
}

/**
 * The latest succeeded run with an output that has the run's architecture (by digest, whatever its name), batch, precision,
 * resolution, sizes, weights and seed, and another runtime, on any device; null where there is none. Call it before the run itself
 * ends, so that the run found is earlier. The index `runs_computation` leads to the latest runs, of which those of the same
 * runtime are passed over.
 */
export async function findCounterpart(db: Database, runId: string): Promise<Counterpart | null> {
  const [row] = await rowsOf<{ runId: string; runtime: string; bytes: Buffer }>(
    db,
    sql`
    SELECT found.id AS "runId", found.runtime, run_samples.output AS bytes
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
          AND coalesce(other.sizes, 'null') = coalesce(self.sizes, 'null')
          AND EXISTS (SELECT 1 FROM run_samples kept WHERE kept.run_id = other.id AND kept.output IS NOT NULL)
        ORDER BY other.finished_at DESC, other.id DESC LIMIT 1
      ) latest
      WHERE self.id = ${runId}::uuid
      ORDER BY latest.finished_at DESC, latest.id DESC LIMIT 1
    ) found
    JOIN run_samples ON run_samples.run_id = found.id`,
  )
  if (!row) return null
  return { runId: row.runId, runtime: row.runtime, output: new Float32Array(inOwnOrder(row.bytes, Float32Array.BYTES_PER_ELEMENT)) }
}

/** Samples from the bytes of the table. */
export const fromBytes = (bytes: Uint8Array): Float64Array =>
  new Float64Array(inOwnOrder(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 8))

const littleEndian = endianness() === 'LE'

/** In the table's byte order; without a copy where that is this machine's. */
function bytesOf(values: Float64Array | Float32Array): Buffer {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  return littleEndian ? bytes : swapped(Buffer.from(bytes), values.BYTES_PER_ELEMENT)
}

/** Copies bytes of the table into new memory for numbers of this width. */
function inOwnOrder(bytes: Buffer, width: number): ArrayBuffer {
  const own = new ArrayBuffer(bytes.length)
  bytes.copy(new Uint8Array(own))
  if (!littleEndian) swapped(Buffer.from(own), width)
  return own
}

const swapped = (bytes: Buffer, width: number): Buffer => (width === 8 ? bytes.swap64() : bytes.swap32())
