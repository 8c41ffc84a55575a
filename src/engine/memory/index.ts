import { type CostOptions, type Costs, computeCosts } from '../cost.ts'
import { bytesPerElement, type CostDtype } from '../dtypes.ts'
import { CountOverflow, product, sum } from '../exact.ts'
import type { Graph } from '../graph.ts'
import { costOverflow, inferShapes } from '../infer.ts'
import { defaultDtype, widthsOf } from '../widths.ts'
import { placeBuffers } from './arena.ts'
import { aliveAt, bufferLives } from './lives.ts'
import { type Optimizer, optimizers, recomputedMacs, rootSegments, type TensorKind, type TrainingLife, trainingLives } from './training.ts'

export { type Optimizer, optimizerNames, type TensorKind, tensorKinds } from './training.ts'

export const memoryModes = ['inference', 'training'] as const
export type MemoryMode = (typeof memoryModes)[number]

export interface MemoryOptions extends Pick<CostOptions, 'batch' | 'resolution' | 'dtype'> {
  /** Default `inference`. */
  mode?: MemoryMode
  /** Of training. Default `adam`. */
  optimizer?: Optimizer
  /** Of training: parts between which activations are kept, all else computed twice; `sqrt`: √layers. Default 1, nothing is. */
  segments?: number | 'sqrt'
}

/** What is in memory from one step to another. Steps: layers in order, then, in training, backward in the opposite order. */
export interface LiveTensor {
  tensor: string
  kind: TensorKind
  bytes: number
  /** −1 for what is there before the first step. */
  from: number
  /** The last step that needs it; the number of steps where it stays to the end. */
  to: number
  /** Views of it. */
  others: string[]
  /** Where it lies in one block of memory (`placeBuffers`); null where none was planned. */
  offset: number | null
}

export interface MemoryStep {
  layerId: string
  pass: 'forward' | 'backward'
  /** Activations, network inputs and what is computed again. */
  activationBytes: number
  /** Gradients of activations. */
  gradientBytes: number
  /** Both. */
  aliveBytes: number
  /** The output may be written over an input that nobody reads after it. */
  inPlace: boolean
}

export interface MemoryTimeline {
  mode: MemoryMode
  batch: number
  dtype: CostDtype
  /** Parameters and buffers. */
  weightBytes: number
  /** Of parameters; 0 in inference. */
  gradientBytes: number
  optimizer: Optimizer | null
  optimizerBytes: number
  /** 1: nothing is computed twice. */
  segments: number
  recomputedMacs: number
  /** Activations kept for the backward pass at once; what training takes without gradients of activations. 0 in inference. */
  keptActivationBytes: number
  peak: {
    /** Activations and their gradients. */
    bytes: number
    /** −1 where the inputs alone are the peak. */
    step: number
    layerId: string | null
    pass: 'forward' | 'backward'
    /** Weights, gradients of weights and the optimizer’s state as well. */
    totalBytes: number
  }
  /** Were outputs written over inputs wherever they may; null in training. */
  inPlace: { peakBytes: number; layers: number } | null
  /** One block of memory for all; null in training, and where there are too many buffers. */
  arena: { bytes: number; withoutReuseBytes: number } | null
  steps: MemoryStep[]
  tensors: LiveTensor[]
}

/**
 * What is in memory at each step of a call, or of a step of training, and what of it at the peak. In inference the peak is
 * `totals.peakActivationBytes` of `computeCosts`. Not counted: what libraries take for themselves, as workspaces.
 * @throws EngineError as `computeCosts` does.
 */
export function memoryTimeline(
  graph: Graph,
  { mode = 'inference', optimizer = 'adam', segments = 1, ...options }: MemoryOptions = {},
): MemoryTimeline {
  const costs = computeCosts(graph, options)
  try {
    return mode === 'inference' ? inference(graph, costs, options) : training(graph, costs, options, optimizer, segments)
  } catch (cause) {
    throw cause instanceof CountOverflow ? costOverflow(null, cause) : cause
  }
}

type Options = Pick<CostOptions, 'batch' | 'resolution' | 'dtype'>

