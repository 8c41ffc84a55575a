/** setTimeout takes no more. */
const longestTimeoutMs = 2 ** 31 - 1

export interface Deadline {
  /** Resolves at the deadline or at the abort, whichever comes first; never, where `end` comes before both. */
  stopped: Promise<'timedOut' | 'cancelled'>
  /** Frees the timer. @returns whether the deadline or the abort had come. */
  end(): boolean
}

/** A deadline that an abort may bring forward. */
export function stopAfter(timeoutMs: number, signal: AbortSignal): Deadline {
  let came = false
  let onAbort = () => {}
  let timer: NodeJS.Timeout | undefined
  const stopped = new Promise<'timedOut' | 'cancelled'>((resolve) => {
    const stop = (by: 'timedOut' | 'cancelled') => {
      came = true
      resolve(by)
    }
    onAbort = () => stop('cancelled')
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    timer = setTimeout(() => stop('timedOut'), Math.min(timeoutMs, longestTimeoutMs))
  })
  const end = (): boolean => {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    return came
  }
  return { stopped, end }
}
