import { computeCosts } from '../cost.ts'
import type { EditableNetwork } from './network.ts'
import { defineRewrite, type Site } from './rewrite.ts'
import { none } from './shared/options.ts'
import { channelSetters, classifiers, widen } from './width.ts'

/** Layers of one resolution, whose channels the rule sets. */
interface Stage extends Site {
  members: string[]
  /** Height and width. */
  size: readonly [number, number]
  /** Multiply-adds by the channels that come out. */
  macs: Map<number, number>
  /** Convolutions whose channels can be set. */
  setters: number
  /** Those that most of its multiply-adds make. */
  channels: number
  /** Times its channels, so that the rule holds; 1 where it does. */
  times: number
}

/** Rounding may leave a stage of several branches a little beside the rule. */
const tolerance = 0.05

/** Maps of one position are a gate, or on their way to the classifier: no stage of their own. */
const isMap = (shape: readonly number[]): boolean => shape.length === 4 && (shape[2]! > 1 || shape[3]! > 1)

/**
 * Stages from the first with two convolutions on, what comes before being the stem. Each is held to the one before, as the rule
 * has left that: where height and width shrink by s, channels grow by s.
 */
function stagesOf(network: EditableNetwork): Stage[] {
  const kept = classifiers(network)
  const rows = new Map(computeCosts(network.before).layers.map(({ id, macs }) => [id, macs]))
  const bySize = new Map<string, Stage>()
  for (const { id, type } of network.each()) {
    const shape = network.shape(id)
    if (!isMap(shape) || kept.has(id)) continue
    const [, channels, height, width] = shape as [number, number, number, number]
    const key = `${height}×${width}`
    const stage: Stage = bySize.get(key) ?? { id, members: [], size: [height, width], macs: new Map(), setters: 0, channels: 0, times: 1 }
    bySize.set(key, stage)
    stage.members.push(id)
    if (channelSetters[type] === undefined) continue
    stage.setters++
    stage.macs.set(channels, (stage.macs.get(channels) ?? 0) + rows.get(id)!)
  }
  const found = [...bySize.values()].filter(({ setters }) => setters > 0)
  const first = found.findIndex(({ setters }) => setters >= 2)
  const stages = first < 0 ? [] : found.slice(first)
  for (const stage of stages) stage.channels = [...stage.macs].sort(([a, x], [b, y]) => y - x || b - a)[0]![0]
  let target = stages[0]?.channels ?? 0
  stages.forEach((stage, i) => {
    const before = stages[i - 1]
    const at = `${stage.channels} channels at ${stage.size.join('×')}`
    if (!before) {
      stage.reason = `the first stage, ${at}, is what the others are held to`
      return
    }
    target *= Math.max(1, Math.round(Math.sqrt((before.size[0] * before.size[1]) / (stage.size[0] * stage.size[1]))))
    if (Math.abs(stage.channels / target - 1) <= tolerance) stage.reason = `it has ${at}, as the rule wants after ${before.size.join('×')}`
    else stage.times = target / stage.channels
  })
  return stages
}

/** Where the resolution halves, channels double: then a convolution costs the same in each stage. */
export const downsamplingRule = defineRewrite({
  name: 'downsamplingRule',
  summary: 'Stages that do not have twice the channels of the stage before at half its height and width are given them; the stem stays.',
  givesUp: 'Where channels were too few, parameters and flops grow to the level of the first stage; where too many, accuracy may be lost.',
  source: 'EECS 498-007 / 598-005, lecture 8: VGG; He et al., "Deep Residual Learning", CVPR 2016, section 3.3',
  options: none,
  sites: stagesOf,
  apply: (network, sites) => {
    const times = new Map(sites.flatMap(({ members, times: factor }) => members.map((id) => [id, factor])))
    // A gate has the channels of the map that it looks at, whatever these have become.
    const looksAt = new Map<string, string>()
    for (const { id, inputs } of network.each())
      if (!isMap(network.shape(id)) && network.shape(id).length === 4) looksAt.set(id, looksAt.get(inputs[0]!) ?? id)
    const ofGate = new Map<string, number>()
    widen(
      network,
      (id, grown) => {
        const gate = looksAt.get(id)
        if (gate === undefined) return times.get(id) ?? 1
        if (!ofGate.has(gate)) ofGate.set(gate, grown)
        return ofGate.get(gate)!
      },
      (channels) => Math.max(1, Math.round(channels)),
    )
  },
})
