import { showCount } from '../quantity.ts'
import { defineFinding, lecture } from './finding.ts'

/** Multiply-adds by stage: layers whose outputs have one height and width. */
export const flopsLevel = defineFinding({
  name: 'flopsLevel',
  rule: 'Flops are level from stage to stage: where the resolution halves, channels double.',
  source: `${lecture}: VGG and ResNet`,
  find: ({ costs: { layers, inputs } }) => {
    const side = inputs[0]?.shape.at(-1) ?? 0
    const stages = new Map<string, { macs: number; layers: string[] }>()
    for (const { id, outputShape, macs } of layers) {
      if (outputShape.length !== 3 || macs === 0 || outputShape[2] === 1) continue
      const key = `${outputShape[1]}×${outputShape[2]}`
      const stage = stages.get(key) ?? { macs: 0, layers: [] }
      stages.set(key, { macs: stage.macs + macs, layers: [...stage.layers, id] })
    }
    // The stem, at the full and the half resolution, is no stage of its own in networks that leave it by a pooling.
    const body = [...stages].filter(([key, stage]) => stage.layers.length > 1 && Number(key.split('×')[1]) * 2 < side)
    if (body.length < 2) return null
    const sorted = [...body].sort(([, a], [, b]) => b.macs - a.macs)
    const [most, least] = [sorted[0]!, sorted.at(-1)!]
    const value = most[1].macs / least[1].macs
    return {
      statement: `From stage to stage multiply-adds differ by ${Number(value.toPrecision(2))} times: ${body.map(([key, { macs }]) => `${key} ${showCount(macs)}`).join(', ')}.`,
      holds: value <= 2.5,
      value,
      unit: 'times',
      share: null,
      layers: most[1].layers.slice(0, 10),
    }
  },
})
