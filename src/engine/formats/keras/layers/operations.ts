import type { Call, LayerClass } from '../call.ts'
import { KerasFault } from '../fault.ts'
import { dimOfAxis, type KerasTensor, rankOf } from '../tensor.ts'

/** Functions of `keras.ops` that are called on a layer's output: Keras 3 writes each as a layer of its own class. */

const inPlace = (type: string, attributes: (call: Call) => Record<string, unknown> = () => ({})): LayerClass => {
  return (call) => {
    const x = call.input()
    return { ...call.add(type, x, attributes(call), x.layout), ...(x.map ? { map: x.map } : {}) }
  }
}

/** A reduction along axes, `keras.ops.mean` and its like. The batch cannot be among them. */
const along =
  (kind: 'mean' | 'max' | 'min' | 'sum' | 'prod'): LayerClass =>
  (call) => {
    const given = call.input()
    const x: KerasTensor = given.layout === 'mixed' ? call.arrange(given, 'as-is') : given
    if (call.config.value('axis') === undefined)
      throw new KerasFault('axis is null, which joins the images of a batch: name the axes of one image', '/config/axis')
    const dims = call.config.integers('axis', -7).map((axis) => dimOfAxis(axis, x))
    if (dims.length === 0 || dims.includes(null) || new Set(dims).size !== dims.length)
      throw call.config.wrong('axis', `axes from 1 to ${rankOf(x) - 1}, each once`)
    const keepDims = call.config.flag('keepdims', false)
    // Channels stay at dim 1 where they are not joined themselves; of two dims the order is Keras's.
    const channelsFirst = x.layout === 'channels-first' && (keepDims || (!dims.includes(1) && rankOf(x) - dims.length > 2))
    return call.add('Reduce', x, { kind, dims, keepDims }, channelsFirst ? 'channels-first' : 'as-is')
  }

/** Class → how it is read. */
export const operations: readonly [string, LayerClass][] = [
  ['Absolute', inPlace('Abs')],
  ['Celu', inPlace('CELU', (call) => ({ alpha: call.config.number('alpha', 1) }))],
  ['Elu', inPlace('ELU', (call) => ({ alpha: call.config.number('alpha', 1) }))],
  ['Exp', inPlace('Exp')],
  ['Gelu', inPlace('GELU', (call) => (call.config.flag('approximate', true) ? { approximate: 'tanh' } : {}))],
  ['HardSigmoid', inPlace('HardSigmoid')],
  ['HardSilu', inPlace('HardSwish')],
  ['HardTanh', inPlace('HardTanh')],
  ['LeakyRelu', inPlace('LeakyReLU', (call) => ({ negativeSlope: call.config.number('negative_slope', 0.2) }))],
  ['Log', inPlace('Log')],
  ['LogSigmoid', inPlace('LogSigmoid')],
  ['Max', along('max')],
  ['Mean', along('mean')],
  ['Min', along('min')],
  ['Negative', inPlace('Neg')],
  ['Prod', along('prod')],
  ['Relu', inPlace('ReLU')],
  ['Relu6', inPlace('ReLU6')],
  ['Selu', inPlace('SELU')],
  ['Sigmoid', inPlace('Sigmoid')],
  ['Silu', inPlace('SiLU')],
  ['Softplus', inPlace('Softplus')],
  ['Softsign', inPlace('Softsign')],
  ['Sqrt', inPlace('Sqrt')],
  ['Sum', along('sum')],
  ['Tanh', inPlace('Tanh')],
]
