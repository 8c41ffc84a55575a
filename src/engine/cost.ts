import { findConvention } from './conventions/index.ts'
import { bytesPerElement, type CostDtype, type Dtype, type FileDtype } from './dtypes.ts'
import { CountOverflow, exact, product, sum } from './exact.ts'
import type { Graph, Layer } from './graph.ts'
import { costOverflow, type InferOptions, type InferredLayer, inferShapes, inputShape } from './infer.ts'
import { Counts, column, countLayer } from './layer-counts.ts'
import { peakActivation } from './memory/lives.ts'
import { optimizers } from './memory/training.ts'
import type { AnyOp } from './op.ts'
import { type Field, receptiveFields } from './receptive-field.ts'
import { imageShape, type Shape } from './shape.ts'
import { defaultDtype, widthsOf } from './widths.ts'

export interface CostOptions extends InferOptions {
  /** Name of the counting convention. Default `lecture`. */
  convention?: string
  /** Default: `file` where the network came with types of its own, else `float32`. */
  dtype?: CostDtype
}

/**
 * One row of the table. Counts are for the whole batch; `outputShape` is one image's, or the whole tensor's where the
 * batch is not its dim 0, as between the heads of an attention. A stored tensor (`Parameter`) is a weight: it has no output
 * elements.
 */
export interface LayerCost {
  id: string
  type: string
  inputs: string[]
  outputShape: number[]
  /** Only where the layer has several outputs: all their shapes. */
  outputShapes?: number[][]
  outputElements: number
  memoryKiB: number
  /** Elements of the learned parameters it owns: 0 where it has those of another layer. */
  params: number
  /** Only where it shares the weights of another layer: that layer's id. They are counted there, and read here as well. */
  weightsOf?: string
  macs: number
  /** Only where it has multiply-adds: the type that they are computed in, by the file; float32 where nothing says so. */
  macsPrecision?: FileDtype
  flops: number
  bytesRead: number
  bytesWritten: number
  /** Only where it could not be counted: its multiply-adds and flops are then not 0 but unknown. */
  counted?: false
  /** Flops of the convention per byte moved; 0 where nothing moves. */
  arithmeticIntensity: number
  receptiveField: [number, number]
  effectiveStride: [number, number] | null
}

export interface CostTotals {
  layers: number
  /** True where something that may multiply could not be counted (`uncounted`): MACs and flops are sums over the rest. */
  partial: boolean
  params: number
  /** Running statistics and other tensors that are stored but not learned. */
  buffers: number
  macs: number
  /** The same by the type that they are computed in: 8-bit integers and floats told apart. Types without any are left out. */
  macsByPrecision: Partial<Record<FileDtype, number>>
  flops: number
  outputElements: number
  memoryKiB: number
  bytesRead: number
  bytesWritten: number
  arithmeticIntensity: number
  /** Parameters and buffers at the dtype; with `file` as the file stores them, packed, without their scales. */
  weightBytes: number
  /** Most bytes of activations alive at once: `bufferLives` says when each is. */
  peakActivationBytes: number
  peakActivationLayer: string | null
}

/** Memory to train with Adam at the dtype, at float32 where that is `file`: every layer output is kept for the backward pass. Bytes. */
export interface TrainingMemory {
  weightBytes: number
  gradientBytes: number
  /** Two moments per parameter (Kingma and Ba, "Adam", 2015). */
  optimizerBytes: number
  activationBytes: number
  totalBytes: number
}

export interface Costs {
  convention: string
  batch: number
  dtype: CostDtype
  inputs: { id: string; shape: number[] }[]
  totals: CostTotals
  training: TrainingMemory
  layers: LayerCost[]
  uncounted: Uncounted[]
}

/** A layer whose arithmetic is not known here. */
export interface Uncounted {
  id: string
  /** The operator, by the file's own name. */
  type: string
  reason: string
}

const ratio = (flops: number, bytes: number): number => (bytes === 0 ? 0 : flops / bytes)

/**
 * What a graph costs, layer by layer. Σ layers = total for every additive column. Rows are made where `layers` is read first:
 * many callers ask for totals alone.
 * @throws EngineError COST_OVERFLOW naming the layer whose count (or the total that with it) passes 2^53 − 1;
 *   UNKNOWN_CONVENTION; INVALID_RESOLUTION where the resolution does not go through the network.
 */
