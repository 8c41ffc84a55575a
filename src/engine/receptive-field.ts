import type { Graph } from './graph.ts'
import type { InferOptions, InferredLayer } from './infer.ts'
import { inputShape } from './infer.ts'
import type { FieldWindow } from './op.ts'
import type { Shape } from './shape.ts'

/** Receptive field of one output element, and the step on the input between neighbors: [height, width]; a sequence’s height is 1, a volume’s depth is left out. */
export interface Field {
  size: readonly [number, number]
  /** Input pixels between neighboring outputs, a part of one behind a layer that upsamples; null once every position has been joined. */
  stride: readonly [number, number] | null
}

/** Of a tensor that sees no input. */
const nothing: Field = { size: [1, 1], stride: null }
const identity: Field = { size: [1, 1], stride: [1, 1] }

/** Whether a field is the larger one along each axis. */
function covers(a: Field, b: Field): boolean {
  if (a.size[0] < b.size[0] || a.size[1] < b.size[1]) return false
  return b.stride === null || (a.stride !== null && a.stride[0] >= b.stride[0] && a.stride[1] >= b.stride[1])
}

/** One field that covers two: the larger along each axis. Mostly one of them, which is then itself given. */
function wider(a: Field, b: Field): Field {
  if (covers(a, b)) return a
  if (covers(b, a)) return b
  return {
    size: [Math.max(a.size[0], b.size[0]), Math.max(a.size[1], b.size[1])],
    stride: a.stride && b.stride ? [Math.max(a.stride[0], b.stride[0]), Math.max(a.stride[1], b.stride[1])] : (a.stride ?? b.stride),
  }
}

/**
 * Receptive field of every layer by the recurrence r ← r + (k − 1)·d·j, j ← j·s (Araujo, Norris and Sim, "Computing
 * Receptive Fields of Convolutional Neural Networks", Distill 2019), the largest over all paths. Not clipped to the
 * input: padding is seen as well. Where every position is joined (Flatten, Linear, global pooling) it is the span of
 * the whole map.
 * @returns a field per layer, in graph order.
 */
export function receptiveFields(graph: Graph, layers: readonly InferredLayer[], options: InferOptions = {}): Field[] {
  // By the number of a tensor.
  const fields: Field[] = []
  for (const input of graph.inputs) {
    const rank = inputShape(input, options).length
    fields.push(rank >= 3 && rank <= 5 ? identity : nothing)
  }
  return layers.map(({ layer, op, inputs, outputs, reads }) => {
    let after = nothing
    if (reads.length > 0) {
      let before = fields[reads[0] as number] as Field
      for (let i = 1; i < reads.length; i++) {
        const other = fields[reads[i] as number] as Field
        if (other !== before) before = wider(before, other)
      }
      const how = op.field?.({ inputs, outputs }, layer.attributes) ?? 'elementwise'
      after = before.stride === null || how === 'elementwise' ? before : through(how, before.size, before.stride, inputs[0] as Shape)
    }
    for (let i = 0; i < outputs.length; i++) fields.push(after)
    return after
  })
}

/** The field behind a layer that sees more than one position of its input. */
function through(how: 'global' | FieldWindow, [rh, rw]: Field['size'], [jh, jw]: NonNullable<Field['stride']>, input: Shape): Field {
  if (how === 'global') {
    const rank = input.length
    const [h, w] = rank === 4 || rank === 5 ? [input.at(-2)!, input.at(-1)!] : [1, rank === 3 ? input[2]! : 1]
    return { size: [rh + (h - 1) * jh, rw + (w - 1) * jw], stride: null }
  }
  return {
    size: [rh + (how.kernel[0] - 1) * how.dilation[0] * jh, rw + (how.kernel[1] - 1) * how.dilation[1] * jw],
    stride: [jh * how.stride[0], jw * how.stride[1]],
  }
}
