import { Type } from 'typebox'
import { defineOp, takes } from '../op.ts'
import { numel, type Shape } from '../shape.ts'
import { sameChannels } from './shared/divided.ts'
import { perElement } from './shared/elementwise.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'
import { integers } from './shared/onnx-emit.ts'

/** Whether an ONNX slope is one a channel: C×1×1 since opset 7, C before. */
export function slopePerChannel(x: Shape, slope: Shape, opset: number): boolean {
  if (x.length < 2 || slope[0] !== x[1]) return false
  if (opset < 7) return slope.length === 1
  return slope.length === x.length - 1 && slope.slice(1).every((size) => size === 1)
}

/**
 * ReLU with a learned slope per channel (He et al., "Delving Deep into Rectifiers", 2015), as PyTorch's `nn.PReLU` with
 * one parameter a channel: one comparison, one multiplication per element.
 */
export const pRelu = defineOp({
  type: 'PReLU',
  summary: 'ReLU with a learned slope below zero, per channel.',
  attributes: Type.Object({}),
  arity: takes(1),
  canonical: () => ({}),
  shape: ([x]) => [x!],
  parameters: ([x]) => [{ name: 'weight', shape: [x![1]!], init: 'shift' as const, trainable: true }],
  batchIn: (dim) => dim !== 1,
  inPlace: true,
  channelsRead: sameChannels,
  quantities: ({ outputs }) => perElement({ comparisons: 1, multiplications: 1 }, numel(outputs[0]!)),
  fromOnnx: {
    PRelu: (node) => {
      const [x, slope] = node.inputs
      return x && !x.constant && slope?.constant && slopePerChannel(x.shape, slope.shape, node.opset)
        ? { parameters: { weight: { input: 1 } } }
        : null
    },
  },
  onnx: (emit, { inputs }) => {
    const shape = [inputs[0]![1]!, ...inputs[0]!.slice(2).map(() => 1)]
    const slope = emit.temporary('slope')
    emit.node('Reshape', [emit.parameter('weight'), integers(emit, 'shape', shape)], [slope])
    emit.node('PRelu', [emit.inputs[0]!, slope], emit.outputs)
  },
  tfjs: (tf, { parameters, inputs }) => {
    const slope = tf.reshape(parameters.weight!, [inputs[0]![1]!, ...inputs[0]!.slice(2).map(() => 1)])
    parameters.weight!.dispose()
    return inEngineOrder(tf, ([x]) => tf.add(tf.relu(x!), tf.mul(slope, tf.minimum(x!, 0))))
  },
})
