import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { dimOf } from './shared/dims.ts'
import { perElement } from './shared/elementwise.ts'
import { tfjsAxis } from './shared/lowering/layout.ts'

const Attributes = Type.Object({
  dim: Type.Optional(Type.Integer({ description: 'Dim that is halved; the batch is dim 0. Default −1, the last, as PyTorch’s.' })),
})

/**
 * First half · sigmoid(second half) along a dim, PyTorch's `nn.GLU` (Dauphin et al., 2016): per output element the sigmoid
 * (exp, addition, division) and one multiplication.
 */
export const glu = defineOp({
  type: 'GLU',
  summary: 'Halves a dim and multiplies the first half by the sigmoid of the second.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ dim: raw.dim ?? -1 }),
  shape: ([x], a) => {
    const dim = dimOf(a.dim, x!)
    if (x![dim]! % 2 !== 0) throw new ShapeError(`dim ${a.dim} has ${x![dim]} elements, which cannot be halved`, 'dim')
    return [x!.map((size, i) => (i === dim ? size / 2 : size))]
  },
  batchIn: (dim, [x], a) => dim !== dimOf(a.dim, x!),
  quantities: ({ outputs }) => perElement({ transcendentals: 1, additions: 1, divisions: 1, multiplications: 1 }, numel(outputs[0]!)),
  onnx: (emit, { inputs }, a) => {
    const [value, gate, open] = [emit.temporary('value'), emit.temporary('gate'), emit.temporary('open')]
    emit.node('Split', emit.inputs, [value, gate], { axis: dimOf(a.dim, inputs[0]!) })
    emit.node('Sigmoid', [gate], [open])
    emit.node('Mul', [value, open], emit.outputs)
  },
  tfjs: (tf, { attributes: a, inputs }) => {
    const axis = tfjsAxis(dimOf(a.dim, inputs[0]!), inputs[0]!.length)
    return ([x]) => {
      const [value, gate] = tf.split(x!, 2, axis)
      return tf.mul(value!, tf.sigmoid(gate!))
    }
  },
})
