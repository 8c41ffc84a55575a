import pTimeout from 'p-timeout'

/** The longest delay that setTimeout takes. */
const longestMs = 2 ** 31 - 1

/** The clock of the queue, its leases and the workers' back-off: the machine's, or one that a test moves by hand. */
export interface Clock {
  /** Monotonic, ms from a point of its own. */
  now(): number
  /** Calls back once, after `ms`. @returns what calls it off. */
  after(ms: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, longestMs))
    return () => clearTimeout(timer)
  },
}

/** Resolves after `ms`, or as soon as the signal is aborted. Never rejects. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const end = () => {
      callOff()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const callOff = clock.after(ms, end)
    signal?.addEventListener('abort', end, { once: true })
  })
}

/** The promise's value if it settles within `ms`, else undefined; a later value or rejection is dropped. */
export const within = <T>(clock: Clock, promise: Promise<T>, ms: number): Promise<T | undefined> =>
  pTimeout(promise, { milliseconds: ms, message: false, customTimers: timersOf(clock) })

/** The clock in the form of the global timer functions, for libraries that take those. */
const timersOf = (clock: Clock) =>
  ({
    setTimeout: (callback: () => void, ms: number) => clock.after(ms, callback),
    clearTimeout: (callOff: () => void) => callOff(),
  }) as unknown as { setTimeout: typeof setTimeout; clearTimeout: typeof clearTimeout }
