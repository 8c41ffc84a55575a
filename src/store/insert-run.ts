/** Inserts runs, and records which request each answers. */
import { v7 as uuidv7 } from 'uuid'
import { type AuditLine, writeLine } from './audit.ts'
import { isUuid } from './cursor.ts'
import type { Database, Transaction } from './database.ts'
import { and, eq, isNull, sql } from './drizzle.ts'
import { isForeignKeyViolation, requireStorable, StoreError, textError } from './errors.ts'
import { sameRequest } from './idempotency.ts'
import { type QueueBounds, requireRoom } from './queue-bounds.ts'
import { type NewRun, workloadOf } from './run-queries.ts'
import { architectures, type Run, runRequests, runs } from './schema.ts'
import { joinQueue } from './shares.ts'
import type { Tickets } from './tickets.ts'
import * as transitions from './transitions.ts'
import { countRun } from './usage.ts'

export interface InsertOptions {
  idempotencyKey?: string | undefined
  requestHash?: string | undefined
  /** Of the audit log, written with the run. */
  line?: AuditLine | undefined
  /** How many may wait; any number where left out. */
  bounds?: QueueBounds | undefined
}

/** What is to be done before the transaction that inserts these runs. @throws StoreError ARCHITECTURE_NOT_FOUND for what is no id, INVALID_TEXT */
export async function prepareInserts(tickets: Tickets, list: readonly NewRun[]): Promise<void> {
  for (const { labels } of list) requireStorable(Object.entries(labels).flat())
  for (const run of list) for (const id of [run.architectureId, run.againstArchitectureId]) if (id && !isUuid(id)) throw notThere(id)
  for (const deviceUuid of new Set(list.map((run) => run.deviceUuid))) await tickets.ensureQueue(deviceUuid)
}

/** Inserts a run with its `queued` event and its ticket, after `prepareInserts`. Pass what it throws to `insertError`. */
export async function insertRun(
  tx: Transaction,
  tickets: Tickets,
  run: NewRun,
  { idempotencyKey, requestHash, line, bounds }: InsertOptions,
): Promise<{ run: Run; created: boolean }> {
  const id = uuidv7()
  if (idempotencyKey !== undefined) {
    const answered = await answerRequest(tx, idempotencyKey, requestHash, id)
    if (answered) return { run: answered, created: false }
  }
  if (bounds) await requireRoom(tx, run, bounds)
  await countRun(tx, run)
  const insert = tx
    .insert(runs)
    .values({
      ...run,
      resolution: run.resolution && [...run.resolution],
      id,
      workload: workloadOf(run),
      status: 'queued',
      attempt: 0,
      queuedAt: sql`now()`,
      waitingSince: sql`now()`,
      lastSeq: 1,
    })
    .returning()
  const [row] = await transitions.withEvent(tx, insert, 'queued', { device: run.device, runtime: run.runtime })
  await requireArchitecture(tx, run.architectureId)
  if (run.againstArchitectureId) await requireArchitecture(tx, run.againstArchitectureId)
  await joinQueue(tx, row!.deviceUuid, row!.keyId)
  await tickets.send(tx, row!, true)
  await writeLine(tx, line, id)
  return { run: row!, created: true }
}

/** Takes the key for this run. @returns null, or the run that has it already. */
export async function answerRequest(tx: Transaction, key: string, requestHash: string | undefined, runId: string): Promise<Run | null> {
  const taken = await tx.insert(runRequests).values({ key, requestHash, runId }).onConflictDoNothing().returning({ key: runRequests.key })
  return taken.length > 0 ? null : ofRequest(tx, key, requestHash)
}

/** @throws StoreError IDEMPOTENCY_CONFLICT */
export async function ofRequest(db: Database | Transaction, key: string, requestHash: string | undefined): Promise<Run | null> {
  const [found] = await db
    .select({ run: runs, requestHash: runRequests.requestHash })
    .from(runRequests)
    .innerJoin(runs, eq(runs.id, runRequests.runId))
    .where(eq(runRequests.key, key))
  if (!found) return null
  sameRequest({ id: found.run.id, requestHash: found.requestHash }, requestHash)
  return found.run
}

/** Translates an error of inserting a run. */
export function insertError(error: unknown, run: Pick<NewRun, 'architectureId' | 'againstArchitectureId'>): unknown {
  if (isForeignKeyViolation(error, 'runs_architecture_id_fkey')) return notThere(run.architectureId)
  if (isForeignKeyViolation(error, 'runs_against_architecture_id_fkey')) return notThere(run.againstArchitectureId!)
  return textError(error)
}

const notThere = (id: string) =>
  new StoreError('ARCHITECTURE_NOT_FOUND', `There is no architecture ${id}: register it first, or look its id up in the list`)

/** Holds the architecture until the transaction ends, so that deleting it either sees this run or is seen here. */
async function requireArchitecture(tx: Transaction, id: string): Promise<void> {
  const [found] = await tx
    .select({ id: architectures.id })
    .from(architectures)
    .where(and(eq(architectures.id, id), isNull(architectures.deletedAt)))
    .for('share')
  if (!found) throw notThere(id)
}
