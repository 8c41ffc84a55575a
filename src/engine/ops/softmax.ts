import { defineOp } from '../op.ts'
import { dimOf } from './shared/dims.ts'
import { tfjsAxis } from './shared/lowering/layout.ts'
import { readSoftmax } from './shared/onnx-softmax.ts'
import { rowsAlong, softmaxForm } from './shared/softmax.ts'

/**
 * e^(x − max) / Σ e^(x − max) along a dim, as PyTorch's `nn.Softmax`. Per row of n elements: n − 1 comparisons for the
 * maximum, n subtractions, n exps, n − 1 additions for the sum, n divisions.
 */
export const softmax = defineOp({
  type: 'Softmax',
  summary: 'Turns the elements along a dim into shares of 1.',
  ...softmaxForm,
  quantities: ({ inputs }, { dim }) => {
    const { elements, pairs } = rowsAlong(dim, inputs[0]!)
    return { comparisons: pairs, additions: elements + pairs, transcendentals: elements, divisions: elements }
  },
  fromOnnx: { Softmax: readSoftmax },
  onnx: (emit, { inputs }, a) => emit.node('Softmax', emit.inputs, emit.outputs, { axis: dimOf(a.dim, inputs[0]!) }),
  tfjs: (tf, { attributes: a, inputs }) => {
    const rank = inputs[0]!.length
    const axis = tfjsAxis(dimOf(a.dim, inputs[0]!), rank)
    if (axis === rank - 1) return ([x]) => tf.softmax(x!)
    // TF.js has softmax along the last axis only; exchanging two axes is its own inverse.
    const perm = inputs[0]!.map((_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i))
    return ([x]) => tf.transpose(tf.softmax(tf.transpose(x!, perm)), perm)
  },
})
