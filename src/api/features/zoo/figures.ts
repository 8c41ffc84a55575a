import { computeCosts } from '../../../engine/cost.ts'
import { verifyGraph } from '../../../engine/verify.ts'
import { expandZoo, families } from '../../../engine/zoo/index.ts'

/** What a preset costs for one image at its own resolution. */
export interface PresetFigures {
  layers: number
  params: number
  macs: number
}

/** Of every preset of the zoo, by its name. Some hundred networks: a second of work, or more. */
export function presetFigures(): Record<string, PresetFigures> {
  const figures: Record<string, PresetFigures> = {}
  for (const { presets } of families)
    for (const preset of Object.keys(presets)) {
      const { layers, params, macs } = computeCosts(verifyGraph(expandZoo({ preset }).spec)).totals
      figures[preset] = { layers, params, macs }
    }
  return figures
}
