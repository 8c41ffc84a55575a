import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { exact } from '../exact.ts'
import { defineOp } from '../op.ts'
import { perImage, type Shape } from '../shape.ts'
import { dimOf } from './shared/dims.ts'
import { tfjsAxis } from './shared/lowering/layout.ts'

const Attributes = Type.Object({
  dim: Type.Optional(Type.Integer({ description: 'Dim along which inputs are joined; the batch is dim 0. Default 1, the channels.' })),
})

/** Whether two shapes are equal but for a dim. */
function meets(a: Shape, b: Shape, dim: number): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (i !== dim && a[i] !== b[i]) return false
  return true
}

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
    let joined = 0
    for (const next of inputs) {
      if (!meets(first, next, dim))
        throw new ShapeError(
          `Concat along dim ${a.dim} takes inputs that are equal in every other dim, but gets ${perImage(first)} and ${perImage(next)}`,
        )
      joined = exact(joined + next[dim]!)
    }
    const output = first.slice()
    output[dim] = joined
    return [output]
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
