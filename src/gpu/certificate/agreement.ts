import type { Agreement, RuntimeName } from '../contract.ts'

/**
 * Compares two outputs of the same computation element by element. If some elements cannot be compared, no difference is
 * given and `reason` says why: a small difference of the rest would look like agreement.
 * @param own this run's output. @param counterpart the earlier run of the other runtime, and its output.
 */
export function compareOutputs(
  own: Float32Array,
  { runId, runtime, output: other }: { runId: string; runtime: string; output: Float32Array },
): Agreement {
  const name = runtime as RuntimeName
  const without = (elements: number, reason: string): Agreement => ({
    runId,
    runtime: name,
    elements,
    maxAbsDifference: null,
    maxAbs: null,
    reason,
  })
  if (own.length !== other.length)
    return without(0, `The outputs differ in size: ${own.length} elements are kept of this run and ${other.length} of the other`)
  let maxAbsDifference = 0
  let maxAbs = 0
  let here = 0
  let there = 0
  for (let i = 0; i < own.length; i++) {
    const [a, b] = [own[i]!, other[i]!]
    if (!Number.isFinite(a)) here += 1
    if (!Number.isFinite(b)) there += 1
    maxAbsDifference = Math.max(maxAbsDifference, Math.abs(a - b))
    maxAbs = Math.max(maxAbs, Math.abs(a), Math.abs(b))
  }
  if (here + there > 0) return without(own.length, `Of ${own.length} elements ${here} of this run and ${there} of the other are not finite`)
  return { runId, runtime: name, elements: own.length, maxAbsDifference, maxAbs, reason: null }
}
