import type { Graph } from './graph.ts'
import { reference } from './graph.ts'
import type { InferOptions, InferredLayer } from './infer.ts'
import { inputShape } from './infer.ts'
import { opOf } from './ops/index.ts'

/** Receptive field of one output element, and the step on the input between neighbors: [height, width]; a sequence’s height is 1, a volume’s depth is left out. */
export interface Field {
  size: readonly [number, number]
  /** Input pixels between neighboring outputs, a part of one behind a layer that upsamples; null once every position has been joined. */
  stride: readonly [number, number] | null
}

/** Of a tensor that sees no input. */
const nothing: Field = { size: [1, 1], stride: null }
const identity: Field = { size: [1, 1], stride: [1, 1] }

/** One field that covers several: the larger along each axis. */
function widest(fields: readonly Field[]): Field {
  return fields.reduce((a, b) => ({
    size: [Math.max(a.size[0], b.size[0]), Math.max(a.size[1], b.size[1])],
    stride: a.stride && b.stride ? [Math.max(a.stride[0], b.stride[0]), Math.max(a.stride[1], b.stride[1])] : (a.stride ?? b.stride),
  }))
}

/**
 * Receptive field of every layer by the recurrence r ← r + (k − 1)·d·j, j ← j·s (Araujo, Norris and Sim, "Computing
 * Receptive Fields of Convolutional Neural Networks", Distill 2019), the largest over all paths. Not clipped to the
 * input: padding is seen as well. Where every position is joined (Flatten, Linear, global pooling) it is the span of
 * the whole map.
 * @returns a field per layer, in graph order.
 */
export function receptiveFields(graph: Graph, layers: readonly InferredLayer[], options: InferOptions = {}): Field[] {
  const fields = new Map<string, Field>()
  for (const input of graph.inputs) {
    const rank = inputShape(input, options).length
    fields.set(input.id, rank >= 3 && rank <= 5 ? identity : { size: [1, 1], stride: null })
  }
  return layers.map(({ layer, inputs, outputs }) => {
    const op = opOf(layer.type)
    if (layer.inputs.length === 0) {
      fields.set(layer.id, nothing)
      return nothing
    }
    const before = widest(layer.inputs.map((name) => fields.get(name) ?? identity))
    const how = op.field?.({ inputs, outputs }, layer.attributes) ?? 'elementwise'
    let after = before
    if (before.stride !== null && how !== 'elementwise') {
      const [jh, jw] = before.stride
      const [rh, rw] = before.size
      if (how === 'global') {
        const rank = inputs[0]!.length
        const [h, w] = rank === 4 || rank === 5 ? [inputs[0]!.at(-2)!, inputs[0]!.at(-1)!] : [1, rank === 3 ? inputs[0]![2]! : 1]
        after = { size: [rh + (h - 1) * jh, rw + (w - 1) * jw], stride: null }
      } else {
        after = {
          size: [rh + (how.kernel[0] - 1) * how.dilation[0] * jh, rw + (how.kernel[1] - 1) * how.dilation[1] * jw],
          stride: [jh * how.stride[0], jw * how.stride[1]],
        }
      }
    }
    for (let i = 0; i < outputs.length; i++) fields.set(reference(layer.id, i), after)
    return after
  })
}
