/**
 * Makes the attempts of deliveries: those that are due, for each webhook apart, so that one that is slow or dead holds no other. Rows in the
 * database say what is due (`store/deliveries.ts`); a notice, or the time that is left until then, wakes this.
 */
import { type Clock, systemClock, within } from '../../../gpu/clock.ts'
import type { DeliveryClaim, Log, Store } from '../../../store/index.ts'
import type { Targets } from '../../access/targets.ts'
import type { WebhookMessages } from './message.ts'
import { post } from './post.ts'
import { signedHeaders } from './sign.ts'

/** Longest time that an attempt may take, ms. */
export const attemptMs = 10_000
/** For which a claim is its process's alone, ms: longer than an attempt takes, with room for a process that stalls. */
const leaseMs = 60_000
/** Longest pause that a receiver may ask for, ms. */
const mostRetryAfterMs = 3_600_000
/** Before another look at a database that did not answer, ms; and the shortest pause between two looks by time. */
const troubleMs = 5000
const leastPauseMs = 250
/** How often what is over is tidied away, ms, and how long deliveries that have ended are kept, days. */
const tidyMs = 3_600_000
const keptDays = 30
const hourMs = 3_600_000

export type DeliveryMetric =
  | { kind: 'attempt'; succeeded: boolean; ms: number }
  | { kind: 'ended'; outcome: 'delivered' | 'failed'; count: number }

export interface DelivererOptions {
  store: Pick<Store, 'deliveries' | 'notifications'>
  messages: Pick<WebhookMessages, 'of'>
  targets: Pick<Targets, 'read' | 'lookup'>
  log: Pick<Log, 'info' | 'warn'>
  /** After which a delivery is given up, hours. */
  retryHours: number
  onMetrics?: (metric: DeliveryMetric) => void
  /** For pauses and deadlines; what is due is by the database's clock. */
  clock?: Clock
  /** From 0 to 1, to spread attempts. */
  random?: () => number
}

export class WebhookDeliverer {
  readonly #options: Required<DelivererOptions>
  readonly #busy = new Map<string, number>()
  readonly #attempts = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  #looking: Promise<void> | null = null
  #again = false
  #callOff = () => {}
  #callOffTidying = () => {}
  #unlisten = () => {}
  #inTrouble = false

  constructor(options: DelivererOptions) {
    this.#options = { onMetrics: () => {}, clock: systemClock, random: Math.random, ...options }
  }

  /** Begins to deliver: what was left by earlier processes first. */
  start(): void {
    this.#unlisten = this.#options.store.notifications.onDeliveries(() => this.#look())
    this.#tidy()
    this.#look()
  }

  /** Claims nothing more, waits for attempts under way, and gives those back that take longer. @param graceMs for which it waits. */
  async stop(graceMs = 2000): Promise<void> {
    this.#unlisten()
    this.#callOff()
    this.#callOffTidying()
    const { clock } = this.#options
    const settled = async () => {
      await this.#looking
      await Promise.all(this.#attempts)
    }
    this.#stopping = true
    if (graceMs > 0) await within(clock, settled(), graceMs)
    this.#stop.abort()
    await settled()
  }
  #stopping = false

  /** Looks for what is due; once more where it is looking already. */
  #look(): void {
    if (this.#stopping) return
    this.#again = true
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = null
      // Asked for after it had last asked itself.
      if (this.#again) this.#look()
    })
  }

