import type { AuditEntry, AuditFilter, Store } from '../../../store/index.ts'
import type { AuditTrail } from '../../access/audit-trail.ts'
import { readMoments } from '../../moments.ts'
import type { Listed } from '../../schemas.ts'
import type { AuditAnswer, AuditFilterQuery, AuditQuery } from './schema.ts'

/** Reads the audit log. */
export class AuditService {
  readonly #audit: Store['audit']
  readonly #trail: AuditTrail

  /** @param trail of this process: what waits there is written before anybody reads. */
  constructor(audit: Store['audit'], trail: AuditTrail) {
    this.#audit = audit
    this.#trail = trail
  }

  /** A page, newest first. @throws ApiError INVALID_REQUEST; StoreError INVALID_CURSOR, INVALID_TEXT */
  async list({ total, limit = 50, after, ...filter }: AuditQuery): Promise<Listed<AuditAnswer>> {
    await this.#trail.flush()
    const read = readFilter(filter)
    const { items, ...page } = await this.#audit.list({ limit, ...(after === undefined ? {} : { after }), ...read })
    return { items: items.map(present), ...page, ...(total ? { total: await this.#audit.count(read) } : {}) }
  }

  /** How many fit. @throws ApiError INVALID_REQUEST; StoreError INVALID_TEXT */
  async count(filter: AuditFilterQuery): Promise<number> {
    return this.#audit.count(readFilter(filter))
  }
}

const readFilter = ({ since, before, ...rest }: AuditFilterQuery): AuditFilter => ({ ...rest, ...readMoments({ since, before }) })

const present = ({ at, ...entry }: AuditEntry): AuditAnswer => ({ ...entry, at: at.toISOString() }) as AuditAnswer
