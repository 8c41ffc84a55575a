import { nearest } from '../../nearest.ts'
import { isRecord } from '../../read-spec.ts'
import { show } from '../../schema-violations.ts'
import { affine } from './affine.ts'
import type { Call } from './call.ts'
import { KerasFault } from './fault.ts'
import { dimOfAxis, type KerasTensor } from './tensor.ts'

type Activation = (x: KerasTensor) => { type: string; attributes?: Record<string, unknown> }

const plain =
  (type: string): Activation =>
  () => ({ type })

/** Softmax over one of Keras's axes. @throws KerasFault where there is no such axis. */
export function softmax(x: KerasTensor, axis: number): { type: string; attributes: { dim: number } } {
  const dim = dimOfAxis(axis, x)
  if (dim === null) throw new KerasFault(`axis ${axis} is the batch or out of range`, '/config/axis')
  return { type: 'Softmax', attributes: { dim } }
}

/** Keras's activation functions, by their names. */
const activations: ReadonlyMap<string, Activation> = new Map([
  ['relu', plain('ReLU')],
  ['relu6', plain('ReLU6')],
  ['sigmoid', plain('Sigmoid')],
  ['tanh', plain('Tanh')],
  ['silu', plain('SiLU')],
  ['swish', plain('SiLU')],
  ['gelu', plain('GELU')],
  ['elu', plain('ELU')],
  ['selu', plain('SELU')],
  ['celu', plain('CELU')],
  ['softplus', plain('Softplus')],
  ['softsign', plain('Softsign')],
  ['exponential', plain('Exp')],
  ['mish', plain('Mish')],
  ['log_sigmoid', plain('LogSigmoid')],
  ['hard_tanh', plain('HardTanh')],
  ['leaky_relu', () => ({ type: 'LeakyReLU', attributes: { negativeSlope: 0.2 } })],
  ['hard_silu', plain('HardSwish')],
  ['hard_swish', plain('HardSwish')],
  ['hard_sigmoid', plain('HardSigmoid')],
  ['softmax', (x) => softmax(x, -1)],
])

/** The name of a function: as it is, or wrapped as Keras 3 writes functions of its own. */
const nameOf = (value: unknown): unknown => (isRecord(value) && value.class_name === 'function' ? value.config : value)

/**
 * Applies the activation that `config.activation` names, as an engine layer `name.activation`, or as the layer's
 * `own`, under its name; nothing for `linear`.
 * @throws KerasFault where it is not known.
 */
export function activate(call: Call, x: KerasTensor, own = false): KerasTensor {
  const name = nameOf(call.config.value('activation'))
  if (name === undefined || name === 'linear') return x
  const found = typeof name === 'string' ? activations.get(name) : undefined
  if (!found)
    throw new KerasFault(
      typeof name === 'string'
        ? `the activation "${name.slice(0, 60)}" is not known here${nearest(name, [...activations.keys()])}`
        : `activation is ${show(name)}, but must be the name of a function such as "relu"`,
      '/config/activation',
    )
  // That of Keras 2 and TF.js is clip(0.2·x + 0.5), another function than that of Keras 3.
  if (name === 'hard_sigmoid' && call.generation === 2) {
    const part = own ? undefined : name
    const steep = affine(call, x, 0.2, 0.5, part === undefined ? 'steep' : `${part}.steep`)
    return { ...call.add('HardTanh', steep, { min: 0, max: 1 }, x.layout, part), ...(x.map ? { map: x.map } : {}) }
  }
  const { type, attributes = {} } = found(x)
  return { ...call.add(type, x, attributes, x.layout, own ? undefined : (name as string)), ...(x.map ? { map: x.map } : {}) }
}