  async #lookNow(): Promise<void> {
    const { store, log, clock } = this.#options
    this.#callOff()
    try {
      let dueMs: number | null = null
      let asked = clock.now()
      while (this.#again && !this.#stopping) {
        this.#again = false
        const claims = await store.deliveries.claim(this.#counts(), leaseMs)
        if (claims.length > 0) await this.#begin(claims)
        asked = clock.now()
        dueMs = await store.deliveries.dueMs(this.#counts())
      }
      this.#inTrouble = false
      if (dueMs !== null) this.#lookAfter(Math.max(dueMs - (clock.now() - asked), leastPauseMs))
    } catch (err) {
      // Once for the whole time that it lasts.
      if (!this.#inTrouble) log.warn({ err }, 'deliveries to webhooks could not be read: trying again')
      this.#inTrouble = true
      this.#lookAfter(troubleMs)
    }
  }

  #lookAfter(ms: number): void {
    if (this.#stopping) return
    this.#callOff = this.#options.clock.after(ms, () => this.#look())
  }

  #counts = (): Record<string, number> => Object.fromEntries(this.#busy)

  /** Begins an attempt for each claim; it is not waited for. */
  async #begin(claims: readonly DeliveryClaim[]): Promise<void> {
    const { messages, store } = this.#options
    let bodies: Map<string, string>
    try {
      bodies = await messages.of(claims)
    } catch (error) {
      for (const claim of claims) await store.deliveries.release(claim).catch(() => {})
      throw error
    }
    for (const claim of claims) {
      const { webhookId } = claim
      this.#busy.set(webhookId, (this.#busy.get(webhookId) ?? 0) + 1)
      const attempt = this.#attempt(claim, bodies.get(claim.id))
        .catch((err: unknown) =>
          this.#options.log.warn({ err, delivery: claim.id }, 'what became of a delivery was not stored: it may be made again'),
        )
        .finally(() => {
          this.#attempts.delete(attempt)
          const left = this.#busy.get(webhookId)! - 1
          if (left > 0) this.#busy.set(webhookId, left)
          else this.#busy.delete(webhookId)
          this.#look()
        })
      this.#attempts.add(attempt)
    }
  }

  async #attempt(claim: DeliveryClaim, body: string | undefined): Promise<void> {
    const { store, clock, onMetrics } = this.#options
    const began = clock.now()
    const { status, retryAfterMs, error } = await this.#send(claim, body)
    const durationMs = clock.now() - began
    if (error === null && status !== null) {
      onMetrics({ kind: 'attempt', succeeded: true, ms: durationMs })
      if (await store.deliveries.succeed(claim, status, durationMs)) onMetrics({ kind: 'ended', outcome: 'delivered', count: 1 })
      return
    }
    if (this.#stop.signal.aborted && status === null) return store.deliveries.release(claim)
    onMetrics({ kind: 'attempt', succeeded: false, ms: durationMs })
    await this.#failed(claim, { status, error: error ?? '', durationMs, leastMs: Math.min(retryAfterMs, mostRetryAfterMs) })
  }

  async #failed(
    claim: DeliveryClaim,
    { status, error, durationMs, leastMs }: { status: number | null; error: string; durationMs: number; leastMs: number },
  ): Promise<void> {
    const { store, log, retryHours, onMetrics, random } = this.#options
    const gone = status === 410
    const disableHours = 3 * retryHours
    const became = await store.deliveries.fail(claim, {
      ...{ responseStatus: status, error, durationMs, leastMs, jitter: 0.5 + random() },
      giveUpMs: retryHours * hourMs,
      disableMs: gone ? 0 : disableHours * hourMs,
      disabledReason: gone
        ? 'The receiver answered 410 Gone: it wants no more deliveries.'
        : `No attempt has succeeded for ${disableHours} hours; the last one: ${error}`,
    })
    if (became?.status === 'failed') {
      onMetrics({ kind: 'ended', outcome: 'failed', count: 1 })
      log.warn({ webhook: claim.webhookId, delivery: claim.id, run: claim.runId, reason: error }, 'a delivery to a webhook was given up')
    }
    if (became?.disabled) log.warn({ webhook: claim.webhookId, reason: error }, 'a webhook was disabled')
  }

  /** One request. @returns the status, null where none came, and why it is no success, null where it is one. */
  async #send(
    claim: DeliveryClaim,
    body: string | undefined,
  ): Promise<{ status: number | null; retryAfterMs: number; error: string | null }> {
    const { targets, clock } = this.#options
    if (body === undefined) return { status: null, retryAfterMs: 0, error: 'The event is not there any more.' }
    const deadline = new AbortController()
    const callOff = clock.after(attemptMs, () => deadline.abort())
    const signal = AbortSignal.any([deadline.signal, this.#stop.signal])
    try {
      const headers = signedHeaders(claim.id, new Date(), body, claim.secrets)
      const { status, retryAfterMs } = await post(targets.read(claim.url), body, { targets, signal, headers })
      return { status, retryAfterMs, error: status >= 200 && status < 300 ? null : `The receiver answered ${status}.` }
    } catch (error) {
      const reason = deadline.signal.aborted ? `No answer within ${attemptMs / 1000} s.` : reasonOf(error)
      return { status: null, retryAfterMs: 0, error: reason }
    } finally {
      callOff()
    }
  }

  #tidy(): void {
    const { store, log, retryHours, clock, onMetrics } = this.#options
    store.deliveries.tidy(retryHours * hourMs, keptDays).then(
      (count) => {
        if (count === 0) return
        onMetrics({ kind: 'ended', outcome: 'failed', count })
        log.warn({ deliveries: count }, 'deliveries to webhooks were given up')
      },
      (err: unknown) => log.warn({ err }, 'old deliveries to webhooks were not removed'),
    )
    this.#callOffTidying = clock.after(tidyMs, () => this.#tidy())
  }
}

/** Of several addresses that were tried, the first one's; a socket's failure names its address. */
function reasonOf(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error
  const { message, code } = first as NodeJS.ErrnoException
  return (message || code || 'The request failed.').slice(0, 500)
}
