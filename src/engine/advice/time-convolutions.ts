import { showMs } from '../quantity.ts'
import { defineFinding, lecture, percent } from './finding.ts'

/** Where time goes, as a profile of a run has it. */
export const timeConvolutions = defineFinding({
  name: 'timeConvolutions',
  rule: 'Time goes where the flops are: most of it is spent in the convolutions.',
  source: `${lecture}: AlexNet and VGG-16; times by layer of a run`,
  find: ({ costs: { layers }, measured }) => {
    if (!measured || measured.kernelMs === 0) return null
    const convolutions = new Set(layers.filter(({ type }) => /^Conv/.test(type)).map(({ id }) => id))
    const inside = measured.rows.filter(({ layerIds }) => layerIds.some((id) => convolutions.has(id)))
    const value = inside.reduce((sum, { ms }) => sum + ms, 0)
    const share = value / measured.kernelMs
    const slowest = [...measured.rows].filter(({ ms }) => ms > 0).sort((a, b) => b.ms - a.ms)
    const [first] = slowest
    return {
      statement: `Kernels with convolutions take ${showMs(value)} of the ${showMs(measured.kernelMs)} of all (${percent(share)}) by ${measured.runtime} on ${measured.device}, batch ${measured.batch}${first ? `; the longest is ${first.layerIds.join(' + ')}, ${showMs(first.ms)}` : ''}.`,
      holds: share > 0.5,
      value,
      unit: 'ms',
      share,
      // The slowest of all, whatever they compute: that is what dominates.
      layers: slowest.flatMap(({ layerIds }) => layerIds[0] ?? []).slice(0, 10),
      runId: measured.runId,
    }
  },
})