function inference(graph: Graph, costs: Costs, options: Options): MemoryTimeline {
  const { batch, dtype } = costs
  const layers = inferShapes(graph, options)
  const widths = widthsOf(graph, options.dtype ?? defaultDtype(graph))
  const sizes = { size: widths.outputBytes, isView: widths.isView }
  const { buffers } = bufferLives(graph, layers, options, sizes)
  const over = bufferLives(graph, layers, options, sizes, true)
  const overwritten = aliveAt(over.buffers, layers.length)
  const placed = placeBuffers(buffers)
  const inputs = new Set(graph.inputs.map(({ id }) => id))
  const lives = buffers.map((each) => ({ ...each, kind: inputs.has(each.name) ? ('input' as const) : ('activation' as const) }))
  const names = layers.map(({ layer }) => layer.id)
  const { weightBytes } = costs.totals
  const { steps, peak } = stepsOf(lives, names, false, weightBytes)
  for (const step of steps) step.inPlace = over.inPlace.has(step.layerId)
  return {
    ...{ mode: 'inference', batch, dtype, weightBytes },
    ...{ gradientBytes: 0, optimizer: null, optimizerBytes: 0, segments: 1, recomputedMacs: 0, keptActivationBytes: 0 },
    peak,
    inPlace: { peakBytes: overwritten.at.reduce((most, each) => Math.max(most, each), overwritten.start), layers: over.inPlace.size },
    arena: placed && { bytes: placed.length, withoutReuseBytes: sum(...buffers.map(({ size }) => size)) },
    steps,
    tensors: lives.map((life, i) => ({ ...liveTensor(life), others: buffers[i]!.others, offset: placed ? placed.offsets[i]! : null })),
  }
}

function training(graph: Graph, costs: Costs, options: Options, optimizer: Optimizer, asked: number | 'sqrt'): MemoryTimeline {
  const layers = inferShapes(graph, options)
  const dtype = costs.dtype === 'file' ? 'float32' : costs.dtype
  const width = bytesPerElement[dtype]
  const segments = Math.min(asked === 'sqrt' ? rootSegments(layers.length) : asked, layers.length)
  const lives = trainingLives(graph, layers, options, width, segments)
  const { weightBytes, gradientBytes } = costs.training
  const optimizerBytes = product(optimizers[optimizer], gradientBytes)
  const names = layers.map(({ layer }) => layer.id)
  const { steps, peak } = stepsOf(lives, names, true, sum(weightBytes, gradientBytes, optimizerBytes))
  const kept = aliveAt(
    lives.filter(({ kind }) => kind !== 'gradient' && kind !== 'input'),
    2 * layers.length,
  )
  return {
    ...{ mode: 'training', batch: costs.batch, dtype, weightBytes, gradientBytes, optimizer, optimizerBytes, segments },
    recomputedMacs: recomputedMacs(costs.layers, layers, segments),
    keptActivationBytes: kept.at.reduce((most, each) => Math.max(most, each), 0),
    peak,
    inPlace: null,
    arena: null,
    steps,
    tensors: lives.map(liveTensor),
  }
}

const liveTensor = ({ name, kind, size, from, to }: TrainingLife): LiveTensor => ({
  ...{ tensor: name, kind, bytes: size, from, to, others: [], offset: null },
})

/** @param held bytes that are there all the time. */
function stepsOf(
  lives: readonly TrainingLife[],
  names: readonly string[],
  both: boolean,
  held: number,
): Pick<MemoryTimeline, 'steps' | 'peak'> {
  const count = both ? 2 * names.length : names.length
  const gradients = aliveAt(
    lives.filter(({ kind }) => kind === 'gradient'),
    count,
  )
  const others = aliveAt(
    lives.filter(({ kind }) => kind !== 'gradient'),
    count,
  )
  let peak = { bytes: others.start, step: -1 }
  const steps = others.at.map((activationBytes, step): MemoryStep => {
    const gradientBytes = gradients.at[step]!
    const aliveBytes = sum(activationBytes, gradientBytes)
    if (aliveBytes > peak.bytes) peak = { bytes: aliveBytes, step }
    const forward = step < names.length
    const layerId = names[forward ? step : 2 * names.length - 1 - step]!
    return { layerId, pass: forward ? 'forward' : 'backward', activationBytes, gradientBytes, aliveBytes, inPlace: false }
  })
  const at = steps[peak.step]
  return { steps, peak: { ...peak, layerId: at?.layerId ?? null, pass: at?.pass ?? 'forward', totalBytes: sum(held, peak.bytes) } }
}

/**
 * What a call, or a step of training, takes at its peak, weights and all: `peak.totalBytes` of `memoryTimeline`, for less work.
 * @throws EngineError as it does.
 */
export function peakTotal(graph: Graph, { mode = 'inference', ...options }: MemoryOptions = {}): number {
  if (mode === 'training') return memoryTimeline(graph, { mode, ...options }).peak.totalBytes
  const { batch, resolution, dtype } = options
  const { weightBytes, peakActivationBytes } = computeCosts(graph, { batch, resolution, dtype }).totals
  return weightBytes + peakActivationBytes
}

/** Whether a tensor is in memory at a step. */
export const isAlive = ({ from, to }: Pick<LiveTensor, 'from' | 'to'>, step: number): boolean => from <= step && step <= to
