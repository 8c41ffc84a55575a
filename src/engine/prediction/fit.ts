import { fcnnlsVector } from 'ml-fcnnls'
import { median } from '../median.ts'
import { featureCount, layerKinds, perKind, rowOf } from './features.ts'
import { type LatencyModel, type MeasuredCall, predictLatency, type Way } from './model.ts'

/** Weight of an error in ms in a row of a profile: its square counts in inverse proportion to the row's time. */
const rowWeight = (ms: number): number => 1 / Math.sqrt(Math.max(ms, 1e-3))
/** A profile in which layers have less than this share of the time is not learnt from: most of it is of kernels that belong to no layer. */
const leastAttributed = 0.5
/** Weight of the relative error of a whole call, beside the errors of rows (`rowWeight`). */
const callWeight = 3

/**
 * Learns rates from calls, so that the median of measured over predicted is 1.
 * @param calls of at least one network, times in ms.
 */
export function fitLatency(calls: readonly MeasuredCall[], way: Way = 'profiles'): LatencyModel {
  const rows = way === 'profiles' ? calls.flatMap(rowsOf) : calls.map(wholeOf)
  if (way === 'totals') {
    const pooled = solve(rows.map((row) => ({ ...row, features: pool(row.features) })))
    return scaled({ rates: layerKinds.flatMap(() => pooled), pooled, kinds: [...layerKinds], scale: 1 }, calls)
  }
  const kinds = layerKinds.filter((_, k) => rows.some(({ features }) => features[perKind * k + 2]! > 0))
  const rates = solve(rows)
  const pooled = solve(rows.map((row) => ({ ...row, features: pool(row.features) })))
  return scaled({ rates, pooled, kinds, scale: 1 }, calls)
}

function scaled(model: LatencyModel, calls: readonly MeasuredCall[]): LatencyModel {
  const ratios = calls.map(({ callMs, layers }) => callMs / Math.max(predictLatency(model, layers), 1e-9))
  return { ...model, scale: median(ratios) }
}

interface Row {
  features: number[]
  ms: number
  weight: number
}

/**
 * The rows of a call. A profile slows calls down, on a GPU severalfold, so its rows are taken as shares of the call as it was
 * timed. Layers in no row were fused or folded away; only the row of the whole call has them.
 */
function rowsOf(call: MeasuredCall): Row[] {
  const { callMs, layers, profile } = call
  const whole = wholeOf(call)
  const attributed = profile?.perLayer.reduce((sum, { ms }) => sum + ms, 0) ?? 0
  if (!profile || attributed <= 0 || attributed < leastAttributed * (attributed + profile.unattributedMs)) return [whole]
  const byId = new Map(layers.map((layer) => [layer.id, layer]))
  const rows = profile.perLayer.map(({ layerIds, ms: given }) => {
    const ms = (given * callMs) / attributed
    return { features: rowOf(layerIds.flatMap((id) => byId.get(id) ?? [])), ms, weight: rowWeight(ms) }
  })
  return [...rows, whole]
}

const wholeOf = ({ callMs, layers }: MeasuredCall): Row => ({
  features: rowOf(layers),
  ms: callMs,
  weight: callWeight / Math.max(callMs, 1e-3),
})

/** Sums the kinds: multiply-adds, bytes, layers. */
const pool = (features: readonly number[]): number[] =>
  Array.from({ length: perKind }, (_, i) => features.reduce((sum, value, at) => (at % perKind === i ? sum + value : sum), 0))

/** Weighted non-negative least squares. Columns are brought to one length first, since units differ by orders of magnitude. */
export function solve(rows: readonly Row[]): number[] {
  const count = rows[0]?.features.length ?? featureCount
  const weighted = rows.map(({ features, weight }) => features.map((value) => value * weight))
  const lengths = Array.from({ length: count }, (_, j) => Math.sqrt(weighted.reduce((sum, row) => sum + row[j]! ** 2, 0)))
  const used = [...lengths.keys()].filter((j) => lengths[j]! > 0)
  const solved = fcnnlsVector(
    weighted.map((row) => used.map((j) => row[j]! / lengths[j]!)),
    rows.map(({ ms, weight }) => ms * weight),
    { maxIterations: 100 * count, gradientTolerance: 1e-9 },
  ).K.to1DArray()
  const rates = new Array<number>(count).fill(0)
  for (const [i, j] of used.entries()) rates[j] = solved[i]! / lengths[j]!
  return rates
}
