import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { sum } from '../exact.ts'
import { defineOp } from '../op.ts'
import { perImage } from '../shape.ts'
import { dimOf } from './shared/dims.ts'
import { tfjsAxis } from './shared/lowering/layout.ts'

const Attributes = Type.Object({
  dim: Type.Optional(Type.Integer({ description: 'Dim along which inputs are joined; the batch is dim 0. Default 1, the channels.' })),
})

/** Joins tensors along a dim, as PyTorch's `torch.cat`: moves data, no arithmetic. */
export const concat = defineOp({
  type: 'Concat',
  summary: 'Joins tensors along a dim, by default the channels.',
  attributes: Attributes,
  arity: { min: 1, max: 1024 },
  canonical: (raw: Static<typeof Attributes>) => ({ dim: raw.dim ?? 1 }),
  shape: (inputs, a) => {
    const first = inputs[0]!
    const dim = dimOf(a.dim, first)
    for (const next of inputs)
      if (next.length !== first.length || next.some((size, i) => i !== dim && size !== first[i]))
        throw new ShapeError(
          `Concat along dim ${a.dim} takes inputs that are equal in every other dim, but gets ${perImage(first)} and ${perImage(next)}`,
        )
    return [first.map((size, i) => (i === dim ? sum(...inputs.map((shape) => shape[dim]!)) : size))]
  },
  batchIn: (dim, [x], a) => dim !== dimOf(a.dim, x!),
  channelsRead: (from, to, { inputs }, a) => {
    if (dimOf(a.dim, inputs[0]!) !== 1) return inputs.map(() => [from, to])
    let start = 0
    return inputs.map((shape) => {
      const within = (channel: number) => Math.min(Math.max(channel - start, 0), shape[1]!)
      const read = [within(from), within(to)] as const
      start += shape[1]!
      return read
    })
  },
  quantities: () => ({}),
  fromOnnx: { Concat: (node) => ({ attributes: { dim: node.int('axis', 1) }, inputs: node.inputs.map((_, i) => i) }) },
  onnx: (emit, { inputs }, a) => emit.node('Concat', emit.inputs, emit.outputs, { axis: dimOf(a.dim, inputs[0]!) }),
  tfjs: (tf, { attributes: a, outputs }) => {
    const axis = tfjsAxis(dimOf(a.dim, outputs[0]!), outputs[0]!.length)
    return (inputs) => tf.concat(inputs, axis)
  },
})
