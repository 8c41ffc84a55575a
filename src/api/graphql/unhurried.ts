import { setImmediate as nextTurn } from 'node:timers/promises'

/** Rows completed in one go: about 10 ms of work where each has some twenty fields. */
const chunk = 250

/**
 * Yields a long list in parts, one per turn of the event loop: executors complete a list of values in one go, which blocked
 * everybody else for 700 ms for the layers of the largest network.
 */
export function unhurried<T>(items: readonly T[]): (T | Promise<T>)[] {
  const result: (T | Promise<T>)[] = items.slice(0, chunk)
  let turn: Promise<unknown> = Promise.resolve()
  for (let start = chunk; start < items.length; start += chunk) {
    const mine = (turn = turn.then(() => nextTurn()))
    for (const item of items.slice(start, start + chunk)) result.push(mine.then(() => item))
  }
  return result
}
