import { setImmediate as nextTurn } from 'node:timers/promises'
import DataLoader from 'dataloader'
import type { FastifyBaseLogger } from 'fastify'
import type { AuditAction, AuditLine } from '../../store/index.ts'
import { type AuditTrail, auditLine } from '../access/audit-trail.ts'
import type { Caller } from '../access/roles.ts'
import { Budget } from './limits.ts'

/** Answers many keys at once, in their order; an Error for a key is thrown to its caller. */
export type Batch<K, V> = (keys: readonly K[]) => Promise<readonly V[]>

/** State that resolvers share within one request, or within one event of a subscription. */
export class GraphqlContext {
  readonly requestId: string
  readonly log: FastifyBaseLogger
  readonly operationName: string | null | undefined
  readonly caller: Caller
  /** Where lines of changes go; null where nothing is changed. */
  readonly trail: AuditTrail | null
  budget: Budget
  #auditLine: AuditLine | null = null
  readonly #rows: number
  #turn: Promise<unknown> = Promise.resolve()
  #loaders = new Map<Batch<any, any>, DataLoader<any, any>>()

  constructor(
    requestId: string,
    log: FastifyBaseLogger,
    rows: number,
    caller: Caller,
    { operationName, trail = null }: { operationName?: string | null | undefined; trail?: AuditTrail | null } = {},
  ) {
    this.requestId = requestId
    this.log = log
    this.caller = caller
    this.trail = trail
    this.operationName = operationName
    this.#rows = rows
    this.budget = new Budget(rows)
  }

  /** The audit line of the change that is under way: the changes of one request are made one after the other. */
  get auditLine(): AuditLine {
    if (!this.#auditLine) throw new Error('a field that changes something states no audit')
    return this.#auditLine
  }

  /** Begins a change. @param subjectId what it is about, where the arguments name it. */
  changing(action: AuditAction, subjectId: unknown): AuditLine {
    return (this.#auditLine = auditLine(action, this.caller, this.requestId, subjectId))
  }

  /** Collects the keys that one step of the execution asks for into one call of `batch`; each key is asked for once. */
  load<K, V>(batch: Batch<K, V>, key: K): Promise<Exclude<V, Error>> {
    let loader = this.#loaders.get(batch) as DataLoader<K, Exclude<V, Error>> | undefined
    if (!loader) this.#loaders.set(batch, (loader = new DataLoader(batch as Batch<K, Exclude<V, Error>>)))
    return loader.load(key)
  }

  /** Runs such work of this request one piece per turn of the event loop, so that other requests come between. */
  inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const mine = this.#turn.then(() => nextTurn()).then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  /** Starts a new event of a subscription: values loaded for the previous one may have changed. */
  renew(): void {
    this.budget = new Budget(this.#rows)
    this.#loaders = new Map()
  }
}
