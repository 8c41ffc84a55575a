import { type Static, Type } from 'typebox'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { sameChannels } from './shared/divided.ts'
import { perElement } from './shared/elementwise.ts'
import { scalar, stepsOf } from './shared/onnx-emit.ts'

const Attributes = Type.Object({
  approximate: Type.Optional(
    Type.Union([Type.Literal('none'), Type.Literal('tanh')], {
      description: 'The exact form with erf, or the one with tanh. Default none.',
    }),
  ),
})

const cubic = 0.044715
const slope = Math.sqrt(2 / Math.PI)

/**
 * x · Φ(x), as PyTorch's `nn.GELU` (Hendrycks and Gimpel, 2016). Per element, `none`: ½·x·(1 + erf(x·√½)), three
 * multiplications, one addition, one erf. `tanh`: ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), six multiplications, two
 * additions, one tanh.
 */
export const gelu = defineOp({
  type: 'GELU',
  summary: 'Gaussian error linear unit, exact or by tanh.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ approximate: raw.approximate ?? 'none' }),
  shape: ([x]) => [x!],
  batchIn: () => true,
  inPlace: true,
  channelsRead: sameChannels,
  quantities: ({ outputs }, a) =>
    perElement(
      a.approximate === 'tanh'
        ? { multiplications: 6, additions: 2, transcendentals: 1 }
        : { multiplications: 3, additions: 1, transcendentals: 1 },
      numel(outputs[0]!),
    ),
  // Written out, since ONNX has Gelu from opset 20 only; onnxruntime fuses the pattern back into one node.
  fromOnnx: { Gelu: (node) => ({ attributes: { approximate: node.text('approximate', 'none') } }) },
  onnx: (emit, _shapes, a) => {
    const x = emit.inputs[0]!
    const step = stepsOf(emit)
    let bell: string
    if (a.approximate === 'tanh') {
      const cube = step('Mul', [step('Mul', [x, x], 'square'), x], 'cube')
      const inner = step('Add', [x, step('Mul', [cube, scalar(emit, 'cubic', cubic)], 'bent')], 'inner')
      bell = step('Tanh', [step('Mul', [inner, scalar(emit, 'slope', slope)], 'scaled')], 'tanh')
    } else bell = step('Erf', [step('Div', [x, scalar(emit, 'root2', Math.SQRT2)], 'scaled')], 'erf')
    const twice = step('Mul', [x, step('Add', [bell, scalar(emit, 'one', 1)], 'shifted')], 'twice')
    emit.node('Mul', [twice, scalar(emit, 'half', 0.5)], emit.outputs)
  },
  tfjs:
    (tf, { attributes: a }) =>
    ([x]) => {
      const bell =
        a.approximate === 'tanh'
          ? tf.tanh(tf.mul(tf.add(x!, tf.mul(tf.mul(tf.mul(x!, x!), x!), cubic)), slope))
          : tf.erf(tf.mul(x!, Math.SQRT1_2))
      return tf.mul(tf.mul(x!, tf.add(bell, 1)), 0.5)
    },
})
