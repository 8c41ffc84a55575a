/** The audit log: who asked for which change, and what became of it. */
import { v7 as uuidv7 } from 'uuid'
import { after, isUuid, keyOf, type Order, orderBy, type Page, page } from './cursor.ts'
import type { Database, Transaction } from './database.ts'
import { and, eq, inArray, momentOf, or, type SQL, sql } from './drizzle.ts'
import { requireStorable } from './errors.ts'
import { type AuditEntry, audit, type Role } from './schema.ts'

/**
 * Every change that somebody can ask for, by the name of the call, and of what kind it is that the change is about; and a backup, which
 * changes nothing but gives everything away.
 */
export const auditSubjectOf = {
  registerArchitecture: 'architecture',
  rewriteArchitecture: 'architecture',
  deleteArchitecture: 'architecture',
  createRun: 'run',
  cancelRun: 'run',
  cancelRuns: 'run',
  setRunPriority: 'run',
  createSweep: 'sweep',
  cancelSweep: 'sweep',
  createKey: 'key',
  revokeKey: 'key',
  setQuotas: 'key',
  setKeyWeight: 'key',
  setDeviceState: 'device',
  createWebhook: 'webhook',
  updateWebhook: 'webhook',
  deleteWebhook: 'webhook',
  rotateWebhookSecret: 'webhook',
  testWebhook: 'webhook',
  redeliverWebhook: 'delivery',
  getBackup: 'database',
} as const
export type AuditAction = keyof typeof auditSubjectOf
export const auditActions = Object.keys(auditSubjectOf) as AuditAction[]
export const auditSubjects = [...new Set(Object.values(auditSubjectOf))]
export type AuditSubject = (typeof auditSubjects)[number]

/** The line of a change, from when the change is asked for. */
export interface AuditLine {
  action: AuditAction
  /** Null without a key. */
  keyId: string | null
  keyPrefix: string | null
  role: Role
  /** Null for a command on the service's host. */
  requestId: string | null
  /** What it is about, as far as that is known. */
  subjectId: string | null
  /** Written with the change. */
  written: boolean
}

export interface AuditFilter {
  /** Ids or prefixes of keys. */
  key?: readonly string[] | undefined
  action?: readonly AuditAction[] | undefined
  subjectId?: string | undefined
  requestId?: string | undefined
  outcome?: readonly string[] | undefined
  /** From this moment on, and before that one. */
  since?: Date | undefined
  before?: Date | undefined
}

const PAGE = { default: 50, most: 500 }
const newestFirst: Order = { name: 'at', key: { moment: sql`${audit.at}`, neverNull: true }, direction: 'desc', id: sql`${audit.id}` }

const rowOf = ({ written: _, action, subjectId, ...who }: AuditLine, outcome: string) => ({
  ...{ id: uuidv7(), ...who, action, outcome },
  subjectKind: auditSubjectOf[action],
  subjectId: subjectId !== null && isUuid(subjectId) ? subjectId : null,
})

/** Writes the line of a change in the transaction that makes it. @param subjectId what was changed. */
export async function writeLine(tx: Database | Transaction, line: AuditLine | undefined, subjectId: string): Promise<void> {
  if (!line) return
  line.subjectId = subjectId
  await tx.insert(audit).values(rowOf(line, 'done'))
  line.written = true
}

/** @throws StoreError INVALID_TEXT */
function matching({ key, action, subjectId, requestId, outcome, since, before }: AuditFilter): SQL | undefined {
  requireStorable([...(key ?? []), requestId ?? '', ...(outcome ?? [])])
  // What is no id finds nothing.
  const subject = subjectId !== undefined && (isUuid(subjectId) ? eq(audit.subjectId, subjectId) : sql`false`)
  return and(
    key && or(inArray(audit.keyPrefix, [...key]), inArray(sql`${audit.keyId}::text`, [...key])),
    action && inArray(audit.action, [...action]),
    subject || undefined,
    requestId === undefined ? undefined : eq(audit.requestId, requestId),
    outcome && inArray(audit.outcome, [...outcome]),
    since && sql`${audit.at} >= ${momentOf(since)}`,
    before && sql`${audit.at} < ${momentOf(before)}`,
  )
}

export class Audit {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** Writes lines of what changed nothing, each with its outcome. */
  async add(lines: readonly { line: AuditLine; outcome: string }[]): Promise<void> {
    if (lines.length > 0) await this.#db.insert(audit).values(lines.map(({ line, outcome }) => rowOf(line, outcome)))
  }

  /** Writes the line of what changes nothing here, and is about no row: a backup. */
  async write(line: AuditLine): Promise<void> {
    await writeLine(this.#db, line, '')
  }

  /** Newest first. @throws StoreError INVALID_CURSOR, INVALID_TEXT */
  async list({ after: cursor, limit: asked, ...filter }: AuditFilter & { after?: string; limit?: number }): Promise<Page<AuditEntry>> {
    const limit = Math.min(asked ?? PAGE.default, PAGE.most)
    const rows = await this.#db
      .select({ entry: audit, key: keyOf(newestFirst) })
      .from(audit)
      .where(and(matching(filter), after(cursor, newestFirst)))
      .orderBy(...orderBy(newestFirst))
      .limit(limit + 1)
    return page(
      rows.map(({ entry }) => entry),
      rows.map(({ key }) => key),
      limit,
      newestFirst,
    )
  }

  /** How many fit. @throws StoreError INVALID_TEXT */
  async count(filter: AuditFilter): Promise<number> {
    return this.#db.$count(audit, matching(filter))
  }

  /** Forgets lines older than so many days. */
  async removeOlder(days: number): Promise<void> {
    await this.#db.delete(audit).where(sql`${audit.at} < now() - ${days} * interval '1 day'`)
  }
}
