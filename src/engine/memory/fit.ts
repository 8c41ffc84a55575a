import { EngineError } from '../errors.ts'
import type { Graph } from '../graph.ts'
import { type MemoryOptions, peakTotal } from './index.ts'

/** The largest batch of a call, as `costs` takes it. */
const mostImages = 2 ** 31 - 1

export interface Fit {
  /** What there is. */
  bytes: number
  /** Images; 0 where not even one fits. */
  batch: number
  /** What that batch takes, weights and all; of one image where none fits. */
  takesBytes: number
  /** What one image more would take; null where there can be no larger batch. */
  nextBytes: number | null
}

/**
 * The largest batch whose peak, weights and all, fits. Exact: memory grows with the batch, so that the batch is searched for,
 * starting where the growth from 1 to 2 images points.
 * @throws EngineError as `computeCosts` does.
 */
export function largestBatch(graph: Graph, bytes: number, options: Omit<MemoryOptions, 'batch'> = {}): Fit {
  const known = new Map<number, number>()
  /** What a batch takes; more than anything where that cannot be counted. */
  const takes = (batch: number): number => {
    let total = known.get(batch)
    if (total === undefined) known.set(batch, (total = peakOf(graph, { ...options, batch })))
    return total
  }
  const most = graph.fixedBatch ?? mostImages
  const one = takes(1)
  if (one > bytes) return { bytes, batch: 0, takesBytes: one, nextBytes: one }
  if (most === 1) return { bytes, batch: 1, takesBytes: one, nextBytes: null }
  const growth = takes(2) - one
  const guess = growth > 0 ? Math.min(most, 1 + Math.floor((bytes - one) / growth)) : most
  // `low` fits and `high` does not.
  let [low, high] = [1, most + 1]
  for (const each of [guess, guess + 1, guess - 1]) {
    if (each <= low || each >= high) continue
    if (takes(each) <= bytes) low = each
    else high = each
  }
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2)
    if (takes(middle) <= bytes) low = middle
    else high = middle
  }
  const next = low < most ? takes(low + 1) : null
  return { bytes, batch: low, takesBytes: takes(low), nextBytes: next !== null && Number.isFinite(next) ? next : null }
}

function peakOf(graph: Graph, options: MemoryOptions): number {
  try {
    return peakTotal(graph, options)
  } catch (cause) {
    if (cause instanceof EngineError && cause.code === 'COST_OVERFLOW' && options.batch !== 1) return Number.POSITIVE_INFINITY
    throw cause
  }
}
