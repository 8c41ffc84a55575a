import type { Clock } from '../../clock.ts'

export interface Deadline {
  /** Resolves at the deadline or at the abort, whichever comes first; never, where `end` comes before both. */
  stopped: Promise<'timedOut' | 'cancelled'>
  /** Frees the timer. @returns which of the two had come, or null. */
  end(): 'timedOut' | 'cancelled' | null
}

/** A deadline that an abort may bring forward. */
export function stopAfter(timeoutMs: number, signal: AbortSignal, clock: Clock): Deadline {
  let came: 'timedOut' | 'cancelled' | null = null
  let onAbort = () => {}
  let callOff = () => {}
  const stopped = new Promise<'timedOut' | 'cancelled'>((resolve) => {
    const stop = (by: 'timedOut' | 'cancelled') => {
      came ??= by
      resolve(by)
    }
    onAbort = () => stop('cancelled')
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    callOff = clock.after(timeoutMs, () => stop('timedOut'))
  })
  const end = () => {
    callOff()
    signal.removeEventListener('abort', onAbort)
    return came
  }
  return { stopped, end }
}
