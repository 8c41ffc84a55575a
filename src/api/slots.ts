import { ApiError } from './errors.ts'

/** Below this rate, bytes a second, a holder gives way to one that waits. Least rates of whoever waits for nothing are lower. */
const contestedRate = 32_768

/** Who holds a slot. */
export interface Holder {
  /** Bytes moved so far; infinite while it is not the client who takes the time. */
  bytes(): number
  /** Ends it, since others wait. */
  end(): void
}

export interface SlotsOptions {
  /** At a time, and of one client. */
  total: number
  perClient: number
  /** What is held, e.g. `files are being uploaded`. */
  what: string
  /** A holder is left alone for so long, ms, then judged by its rate over once to twice that time. Default 3000. */
  graceMs?: number
}

interface Mark {
  at: number
  bytes: number
}

interface Slot {
  client: string
  holder: Holder
  /** Where it was once to twice the grace ago, and where it was after that. */
  before: Mark
  after: Mark
}

/**
 * Room for so many transfers at a time, each of which takes disk or memory for as long as its client likes. Nobody can
 * keep others out with slow ones: a client has a share, and where all is taken the slowest gives way.
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
      throw new ApiError('OVERLOADED', `${whose}: try again when one is through`, [], { 'retry-after': '5' })
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

  /** Ends the slowest of them, where one is slow. */
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

/** Whom an address stands for: an IPv4 address, or a network of 2^64 IPv6 addresses, which is what one host has. */
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
