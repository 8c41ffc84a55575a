import { computeCosts } from '../../../engine/cost.ts'
import { verifyGraph } from '../../../engine/verify.ts'
import { expandZoo, families } from '../../../engine/zoo/index.ts'
import { digestOf } from '../architectures/specification.ts'

/** What a preset costs for one image at its own resolution. */
export interface PresetFigures {
  layers: number
  params: number
  macs: number
  peakActivationBytes: number
  /** Of the graph, as an architecture that is registered from the preset has it. */
  digest: string
}

/** Of every preset of the zoo, by its name. Some hundred networks: a second of work, or more. */
export function presetFigures(): Record<string, PresetFigures> {
  const figures: Record<string, PresetFigures> = {}
  for (const { presets } of families)
    for (const preset of Object.keys(presets)) {
      const graph = verifyGraph(expandZoo({ preset }).spec)
      const { layers, params, macs, peakActivationBytes } = computeCosts(graph).totals
      figures[preset] = { layers, params, macs, peakActivationBytes, digest: digestOf(graph) }
    }
  return figures
}
