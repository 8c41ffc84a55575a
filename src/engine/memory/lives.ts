import { exact } from '../exact.ts'
import { type Graph, reference, referencedId, referencedOutput } from '../graph.ts'
import { type InferOptions, type InferredLayer, inputShape, tensorCount } from '../infer.ts'
import { numel, type Shape, sameShape } from '../shape.ts'

/** What tensors take in memory. */
export interface TensorSizes {
  /** @param reference of a network input or a layer's output. */
  size(reference: string, elements: number): number
  /** Whether the output of a layer is its input's buffer. */
  isView(layer: Pick<InferredLayer, 'layer' | 'op'>): boolean
}

const elementsAndOps: TensorSizes = { size: (_reference, elements) => elements, isView: ({ op }) => op.view === true }

/** Memory that is taken at one step and given back after another. It is alive at both and at every step between. */
export interface Life {
  /** Reference of the tensor that it was made for: not of its views. */
  name: string
  /** Of the whole batch. */
  size: number
  /** Step that makes it; -1 for a network input. */
  from: number
  /** Step of its last reader; the number of steps where it stays to the end. */
  to: number
}

/** The buffer of a tensor, and of its views. */
export interface BufferLife extends Life {
  /** References of tensors that are this buffer too: views, and what was written over it. */
  others: string[]
}

export interface Lives {
  /** Inputs first, then in the order in which layers make them. */
  buffers: BufferLife[]
  /** Layers that write their output over an input, by id; only where that was asked for. */
  inPlace: ReadonlyMap<string, string>
}

/** Buffers in the order in which they are made, network inputs first, in columns. */
interface Buffers {
  /** How many there are: the columns are as long as there are tensors. */
  count: number
  /** Number of the tensor that each was made for. */
  madeFor: number[]
  /** As `Life` has them. */
  size: number[]
  from: number[]
  to: number[]
  /** The buffer of each tensor, by its number. */
  of: number[]
  /** Tensor number that each layer overwrites, by the layer's place in the graph; only where that was asked for. */
  overwrites: ReadonlyMap<number, number>
}

/** Numbers of the tensors that the network gives out. */
function givenOut({ outputs }: Graph, layers: readonly InferredLayer[]): number[] {
  const given: number[] = []
  const left = new Map<string, number[]>()
  for (const name of outputs) {
    const id = referencedId(name)
    left.set(id, [...(left.get(id) ?? []), referencedOutput(name)])
  }
  // From the end, where outputs mostly are.
  for (let i = layers.length - 1; i >= 0 && left.size > 0; i--) {
    const { layer, first } = layers[i] as InferredLayer
    for (const output of left.get(layer.id) ?? []) given.push(first + output)
    left.delete(layer.id)
  }
  return given
}

/** What `bufferLives` tells, by number. */
function buffersOf(graph: Graph, layers: readonly InferredLayer[], options: InferOptions, tensors: TensorSizes, inPlace: boolean): Buffers {
  const end = layers.length
  const given = givenOut(graph, layers)
  const tensorsInAll = tensorCount(graph, layers)
  const of = new Array<number>(tensorsInAll).fill(0)
  const madeFor = of.slice()
  const size = of.slice()
  const from = of.slice()
  const to = of.slice()
  let count = 0
  const make = (tensor: number, bytes: number, made: number, last: number): void => {
    of[tensor] = count
    madeFor[count] = tensor
    size[count] = bytes
    from[count] = made
    to[count] = last
    count++
  }
  // Reads that are still to come, of each tensor and of each buffer with its views: nothing else tells what may be written over.
  const readers = new Int32Array(inPlace ? tensorsInAll : 0)
  const left = new Int32Array(readers.length)
  if (inPlace) {
    for (const { reads } of layers) for (const tensor of reads) readers[tensor]!++
    for (const tensor of given) readers[tensor]!++
  }
  const overwrites = new Map<number, number>()
  const overwritten = ({ layer, op, inputs, outputs, reads }: InferredLayer): number | undefined => {
    if (op.inPlace !== true || outputs.length !== 1) return undefined
    return reads.find((tensor, i) => {
      const buffer = of[tensor] as number
      const own = reads.filter((each) => of[each] === buffer).length
      return (
        from[buffer]! >= 0 &&
        size[buffer]! > 0 &&
        left[buffer] === own &&
        sameShape(inputs[i] as Shape, outputs[0] as Shape) &&
        size[buffer] === tensors.size(layer.id, numel(outputs[0] as Shape))
      )
    })
  }
  for (let i = 0; i < graph.inputs.length; i++) {
    const input = graph.inputs[i] as Graph['inputs'][number]
    make(i, tensors.size(input.id, numel(inputShape(input, options))), -1, end)
    if (inPlace) left[i] = readers[i] as number
  }
  for (let step = 0; step < end; step++) {
    const inferred = layers[step] as InferredLayer
    const { layer, op, outputs, reads, first } = inferred
    const isView = tensors.isView(inferred)
    const over = inPlace && !isView ? overwritten(inferred) : undefined
    if (over !== undefined) overwrites.set(step, over)
    const shared = isView ? reads[0] : over
    for (let i = 0; i < outputs.length; i++) {
      const tensor = first + i
      if (shared !== undefined) of[tensor] = of[shared] as number
      // One that nobody reads lives while its layer runs.
      else make(tensor, op.stored ? 0 : tensors.size(reference(layer.id, i), numel(outputs[i] as Shape)), step, step)
      if (inPlace) left[of[tensor] as number]! += readers[tensor] as number
    }
    for (let i = 0; i < reads.length; i++) {
      const buffer = of[reads[i] as number] as number
      if (inPlace) left[buffer]!--
      to[buffer] = step
    }
  }
  for (const tensor of given) to[of[tensor] as number] = end
  return { count, madeFor, size, from, to, of, overwrites }
}