export function computeCosts(graph: Graph, options: CostOptions = {}): Costs {
  const { batch = 1, dtype = defaultDtype(graph) } = options
  const convention = findConvention(options.convention ?? 'lecture')
  const widths = widthsOf(graph, dtype)
  const inferred = inferShapes(graph, options)
  const counts = new Counts(inferred.length)
  const uncounted: Costs['uncounted'] = []
  let partial = false
  const macsByPrecision: CostTotals['macsByPrecision'] = {}
  let at = 0
  try {
    for (; at < inferred.length; at++) {
      const { layer, op } = inferred[at] as InferredLayer
      const counted = countLayer(inferred[at] as InferredLayer, convention, widths, counts, at)
      const macs = counts.of(at, column.macs)
      if (macs > 0) {
        const precision = precisionOf(layer)
        macsByPrecision[precision] = exact((macsByPrecision[precision] ?? 0) + macs)
      }
      if (!counted) {
        const without = op.withoutMacs?.(layer.attributes) ?? false
        const type = nameOf(layer, op)
        partial ||= !without
        uncounted.push({
          id: layer.id,
          type,
          reason: `what ${type} computes is not counted here${without ? '; it has no multiply-adds' : ', multiply-adds among it'}${op.unsized?.(layer.attributes) ? '; the size of what it gives depends on the data and is not known' : ''}`,
        })
      }
    }
  } catch (cause) {
    throw overflowAt((inferred[at] as InferredLayer).layer.id, cause)
  }
  const totals = {
    params: counts.total(column.params),
    buffers: counts.total(column.buffers),
    macs: counts.total(column.macs),
    flops: counts.total(column.flops),
    outputElements: counts.total(column.outputElements),
    bytesRead: counts.total(column.bytesRead),
    bytesWritten: counts.total(column.bytesWritten),
  }
  try {
    const peak = peakActivation(graph, inferred, options, { size: widths.outputBytes, isView: widths.isView })
    let rows: LayerCost[] | undefined
    return {
      convention: convention.name,
      batch,
      dtype,
      inputs: graph.inputs.map((input) => ({ id: input.id, shape: inputShape(input, options).slice(1) })),
      totals: {
        layers: inferred.length,
        partial,
        ...totals,
        macsByPrecision,
        memoryKiB: counts.total(column.outputBytes) / 1024,
        arithmeticIntensity: ratio(totals.flops, sum(totals.bytesRead, totals.bytesWritten)),
        weightBytes: counts.total(column.weightBytes),
        peakActivationBytes: peak.amount,
        peakActivationLayer: peak.layerId,
      },
      training: trainingMemory(totals, dtype === 'file' ? 'float32' : dtype),
      get layers() {
        rows ??= rowsOf(inferred, counts, uncounted, receptiveFields(graph, inferred, options), batch)
        return rows
      },
      uncounted,
    }
  } catch (cause) {
    throw overflowAt(null, cause)
  }
}

function trainingMemory(
  { params, buffers, outputElements }: Pick<CostTotals, 'params' | 'buffers' | 'outputElements'>,
  dtype: Dtype,
): TrainingMemory {
  const width = bytesPerElement[dtype]
  const weightBytes = product(sum(params, buffers), width)
  const gradientBytes = product(params, width)
  const optimizerBytes = product(optimizers.adam, params, width)
  const activationBytes = product(outputElements, width)
  return {
    weightBytes,
    gradientBytes,
    optimizerBytes,
    activationBytes,
    totalBytes: sum(weightBytes, gradientBytes, optimizerBytes, activationBytes),
  }
}

const precisionOf = ({ dtypes }: Layer): FileDtype => dtypes?.macs ?? 'float32'
const nameOf = (layer: Layer, op: AnyOp): string => op.named?.(layer.attributes) ?? layer.type

/** Rows of the table, in graph order. */
function rowsOf(
  inferred: readonly InferredLayer[],
  counts: Counts,
  uncounted: readonly Uncounted[],
  fields: readonly Field[],
  batch: number,
): LayerCost[] {
  const unknown = new Set(uncounted.map(({ id }) => id))
  return inferred.map(({ layer, op, outputs }, i) => {
    const macs = counts.of(i, column.macs)
    const flops = counts.of(i, column.flops)
    const bytesRead = counts.of(i, column.bytesRead)
    const bytesWritten = counts.of(i, column.bytesWritten)
    const { size, stride } = fields[i] as Field
    const row: LayerCost = {
      id: layer.id,
      type: nameOf(layer, op),
      inputs: layer.inputs.slice(),
      outputShape: imageShape(outputs[0] as Shape, batch),
      outputElements: counts.of(i, column.outputElements),
      memoryKiB: counts.of(i, column.outputBytes) / 1024,
      params: counts.of(i, column.params),
      macs,
      flops,
      bytesRead,
      bytesWritten,
      arithmeticIntensity: ratio(flops, bytesRead + bytesWritten),
      receptiveField: [Math.ceil(size[0]), Math.ceil(size[1])],
      effectiveStride: stride && [stride[0], stride[1]],
    }
    // Added afterwards: an object literal with a spread inside is many times slower to make.
    if (macs > 0) row.macsPrecision = precisionOf(layer)
    if (layer.weightsOf !== undefined) row.weightsOf = layer.weightsOf
    if (unknown.has(layer.id)) row.counted = false
    if (outputs.length > 1) row.outputShapes = outputs.map((shape) => imageShape(shape, batch))
    return row
  })
}

const overflowAt = (layerId: string | null, cause: unknown): unknown =>
  cause instanceof CountOverflow ? costOverflow(layerId, cause) : cause

/** How many layers of each operator could not be counted, the most first: `FusedConv ×34`. */
export function uncountedOperators(uncounted: readonly Uncounted[]): { operator: string; layers: number }[] {
  const layers = new Map<string, number>()
  for (const { type } of uncounted) layers.set(type, (layers.get(type) ?? 0) + 1)
  return [...layers]
    .map(([operator, count]) => ({ operator, layers: count }))
    .sort((a, b) => b.layers - a.layers || (a.operator < b.operator ? -1 : 1))
}
