/** One batch of a sweep. */
export interface CurvePoint {
  /** Median of a call, ms. */
  latencyMs: number
  throughputPerSecond: number
}

/**
 * Index of the knee of a latency–throughput curve: where more latency stops paying off in throughput. By Kneedle (Satopää,
 * Albrecht, Irwin and Raghavan, "Finding a 'Kneedle' in a Haystack", 2011): both axes scaled to 0 … 1, the point farthest
 * above the diagonal. Null with fewer than three points, or where none lies above it: then throughput still grows with
 * latency and the knee is beyond, or it never grew.
 * @param points by rising batch.
 */
export function kneeOf(points: readonly CurvePoint[]): number | null {
  if (points.length < 3) return null
  const scaled = (values: number[]): number[] => {
    const low = Math.min(...values)
    const span = Math.max(...values) - low
    return values.map((value) => (span === 0 ? 0 : (value - low) / span))
  }
  const latency = scaled(points.map((point) => point.latencyMs))
  const throughput = scaled(points.map((point) => point.throughputPerSecond))
  const above = points.map((_, i) => throughput[i]! - latency[i]!)
  const most = Math.max(...above)
  // Differences within rounding count as none.
  return most > 1e-9 ? above.indexOf(most) : null
}
