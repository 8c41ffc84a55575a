import type { Costs, LayerCost } from '../cost.ts'
import type { Graph } from '../graph.ts'

/** What a device can do at most; layers below the ridge between the two are bound by memory. */
export interface AdviceCeilings {
  flopsPerSecond: number
  bytesPerSecond: number
}

/** Times by layer of a run of this network at this batch, beside what its device was measured to do at most. */
export interface MeasuredTimes {
  runId: string
  device: string
  runtime: string
  batch: number
  /** What ran as one kernel, and what bounds it on the measured roofline. */
  rows: readonly { layerIds: readonly string[]; ms: number; bound: 'compute' | 'memory' | null }[]
  /** Of all kernels, those of no layer among them. */
  kernelMs: number
  ceilings: AdviceCeilings
}

/** What a finding is made of: the network, costed twice. */
export interface AdviceContext {
  graph: Graph
  /** Under the convention `lecture`. */
  costs: Costs
  /** Under the convention `full`, as the roofline counts. */
  full: Costs
  ceilings: AdviceCeilings | null
  /** Null where no run of it has a profile, or none is known of here. */
  measured: MeasuredTimes | null
}

/** A figure about a network, what it means, and where the rule comes from. */
export interface FindingResult {
  /** A sentence with the figure. */
  statement: string
  /** Whether the rule that is checked is true of this network. */
  holds: boolean
  value: number
  unit: 'bytes' | 'params' | 'macs' | 'flops' | 'layers' | 'times' | 'ms'
  /** Of the network’s total; null where it is no part of one. */
  share: number | null
  /** Layers that the figure is about, the largest first, at most 10. */
  layers: string[]
  /** The run that was measured; absent where the finding rests on no measurement. */
  runId?: string
}

/** A question that is put to every network. One file each, and one line in `index.ts`. */
export interface FindingDefinition {
  name: string
  /** The rule that is checked. */
  rule: string
  source: string
  /** Null where the question does not arise. */
  find(context: AdviceContext): FindingResult | null
}

/** Declares a finding. */
export const defineFinding = (finding: FindingDefinition): FindingDefinition => finding

export const lecture = 'EECS 498-007 / 598-005 (Justin Johnson, University of Michigan), lecture 8'

/** Convolutions of any rank, transposed ones too. */
export const isConvolution = ({ type }: Pick<LayerCost, 'type'>): boolean => /^Conv/.test(type)
export const isFullyConnected = ({ type }: Pick<LayerCost, 'type'>): boolean => type === 'Linear'

/** Sum of a figure over layers. */
export const total = (layers: readonly LayerCost[], of: (layer: LayerCost) => number): number =>
  layers.reduce((sum, layer) => sum + of(layer), 0)

/** Ids of the layers with the most of something, the most first. */
export const largest = (layers: readonly LayerCost[], of: (layer: LayerCost) => number, most = 10): string[] =>
  [...layers]
    .filter((layer) => of(layer) > 0)
    .sort((a, b) => of(b) - of(a))
    .slice(0, most)
    .map(({ id }) => id)

/** A share as a whole percentage. */
export const percent = (share: number): string => `${Math.round(100 * share)} %`
