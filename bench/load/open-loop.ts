/**
 * Arrivals at a fixed rate, whatever becomes of the answers. A request has its moment, and its latency counts from there: one that a
 * stall keeps waiting is charged for the whole wait, and so is every other one due meanwhile (no coordinated omission). autocannon and its like send the next
 * request when the last one is answered, and so send least when a service is slowest.
 */

/** What became of one request. */
export interface Taken<K> {
  kind: K
  /** From its moment to the last byte of its answer, ms. */
  latencyMs: number
  /** From its moment until it was sent, ms: the delay of the sender itself, which is part of `latencyMs`. */
  lateMs: number
  outcome: string
}

export interface OpenLoop<K> {
  /** Requests a second, evenly spaced. */
  rate: number
  seconds: number
  /** The kind of the request at each place of the schedule. */
  kindAt(place: number): K
  /** Sends one. @returns what became of it, in a word; it must not throw. */
  send(kind: K): Promise<string>
}

/** Sends all that is due, and gives what became of each when the last answer is there. */
export async function openLoop<K>({ rate, seconds, kindAt, send }: OpenLoop<K>): Promise<Taken<K>[]> {
  const count = Math.floor(rate * seconds)
  const taken: Taken<K>[] = []
  const answers: Promise<void>[] = []
  const began = performance.now()
  const dueAt = (place: number): number => began + (place * 1000) / rate
  for (let place = 0; place < count; ) {
    // All that are due by now, also where this process was itself kept from running.
    for (const now = performance.now(); place < count && dueAt(place) <= now; place++) {
      const due = dueAt(place)
      const kind = kindAt(place)
      const lateMs = performance.now() - due
      const answer = send(kind).then((outcome) => {
        taken.push({ kind, latencyMs: performance.now() - due, lateMs, outcome })
      })
      answers.push(answer)
    }
    if (place < count) await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueAt(place) - performance.now())))
  }
  await Promise.all(answers)
  return taken
}

/** Kinds by their shares, spread evenly: at each place the kind that lags most behind its share comes next. */
export function spread<K extends { share: number }>(kinds: readonly K[]): (place: number) => K {
  const total = kinds.reduce((sum, { share }) => sum + share, 0)
  const owed = kinds.map(() => 0)
  return () => {
    for (const [i, { share }] of kinds.entries()) owed[i]! += share / total
    const next = owed.indexOf(Math.max(...owed))
    owed[next]! -= 1
    return kinds[next]!
  }
}