/**
 * When each buffer of activations is alive, where layers run in graph order, a layer's output exists beside its inputs, and a
 * tensor is freed after its last reader. A view shares its input's buffer. Network inputs are there from the start to their last
 * use, network outputs stay to the end.
 * @param inPlace whether a layer whose op can do so writes over an input that nobody reads after it; network inputs are left as
 *   they are.
 */
export function bufferLives(
  graph: Graph,
  layers: readonly InferredLayer[],
  options: InferOptions = {},
  tensors: TensorSizes = elementsAndOps,
  inPlace = false,
): Lives {
  const { count, madeFor, size, from, to, of, overwrites } = buffersOf(graph, layers, options, tensors, inPlace)
  const names = graph.inputs.map(({ id }) => id)
  for (const { layer, outputs } of layers) for (let i = 0; i < outputs.length; i++) names.push(reference(layer.id, i))
  const buffers = madeFor
    .slice(0, count)
    .map((tensor, i): BufferLife => ({ name: names[tensor]!, size: size[i]!, from: from[i]!, to: to[i]!, others: [] }))
  for (let tensor = 0; tensor < of.length; tensor++) if (madeFor[of[tensor]!] !== tensor) buffers[of[tensor]!]!.others.push(names[tensor]!)
  return { buffers, inPlace: new Map([...overwrites].map(([step, tensor]) => [layers[step]!.layer.id, names[tensor]!])) }
}

/**
 * What is alive at each step, and before the first. @param steps how many there are.
 * @returns the sum before anything runs, and at each step while it runs: what it makes is there, and what it reads last as well.
 * @throws CountOverflow where a sum passes 2^53 − 1.
 */
export function aliveAt(lives: readonly Life[], steps: number): { start: number; at: number[] } {
  const size = lives.map((life) => life.size)
  const from = lives.map((life) => life.from)
  const to = lives.map((life) => life.to)
  return sums({ count: lives.length, size, from, to }, steps)
}

/** `aliveAt` of lives in columns. */
function sums({ count, size, from, to }: Pick<Buffers, 'count' | 'size' | 'from' | 'to'>, steps: number): { start: number; at: number[] } {
  const at = new Array<number>(steps).fill(0)
  const freed = new Array<number>(steps).fill(0)
  let start = 0
  for (let i = 0; i < count; i++) {
    const made = from[i]!
    const last = to[i]!
    if (made < 0) start = exact(start + size[i]!)
    else at[made] = exact(at[made]! + size[i]!)
    if (last < steps) freed[last] = exact(freed[last]! + size[i]!)
  }
  let alive = start
  for (let step = 0; step < steps; step++) {
    at[step] = exact(alive + at[step]!)
    alive = at[step]! - freed[step]!
  }
  return { start, at }
}

/**
 * Largest number of activation elements alive at once (`bufferLives`).
 * @param tensors what tensors take, and which outputs are views; elements of each, and views by their ops, where left out.
 * @returns the sum of what is alive, batch included, and the layer at which the peak stands (null where the input alone is
 *   the peak).
 */
export function peakActivation(
  graph: Graph,
  layers: readonly InferredLayer[],
  options: InferOptions = {},
  tensors: TensorSizes = elementsAndOps,
): { amount: number; layerId: string | null } {
  const { start, at } = sums(buffersOf(graph, layers, options, tensors, false), layers.length)
  let amount = start
  let peak = -1
  for (let step = 0; step < at.length; step++)
    if (at[step]! > amount) {
      amount = at[step]!
      peak = step
    }
  return { amount, layerId: layers[peak]?.layer.id ?? null }
}
