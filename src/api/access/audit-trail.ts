/** Lines of the audit log that no transaction of a change writes: of what was refused, and of what changed nothing. */
import type { AuditAction, AuditLine, Store } from '../../store/index.ts'
import { isUuid } from '../../store/index.ts'
import { codedError } from '../errors.ts'
import type { Caller } from './roles.ts'

/** Outcomes that say nothing of a change: who did not say who they are, what could not be read, a service that was busy. */
const unremarkable = new Set([400, 401, 405, 406, 408, 413, 415, 422, 503])
/** Lines that wait to be written, at most: beyond it they are counted in the log. */
const mostWaiting = 1000
/** How long lines are gathered before they are written together, ms. */
const gatherMs = 200
const pruneMs = 3_600_000

/** The line of a change that a caller asks for. @param subjectId what it is about, where the request names it. */
export const auditLine = (action: AuditAction, { role, key }: Caller, requestId: string | null, subjectId?: unknown): AuditLine => ({
  ...{ action, role, requestId, keyId: key?.id ?? null, keyPrefix: key?.prefix ?? null },
  subjectId: typeof subjectId === 'string' && isUuid(subjectId) ? subjectId : null,
  written: false,
})

export interface AuditTrailOptions {
  audit: Pick<Store['audit'], 'add' | 'removeOlder'>
  log: { warn(object: object, message: string): void }
  /** How long lines are kept, days. */
  days: number
}

export class AuditTrail {
  readonly #options: AuditTrailOptions
  #waiting: { line: AuditLine; outcome: string }[] = []
  #lost = 0
  #gathering: NodeJS.Timeout | null = null
  #pruning: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(options: AuditTrailOptions) {
    this.#options = options
  }

  /** Forgets old lines, now and every hour. */
  start(): void {
    const prune = () =>
      void this.#options.audit
        .removeOlder(this.#options.days)
        .catch((err: unknown) => this.#options.log.warn({ err }, 'old lines of the audit log were not removed'))
    prune()
    this.#pruning = setInterval(prune, pruneMs).unref()
  }

  /** Writes what waits, and stops. */
  async close(): Promise<void> {
    if (this.#pruning) clearInterval(this.#pruning)
    await this.flush()
  }

  /** The change was answered with success: without a line by now, it changed nothing. */
  answered(line: AuditLine): void {
    if (!line.written) this.#add(line, 'unchanged')
  }

  /** The change was refused, or failed. */
  refused(line: AuditLine, error: unknown): void {
    const { code, status } = codedError(error)
    if (!unremarkable.has(status)) this.#add(line, code)
  }

  #add(line: AuditLine, outcome: string): void {
    if (this.#waiting.length >= mostWaiting) {
      this.#lost += 1
      return
    }
    this.#waiting.push({ line: { ...line }, outcome })
    this.#gathering ??= setTimeout(() => void this.flush(), gatherMs).unref()
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    if (this.#gathering) clearTimeout(this.#gathering)
    this.#gathering = null
    const { audit, log } = this.#options
    const [lines, lost] = [this.#waiting, this.#lost]
    this.#waiting = []
    this.#lost = 0
    if (lost > 0) log.warn({ lines: lost }, 'lines of the audit log were left out: too many changes were refused at once')
    this.#writing = this.#writing
      .then(() => audit.add(lines))
      .catch((err: unknown) => log.warn({ err, lines: lines.length }, 'lines of the audit log were not written'))
    await this.#writing
  }
}
