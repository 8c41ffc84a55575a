import { type CostOptions, computeCosts, type LayerCost } from '../cost.ts'
import type { Graph } from '../graph.ts'
import { referencedId } from '../graph.ts'
import { inferShapes } from '../infer.ts'
import { parametersOf } from '../shared-weights.ts'
import type { AppliedStep, Rewritten } from './apply.ts'
import { type Approximation, countOrigins, type WeightOrigin, type WeightPlan, weightOrigins } from './weights.ts'

/** What of a network's totals is put side by side. */
const compared = ['layers', 'params', 'buffers', 'macs', 'flops', 'memoryKiB', 'weightBytes', 'peakActivationBytes'] as const
export type ComparedTotals = Record<(typeof compared)[number], number>

/** One layer of either network, in short. */
export interface LayerSide {
  type: string
  outputShape: number[]
  params: number
  macs: number
  flops: number
  memoryKiB: number
  receptiveField: [number, number]
}

/** What became of a layer; layers are matched by id, which a rewrite keeps where it keeps the layer. */
export interface LayerChange {
  id: string
  change: 'kept' | 'changed' | 'added' | 'removed'
  before: LayerSide | null
  after: LayerSide | null
  /** Where its weights come from; null where it has none, or is removed. */
  weights: WeightOrigin | null
}

export interface OutputField {
  output: string
  /** [height, width] on the input. */
  receptiveField: [number, number]
  effectiveStride: [number, number] | null
}

/** The two networks side by side. */
export interface RewritePreview {
  convention: string
  batch: number
  steps: AppliedStep[]
  before: ComparedTotals
  after: ComparedTotals
  /** `after` − `before`: below 0 is saved. */
  difference: ComparedTotals
  receptiveField: { before: OutputField[]; after: OutputField[]; kept: boolean }
  /** Elements of parameters and running statistics, by where their numbers come from. */
  weights: Record<WeightOrigin, number>
  /** How far weights that stand for others are from them; empty until weights were written. */
  approximations: Approximation[]
  /** True where every step keeps the outputs for the same weights, up to rounding. */
  exact: boolean
  layers: LayerChange[]
}

/**
 * A graph beside what a recipe made of it, both costed alike. The layers' differences sum to the totals' difference.
 * @throws EngineError as `computeCosts` does.
 */
export function previewRewrite(
  graph: Graph,
  rewritten: Rewritten,
  options: Pick<CostOptions, 'convention' | 'batch'> = {},
): RewritePreview {
  const { steps, weights } = rewritten
  const [before, after] = [computeCosts(graph, options), computeCosts(rewritten.graph, options)]
  const totals = (of: typeof before): ComparedTotals =>
    Object.fromEntries(compared.map((name) => [name, of.totals[name]])) as unknown as ComparedTotals
  const [from, to] = [totals(before), totals(after)]
  const fields = [fieldsOf(graph, before.layers), fieldsOf(rewritten.graph, after.layers)] as const
  return {
    convention: before.convention,
    batch: before.batch,
    steps,
    before: from,
    after: to,
    difference: Object.fromEntries(compared.map((name) => [name, to[name] - from[name]])) as unknown as ComparedTotals,
    receptiveField: { before: fields[0], after: fields[1], kept: sameFields(fields[0], fields[1]) },
    weights: countOrigins(rewritten.graph, weights),
    approximations: weights.approximations(),
    exact: steps.every(({ exact }) => exact),
    layers: changesOf(before.layers, after.layers, graph, rewritten),
  }
}

/** Fields of a network's outputs. What joins every position sees the whole map: that of the map it joins says more. */
function fieldsOf({ outputs }: Graph, layers: readonly LayerCost[]): OutputField[] {
  const byId = new Map(layers.map((layer) => [layer.id, layer]))
  return outputs.map((output) => {
    let layer = byId.get(referencedId(output)) as LayerCost
    // Back along the first input to the last layer that still has positions.
    while (layer.effectiveStride === null) {
      const above = byId.get(referencedId(layer.inputs[0] ?? ''))
      if (!above) break
      layer = above
    }
    return { output, receptiveField: layer.receptiveField, effectiveStride: layer.effectiveStride }
  })
}

const sameFields = (a: readonly OutputField[], b: readonly OutputField[]): boolean =>
  b.every(({ receptiveField, effectiveStride }, i) => {
    const other = a.length === b.length ? a[i] : a.find((each) => each.output === b[i]!.output)
    return (
      other !== undefined &&
      String(other.receptiveField) === String(receptiveField) &&
      String(other.effectiveStride) === String(effectiveStride)
    )
  })

const sideOf = ({ type, outputShape, params, macs, flops, memoryKiB, receptiveField }: LayerCost): LayerSide => ({
  type,
  outputShape,
  params,
  macs,
  flops,
  memoryKiB,
  receptiveField,
})

/** Every layer of either network: those of the result in its order, then those that went. */
function changesOf(
  before: readonly LayerCost[],
  after: readonly LayerCost[],
  graph: Graph,
  { graph: result, weights }: Rewritten,
): LayerChange[] {
  const costBefore = new Map(before.map((layer) => [layer.id, layer]))
  const layerBefore = new Map(graph.layers.map((layer) => [layer.id, layer]))
  const origins = originsOf(result, weights)
  const left = new Set(costBefore.keys())
  const changes = after.map((cost, i): LayerChange => {
    const { id } = cost
    const was = costBefore.get(id)
    left.delete(id)
    const origin = origins.get(id) ?? null
    if (!was) return { id, change: 'added', before: null, after: sideOf(cost), weights: origin }
    const [a, b] = [layerBefore.get(id), result.layers[i]]
    const same =
      JSON.stringify(sideOf(was)) === JSON.stringify(sideOf(cost)) &&
      a?.type === b?.type &&
      JSON.stringify(a?.attributes) === JSON.stringify(b?.attributes) &&
      origin !== 'new' &&
      origin !== 'derived'
    return { id, change: same ? 'kept' : 'changed', before: sideOf(was), after: sideOf(cost), weights: origin }
  })
  const removed = before.filter(({ id }) => left.has(id))
  return [
    ...changes,
    ...removed.map((cost): LayerChange => ({ id: cost.id, change: 'removed', before: sideOf(cost), after: null, weights: null })),
  ]
}

/** Where the weights of each layer that has some come from: the least known of its parameters. */
function originsOf(graph: Graph, weights: WeightPlan): Map<string, WeightOrigin> {
  const found = new Map<string, WeightOrigin>()
  for (const { layer, inputs } of inferShapes(graph)) {
    const of = parametersOf(layer, inputs).map(({ name }) => weights.originOf(layer.id, name))
    const worst = weightOrigins.findLast((origin) => of.includes(origin))
    if (worst) found.set(layer.id, worst)
  }
  return found
}
