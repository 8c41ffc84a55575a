import { ApiError } from './errors.ts'

/** Bytes per second. Below this rate a holder is ended when others wait; the minimum rate while nobody waits is lower. */
const contestedRate = 32_768

/** The holder of a slot. */
export interface Holder {
  /** Bytes moved so far; infinite while the delay is not the client's. */
  bytes(): number
  /** Ends the transfer because others wait. */
  end(): void
}

export interface SlotsOptions {
  /** At a time, and of one client. */
  total: number
  perClient: number
  /** What is held, e.g. `files are being uploaded`. */
  what: string
  /** Grace period, ms. After it, a holder is judged by its rate over one to two such periods. Default 3000. */
  graceMs?: number
}

interface Mark {
  at: number
  bytes: number
}

interface Slot {
  client: string
  holder: Holder
  /** Progress one to two grace periods ago, and progress at the latest mark. */
  before: Mark
  after: Mark
}

/**
 * Limits how many transfers run at a time, since each holds disk or memory for as long as its client takes. Slow clients
 * cannot keep others out: each client has a share, and when every slot is taken the slowest transfer is ended.
 */
export class Slots {
  readonly #options: SlotsOptions
  readonly #graceMs: number
  readonly #held = new Set<Slot>()

  constructor(options: SlotsOptions) {
    this.#options = options
    this.#graceMs = options.graceMs ?? 3000
  }

  /**
   * @param address of the client.
   * @returns gives the slot back; may be called again.
   * @throws ApiError OVERLOADED where there is none, and nobody is slow enough to lose one.
   */
  take(address: string, holder: Holder): () => void {
    const { total, perClient, what } = this.#options
    const client = clientOf(address)
    const own = [...this.#held].filter((each) => each.client === client)
    const crowded = own.length >= perClient ? own : this.#held.size >= total ? [...this.#held] : null
    if (crowded !== null && !this.#evict(crowded)) {
      const whose = crowded === own ? `${perClient} ${what} for your address, the most for one` : `${total} ${what}`
      throw new ApiError('OVERLOADED', `${whose}: try again when one has finished`, [], { 'retry-after': '5' })
    }
    const mark = { at: performance.now(), bytes: 0 }
    const slot: Slot = { client, holder, before: mark, after: mark }
    this.#held.add(slot)
    const timer = setInterval(() => {
      slot.before = slot.after
      slot.after = { at: performance.now(), bytes: holder.bytes() }
    }, this.#graceMs).unref()
    return () => {
      clearInterval(timer)
      this.#held.delete(slot)
    }
  }

  /** Ends the slowest holder, if it is slow. */
  #evict(from: readonly Slot[]): boolean {
    const now = performance.now()
    let slowest: Slot | undefined
    let least = contestedRate
    for (const slot of from) {
      const { holder, before } = slot
      const rate = ((holder.bytes() - before.bytes) * 1000) / (now - before.at)
      if (now - before.at < this.#graceMs || !(rate < least)) continue
      least = rate
      slowest = slot
    }
    if (!slowest) return false
    this.#held.delete(slowest)
    slowest.holder.end()
    return true
  }
}

/**
 * The client that an address stands for: the IPv4 address itself, or its IPv6 network of 2^64 addresses, since one host has
 * a whole network.
 */
export function clientOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped) return mapped[1]!
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('%')[0]!.split('::')
  const before = head.split(':').filter(Boolean)
  const after = tail === undefined ? [] : tail.split(':').filter(Boolean)
  const groups = [...before, ...Array(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
