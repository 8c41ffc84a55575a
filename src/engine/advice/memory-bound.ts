import { showCount } from '../quantity.ts'
import { defineFinding, type FindingResult, largest, type MeasuredTimes, percent, total } from './finding.ts'

/** Layers that do fewer flops a byte than the device’s ridge: bytes, and not arithmetic, take their time. */
export const memoryBound = defineFinding({
  name: 'memoryBound',
  rule: 'Layers of few flops a byte are bound by memory: fewer flops do not make them faster.',
  source: 'Williams, Waterman and Patterson, "Roofline", CACM 52(4), 2009; flops as the convention `full` counts them',
  find: ({ full, ceilings, measured }) => {
    if (!ceilings) return measured && boundAsMeasured(measured)
    const ridge = ceilings.flopsPerSecond / ceilings.bytesPerSecond
    const bytes = (layer: { bytesRead: number; bytesWritten: number }) => layer.bytesRead + layer.bytesWritten
    const seconds = (layer: { flops: number; bytesRead: number; bytesWritten: number }) =>
      Math.max(layer.flops / ceilings.flopsPerSecond, bytes(layer) / ceilings.bytesPerSecond)
    const moving = full.layers.filter((layer) => bytes(layer) > 0)
    const bound = moving.filter(({ arithmeticIntensity }) => arithmeticIntensity < ridge)
    const share = total(bound, seconds) / total(moving, seconds)
    return {
      statement: `${bound.length} of ${moving.length} layers do less than ${showCount(ridge)} flops a byte, the ridge of this device, and take ${percent(share)} of the time on its roofline.`,
      holds: bound.length > 0,
      value: bound.length,
      unit: 'layers',
      share,
      layers: largest(bound, seconds),
    }
  },
})

/** The same by a profile: kernels in place of layers, ceilings and times as a run measured them. */
function boundAsMeasured({ rows, ceilings, runId, runtime, device }: MeasuredTimes): FindingResult | null {
  const timed = rows.filter(({ ms, bound }) => ms > 0 && bound !== null)
  const all = timed.reduce((sum, { ms }) => sum + ms, 0)
  if (all === 0) return null
  const bound = timed.filter((row) => row.bound === 'memory').sort((a, b) => b.ms - a.ms)
  const share = bound.reduce((sum, { ms }) => sum + ms, 0) / all
  const ridge = showCount(ceilings.flopsPerSecond / ceilings.bytesPerSecond)
  return {
    statement: `${bound.length} of ${timed.length} kernels do less than ${ridge} flops a byte, the ridge measured by ${runtime} on ${device}, and took ${percent(share)} of the time.`,
    holds: bound.length > 0,
    value: bound.length,
    unit: 'layers',
    share,
    layers: bound.flatMap(({ layerIds }) => layerIds[0] ?? []).slice(0, 10),
    runId,
  }
}
