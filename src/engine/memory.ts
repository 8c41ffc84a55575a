import { sum } from './exact.ts'
import type { Graph, Layer } from './graph.ts'
import { reference } from './graph.ts'
import type { InferOptions, InferredLayer } from './infer.ts'
import { inputShape } from './infer.ts'
import { opOf } from './ops/index.ts'
import { numel } from './shape.ts'

/** What tensors take in memory. */
export interface TensorSizes {
  /** @param reference of a network input or a layer's output. */
  size(reference: string, elements: number): number
  /** Whether the output of a layer is its input's buffer. */
  isView(layer: Layer): boolean
}

/**
 * Largest number of activation elements alive at once, when layers run in graph order, a layer's output exists beside
 * its inputs, and a tensor is freed after its last reader. A view shares its input's buffer. Network inputs count from
 * the start to their last use, network outputs stay to the end.
 * @param tensors what tensors take, and which outputs are views; elements of each, and views by their ops, where left out.
 * @returns the sum of what is alive, batch included, and the layer at which the peak stands (null where the input alone is
 *   the peak).
 */
export function peakActivation(
  graph: Graph,
  layers: readonly InferredLayer[],
  options: InferOptions = {},
  tensors: TensorSizes = { size: (_reference, elements) => elements, isView: ({ type }) => opOf(type).view === true },
): { amount: number; layerId: string | null } {
  // A view's outputs belong to the buffer behind it, so that the buffer lives as long as its last view.
  const bufferOf = new Map<string, string>()
  const size = new Map<string, number>()
  const readers = new Map<string, number>()
  for (const input of graph.inputs) {
    bufferOf.set(input.id, input.id)
    size.set(input.id, tensors.size(input.id, numel(inputShape(input, options))))
  }
  const addReader = (name: string) => {
    const buffer = bufferOf.get(name) as string
    readers.set(buffer, (readers.get(buffer) ?? 0) + 1)
  }
  for (const { layer, outputs } of layers) {
    const isView = tensors.isView(layer)
    for (const name of layer.inputs) addReader(name)
    outputs.forEach((shape, i) => {
      const name = reference(layer.id, i)
      bufferOf.set(name, isView ? (bufferOf.get(layer.inputs[0]!) as string) : name)
      if (!isView) size.set(name, opOf(layer.type).stored ? 0 : tensors.size(name, numel(shape)))
    })
  }
  for (const name of graph.outputs) addReader(name)

  let alive = sum(...graph.inputs.map((input) => size.get(input.id) as number))
  let peak = { amount: alive, layerId: null as string | null }
  for (const { layer, outputs } of layers) {
    outputs.forEach((_, i) => {
      const name = reference(layer.id, i)
      if (bufferOf.get(name) === name) alive = sum(alive, size.get(name) as number)
    })
    if (alive > peak.amount) peak = { amount: alive, layerId: layer.id }
    for (const name of layer.inputs) {
      const buffer = bufferOf.get(name) as string
      const left = (readers.get(buffer) as number) - 1
      readers.set(buffer, left)
      if (left === 0) alive -= size.get(buffer) as number
    }
    outputs.forEach((_, i) => {
      const name = reference(layer.id, i)
      if (bufferOf.get(name) === name && !readers.get(name)) alive -= size.get(name) as number
    })
  }
  return peak
}
