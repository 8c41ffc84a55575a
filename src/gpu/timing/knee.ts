import { differenceCurve } from '../../engine/kneedle.ts'

/** One batch of a sweep. */
export interface CurvePoint {
  /** Median of a call, ms. */
  latencyMs: number
  throughputPerSecond: number
}

/**
 * Index of the knee of a latency–throughput curve (`differenceCurve`): where more latency stops paying off in throughput. Null
 * with fewer than three points, or where none lies above the diagonal: then throughput still grows with latency and the knee is
 * beyond, or it never grew.
 * @param points by rising batch.
 */
export function kneeOf(points: readonly CurvePoint[]): number | null {
  if (points.length < 3) return null
  const above = differenceCurve(
    points.map(({ latencyMs }) => latencyMs),
    points.map(({ throughputPerSecond }) => throughputPerSecond),
  )
  const most = Math.max(...above)
  // Differences within rounding count as none.
  return most > 1e-9 ? above.indexOf(most) : null
}
