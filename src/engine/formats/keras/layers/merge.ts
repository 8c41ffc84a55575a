import { affine } from '../affine.ts'
import type { Call, LayerClass } from '../call.ts'
import { KerasFault } from '../fault.ts'
import { dimOfAxis, type KerasTensor, rankOf } from '../tensor.ts'

/** The inputs in one layout: as maps where one of them is a map, else as Keras has them. @throws KerasFault below two. */
function alike(call: Call): KerasTensor[] {
  const { inputs, className } = call
  if (call.operand) throw new KerasFault(`${className} takes no number beside its inputs, but is called on one`, '/inbound_nodes')
  if (inputs.length < 2) throw new KerasFault(`${className} takes at least two inputs, but is called on ${inputs.length}`, '/inbound_nodes')
  if (inputs.some((x) => rankOf(x) !== rankOf(inputs[0]!)))
    throw new KerasFault(
      `${className} takes inputs of one rank, but gets ${inputs
        .slice(0, 8)
        .map((x) => `${rankOf(x) - 1}`)
        .join(', ')} axes beside the batch`,
    )
  const layout = inputs.some((x) => x.layout === 'channels-first') ? 'channels-first' : 'as-is'
  return inputs.map((x) => call.arrange(x, layout))
}

/** A tensor and a number, as `x + 3.0` is written; null where the layer is called on tensors alone. */
function onNumber(call: Call, by: (value: number, first: boolean) => [factor: number, summand: number]): KerasTensor | null {
  if (!call.operand) return null
  const [x] = call.inputs
  if (!x || call.inputs.length > 1)
    throw new KerasFault(`${call.className} takes a number beside one input, but is called on ${call.inputs.length}`, '/inbound_nodes')
  return affine(call, x, ...by(call.operand.value, call.operand.first))
}

const elementwise =
  (type: 'Add' | 'Mul'): LayerClass =>
  (call) => {
    const one = onNumber(call, (value) => (type === 'Add' ? [1, value] : [value, 0]))
    if (one) return one
    const inputs = alike(call)
    return call.add(type, inputs, {}, inputs[0]!.layout)
  }

export const add = elementwise('Add')
export const multiply = elementwise('Mul')

/** An op of two tensors over all inputs, from left to right. */
const pairwise =
  (type: 'Max' | 'Min'): LayerClass =>
  (call) => {
    const [first, ...rest] = alike(call) as [KerasTensor, ...KerasTensor[]]
    return rest.reduce(
      (left, right, i) => call.add(type, [left, right], {}, first.layout, i < rest.length - 1 ? `part${i}` : undefined),
      first,
    )
  }

export const maximum = pairwise('Max')
export const minimum = pairwise('Min')

/** The first less the second. */
export const subtract: LayerClass = (call) => {
  const one = onNumber(call, (value, first) => (first ? [-1, value] : [1, -value]))
  if (one) return one
  const inputs = alike(call)
  if (inputs.length !== 2) throw new KerasFault(`Subtract takes two inputs, but is called on ${inputs.length}`, '/inbound_nodes')
  return call.add('Sub', inputs, {}, inputs[0]!.layout)
}

/** The mean of the inputs: their sum, times one over their number. */
export const average: LayerClass = (call) => {
  const inputs = alike(call)
  return affine(call, call.add('Add', inputs, {}, inputs[0]!.layout, 'sum'), 1 / inputs.length, 0)
}

/** Joins tensors along an axis, by default the last (Keras `Concatenate`). */
export const concatenate: LayerClass = (call) => {
  const inputs = alike(call)
  const axis = call.config.axis('axis', -1)
  const dim = dimOfAxis(axis, inputs[0]!)
  if (dim === null) throw new KerasFault(`axis ${axis} is the batch or out of range`, '/config/axis')
  return call.add('Concat', inputs, { dim }, inputs[0]!.layout)
}
