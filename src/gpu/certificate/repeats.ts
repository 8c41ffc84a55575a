import type { Certificate } from '../contract.ts'
import { median } from '../timing/percentiles.ts'
import { verdictOf } from './verdict.ts'

/** With fewer earlier runs there is no reliable median to compare with. */
const leastEarlier = 3
/** How many earlier runs are considered: few enough that a machine that has changed for good is believed after some five runs. */
export const mostEarlier = 10
export const notRepeated = 'NOT_REPEATED'

/**
 * Adds to the certificate what earlier runs show. The medians of one network vary from process to process, for example with
 * the placement of its memory, and a process that is steady in itself cannot see that; only a comparison with earlier runs
 * can.
 * @param certificate as the worker gave it. @param medianMs of this run. @param earlier medians in ms of the latest runs
 *   of the same measurement that nothing else spoke against. @param tolerance as a share of their median.
 */
export function besideEarlier(certificate: Certificate, medianMs: number, earlier: readonly number[], tolerance: number): Certificate {
  if (earlier.length < leastEarlier) return certificate
  const middle = median(Float64Array.from(earlier))
  const off = medianMs / middle - 1
  if (Math.abs(off) <= tolerance) return certificate
  const [least, most] = [Math.min(...earlier), Math.max(...earlier)].map((ms) => ms.toPrecision(4))
  const message = `The median of ${medianMs.toPrecision(4)} ms is ${(100 * Math.abs(off)).toFixed(1)} % ${off > 0 ? 'above' : 'below'} ${middle.toPrecision(4)} ms, the middle of ${earlier.length} earlier runs of the same measurement (${least} to ${most} ms). Runs vary more between processes than within one. Use the median of several, or compare in turns.`
  return {
    verdict: verdictOf(certificate.verdict === 'invalid', true),
    reasons: [...certificate.reasons, { code: notRepeated, message }],
  }
}
