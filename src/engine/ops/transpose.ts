import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { defineOp, takes } from '../op.ts'
import { perImage } from '../shape.ts'
import { tfjsAxis } from './shared/lowering/layout.ts'

const Attributes = Type.Object({
  dims: Type.Array(Type.Integer({ minimum: 0, maximum: 7 }), {
    minItems: 1,
    maxItems: 8,
    description: 'Where each output dim comes from: a permutation of all dims, the batch, 0, among them.',
  }),
})

/** Reorders dims, as PyTorch's `torch.permute`: moves data, no arithmetic. */
export const transpose = defineOp({
  type: 'Transpose',
  summary: 'Reorders the dims of a tensor.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ dims: [...raw.dims] }),
  shape: ([x], { dims }) => {
    const all = x!.map((_, i) => i)
    if (dims.length !== x!.length || !all.every((dim) => dims.includes(dim)))
      throw new ShapeError(
        `dims [${dims.join(', ')}] must hold each of ${all.join(', ')} once (0 is the batch); the input is ${perImage(x!)}`,
        'dims',
      )
    return [dims.map((dim) => x![dim]!)]
  },
  batchIn: () => true,
  quantities: () => ({}),
  // A map whose rows and columns change places has no one window any more: counted as joining every position.
  field: (_shapes, { dims }) => (dims[0] === 0 && dims[2] === 2 && dims[3] === 3 ? 'elementwise' : 'global'),
  fromOnnx: {
    Transpose: (node) => {
      const rank = node.inputs[0]?.shape.length ?? 0
      return { attributes: { dims: [...(node.ints('perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i))] } }
    },
  },
  onnx: (emit, _shapes, { dims }) => emit.node('Transpose', emit.inputs, emit.outputs, { perm: dims }),
  tfjs: (tf, { attributes: { dims } }) => {
    const perm = dims.length === 4 ? [0, 2, 3, 1].map((dim) => tfjsAxis(dims[dim]!, 4)) : [...dims]
    return ([x]) => tf.transpose(x!, perm)
  },
})
