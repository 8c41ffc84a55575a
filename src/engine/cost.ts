import type { Convention } from './conventions/convention.ts'
import { findConvention } from './conventions/index.ts'
import { bytesPerElement, type CostDtype, type Dtype, type FileDtype } from './dtypes.ts'
import { CountOverflow, exact, product, sum } from './exact.ts'
import { type Graph, reference } from './graph.ts'
import { costOverflow, type InferOptions, type InferredLayer, inferShapes, inputShape } from './infer.ts'
import { peakActivation } from './memory/lives.ts'
import { optimizers } from './memory/training.ts'
import { opOf } from './ops/index.ts'
import { type Field, receptiveFields } from './receptive-field.ts'
import { imageShape, numel, numelOf, type Shape } from './shape.ts'
import { countedFor, parametersOf } from './shared-weights.ts'
import { defaultDtype, type Widths, widthsOf } from './widths.ts'

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
 * What a graph costs, layer by layer. Σ layers = total for every additive column.
 * @throws EngineError COST_OVERFLOW naming the layer whose count (or the total that with it) passes 2^53 − 1;
 *   UNKNOWN_CONVENTION; INVALID_RESOLUTION where the resolution does not go through the network.
 */
export function computeCosts(graph: Graph, options: CostOptions = {}): Costs {
  const { batch = 1, dtype = defaultDtype(graph) } = options
  const convention = findConvention(options.convention ?? 'lecture')
  const widths = widthsOf(graph, dtype)
  const inferred = inferShapes(graph, options)
  const fields = receptiveFields(graph, inferred, options)
  const layers: LayerCost[] = []
  const uncounted: Costs['uncounted'] = []
  let partial = false
  const totals = { params: 0, buffers: 0, macs: 0, flops: 0, outputElements: 0, bytesRead: 0, bytesWritten: 0 }
  const macsByPrecision: CostTotals['macsByPrecision'] = {}
  let weightBytes = 0
  let outputBytes = 0
  for (let i = 0; i < inferred.length; i++) {
    const { layer } = inferred[i] as InferredLayer
    try {
      const cost = layerCost(inferred[i] as InferredLayer, fields[i] as Field, convention, widths, batch)
      const { row, buffers, counted } = cost
      layers.push(row)
      weightBytes = exact(weightBytes + cost.weightBytes)
      outputBytes = exact(outputBytes + cost.outputBytes)
      if (row.macsPrecision) macsByPrecision[row.macsPrecision] = exact((macsByPrecision[row.macsPrecision] ?? 0) + row.macs)
      if (!counted) {
        const op = opOf(layer.type)
        const without = op.withoutMacs?.(layer.attributes) ?? false
        partial ||= !without
        uncounted.push({
          id: layer.id,
          type: row.type,
          reason: `what ${row.type} computes is not counted here${without ? '; it has no multiply-adds' : ', multiply-adds among it'}${op.unsized?.(layer.attributes) ? '; the size of what it gives depends on the data and is not known' : ''}`,
        })
      }
      totals.params = exact(totals.params + row.params)
      totals.buffers = exact(totals.buffers + buffers)
      totals.macs = exact(totals.macs + row.macs)
      totals.flops = exact(totals.flops + row.flops)
      totals.outputElements = exact(totals.outputElements + row.outputElements)
      totals.bytesRead = exact(totals.bytesRead + row.bytesRead)
      totals.bytesWritten = exact(totals.bytesWritten + row.bytesWritten)
    } catch (cause) {
      throw overflowAt(layer.id, cause)
    }
  }
  try {
    const peak = peakActivation(graph, inferred, options, { size: widths.outputBytes, isView: widths.isView })
    return {
      convention: convention.name,
      batch,
      dtype,
      inputs: graph.inputs.map((input) => ({ id: input.id, shape: inputShape(input, options).slice(1) })),
      totals: {
        layers: layers.length,
        partial,
        ...totals,
        macsByPrecision,
        memoryKiB: outputBytes / 1024,
        arithmeticIntensity: ratio(totals.flops, sum(totals.bytesRead, totals.bytesWritten)),
        weightBytes,
        peakActivationBytes: peak.amount,
        peakActivationLayer: peak.layerId,
      },
      training: trainingMemory(totals, dtype === 'file' ? 'float32' : dtype),
      layers,
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

function layerCost({ layer, inputs, outputs }: InferredLayer, field: Field, convention: Convention, widths: Widths, batch: number) {
  const op = opOf(layer.type)
  // What the layer computes with, and what of it is counted here.
  const read = { params: 0, bytes: 0 }
  const own = { params: 0, buffers: 0, bytes: 0 }
  for (const parameter of parametersOf(layer, inputs)) {
    const counted = countedFor(layer, parameter)
    const held = numel(parameter.shape)
    if (parameter.trainable) {
      read.params = exact(read.params + held)
      own.params = exact(own.params + counted)
    } else own.buffers = exact(own.buffers + counted)
    read.bytes = exact(read.bytes + widths.parameterBytes(layer, parameter.name, held))
    own.bytes = exact(own.bytes + widths.parameterBytes(layer, parameter.name, counted))
  }
  const quantities = op.quantities({ inputs, outputs }, layer.attributes)
  const outputElements = op.stored ? 0 : numelOf(outputs)
  const { type, attributes } = layer
  const flops = quantities ? convention.rule(type).count({ type, attributes, inputs, outputs, params: read.params, quantities }) : 0
  const isView = widths.isView(layer)
  let outputBytes = 0
  if (!op.stored && (!isView || op.view))
    for (let i = 0; i < outputs.length; i++)
      outputBytes = exact(outputBytes + widths.outputBytes(reference(layer.id, i), numel(outputs[i] as Shape)))
  let bytesRead = 0
  if (!op.stored && !isView) {
    bytesRead = read.bytes
    for (let i = 0; i < inputs.length; i++)
      bytesRead = exact(bytesRead + widths.outputBytes(layer.inputs[i] as string, numel(inputs[i] as Shape)))
  }
  const bytesWritten = isView ? 0 : outputBytes
  const macs = quantities?.macs ?? 0
  const row: LayerCost = {
    id: layer.id,
    type: op.named?.(layer.attributes) ?? layer.type,
    inputs: layer.inputs.slice(),
    outputShape: imageShape(outputs[0] as Shape, batch),
    outputElements,
    memoryKiB: outputBytes / 1024,
    params: own.params,
    macs,
    flops,
    bytesRead,
    bytesWritten,
    arithmeticIntensity: ratio(flops, exact(bytesRead + bytesWritten)),
    receptiveField: [Math.ceil(field.size[0]), Math.ceil(field.size[1])],
    effectiveStride: field.stride && [field.stride[0], field.stride[1]],
  }
  // Added afterwards: an object literal with a spread inside is many times slower to make.
  if (macs > 0) row.macsPrecision = layer.dtypes?.macs ?? 'float32'
  if (layer.weightsOf !== undefined) row.weightsOf = layer.weightsOf
  if (!quantities) row.counted = false
  if (outputs.length > 1) row.outputShapes = outputs.map((shape) => imageShape(shape, batch))
  return { row, buffers: own.buffers, counted: quantities !== null, weightBytes: own.bytes, outputBytes }
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
