import { defineOp } from '../op.ts'
import { dimOf } from './shared/dims.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'
import { readSoftmax } from './shared/onnx-softmax.ts'
import { rowsAlong, softmaxForm } from './shared/softmax.ts'

/**
 * x − max − ln Σ e^(x − max) along a dim, as PyTorch's `nn.LogSoftmax`. Per row of n elements: n − 1 comparisons, n
 * subtractions, n exps, n − 1 additions, one logarithm and n subtractions more.
 */
export const logSoftmax = defineOp({
  type: 'LogSoftmax',
  summary: 'Logarithm of the softmax along a dim.',
  ...softmaxForm,
  quantities: ({ inputs }, { dim }) => {
    const { elements, rows, pairs } = rowsAlong(dim, inputs[0]!)
    return { comparisons: pairs, additions: 2 * elements + pairs, transcendentals: elements + rows }
  },
  fromOnnx: { LogSoftmax: readSoftmax },
  onnx: (emit, { inputs }, a) => emit.node('LogSoftmax', emit.inputs, emit.outputs, { axis: dimOf(a.dim, inputs[0]!) }),
  tfjs: (tf, { attributes: a, inputs }) => {
    const axis = dimOf(a.dim, inputs[0]!)
    return inEngineOrder(tf, ([x]) => {
      const shifted = tf.sub(x!, tf.max(x!, axis, true))
      return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), axis, true)))
    })
  },
})
