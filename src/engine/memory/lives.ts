import { exact } from '../exact.ts'
import type { Graph, Layer } from '../graph.ts'
import { reference } from '../graph.ts'
import type { InferOptions, InferredLayer } from '../infer.ts'
import { inputShape } from '../infer.ts'
import { opOf } from '../ops/index.ts'
import { numel, sameShape } from '../shape.ts'

/** What tensors take in memory. */
export interface TensorSizes {
  /** @param reference of a network input or a layer's output. */
  size(reference: string, elements: number): number
  /** Whether the output of a layer is its input's buffer. */
  isView(layer: Layer): boolean
}

const elementsAndOps: TensorSizes = { size: (_reference, elements) => elements, isView: ({ type }) => opOf(type).view === true }

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
  const readers = new Map<string, number>()
  for (const { layer } of layers) for (const name of layer.inputs) readers.set(name, (readers.get(name) ?? 0) + 1)
  for (const name of graph.outputs) readers.set(name, (readers.get(name) ?? 0) + 1)
  const end = layers.length
  const buffers: BufferLife[] = []
  const bufferOf = new Map<string, BufferLife>()
  // Reads that are still to come, of a buffer and its views.
  const left = new Map<BufferLife, number>()
  const make = (name: string, size: number, from: number, to: number): void => {
    const buffer = { name, size, from, to, others: [] }
    buffers.push(buffer)
    bufferOf.set(name, buffer)
    left.set(buffer, readers.get(name) ?? 0)
  }
  const join = (name: string, buffer: BufferLife): void => {
    buffer.others.push(name)
    bufferOf.set(name, buffer)
    left.set(buffer, left.get(buffer)! + (readers.get(name) ?? 0))
  }
  for (const input of graph.inputs) make(input.id, tensors.size(input.id, numel(inputShape(input, options))), -1, end)
  const overwriting = new Map<string, string>()
  layers.forEach(({ layer, inputs, outputs }, step) => {
    const { stored, inPlace: can } = opOf(layer.type)
    const isView = tensors.isView(layer)
    const over =
      inPlace && can === true && !isView && outputs.length === 1
        ? layer.inputs.find((name, i) => {
            const buffer = bufferOf.get(name)!
            const own = layer.inputs.filter((each) => bufferOf.get(each) === buffer).length
            return (
              buffer.from >= 0 &&
              buffer.size > 0 &&
              left.get(buffer) === own &&
              sameShape(inputs[i]!, outputs[0]!) &&
              buffer.size === tensors.size(layer.id, numel(outputs[0]!))
            )
          })
        : undefined
    if (over !== undefined) overwriting.set(layer.id, over)
    const shared = isView ? bufferOf.get(layer.inputs[0]!) : over === undefined ? undefined : bufferOf.get(over)
    outputs.forEach((shape, i) => {
      const name = reference(layer.id, i)
      if (shared) join(name, shared)
      // One that nobody reads lives while its layer runs.
      else make(name, stored ? 0 : tensors.size(name, numel(shape)), step, step)
    })
    for (const name of layer.inputs) {
      const buffer = bufferOf.get(name)!
      const rest = left.get(buffer)! - 1
      left.set(buffer, rest)
      buffer.to = step
    }
  })
  for (const name of graph.outputs) bufferOf.get(name)!.to = end
  return { buffers, inPlace: overwriting }
}

/**
 * What is alive at each step, and before the first. @param steps how many there are.
 * @returns the sum before anything runs, and at each step while it runs: what it makes is there, and what it reads last as well.
 * @throws CountOverflow where a sum passes 2^53 − 1.
 */
export function aliveAt(lives: readonly Life[], steps: number): { start: number; at: number[] } {
  const made = new Array<number>(steps).fill(0)
  const freed = new Array<number>(steps).fill(0)
  let alive = 0
  for (const { size, from, to } of lives) {
    if (from < 0) alive = exact(alive + size)
    else made[from] = exact(made[from]! + size)
    if (to < steps) freed[to] = exact(freed[to]! + size)
  }
  const start = alive
  const at = made.map((more, step) => {
    const during = exact(alive + more)
    alive = during - freed[step]!
    return during
  })
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
  const { start, at } = aliveAt(bufferLives(graph, layers, options, tensors).buffers, layers.length)
  let peak = { amount: start, layerId: null as string | null }
  at.forEach((amount, step) => {
    if (amount > peak.amount) peak = { amount, layerId: layers[step]!.layer.id }
  })
  return peak
}
