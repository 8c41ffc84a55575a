import { standInShape } from '../../onnx-names.ts'
import type { Constant } from '../constant.ts'
import { axisOf, numelOfDims } from '../shapes.ts'
import { constantOf } from '../tensor.ts'
import { type Fold, mostElements, result, small, stridesOf } from './folding.ts'
import { axesGiven } from './layout.ts'

const constant: Fold = (node) => {
  const { attributes: a } = node
  const tensor = a.tensor('value')
  if (tensor) {
    const held = constantOf(tensor, node.name)
    return [{ element: held.element, shape: held.shape, read: held.read, sources: held.sources, lazy: true }]
  }
  if (a.has('value_float')) return result('float', [], Float32Array.of(a.float('value_float', 0)))
  if (a.has('value_int')) return result('integer', [], [a.int('value_int', 0)])
  const floats = a.floats('value_floats')
  if (floats) return result('float', [floats.length], Float32Array.from(floats))
  const ints = a.ints('value_ints')
  return ints ? result('integer', [ints.length], [...ints]) : null
}

const constantOfShape: Fold = (node, [sizes]) => {
  const shape = small(sizes)
  if (!shape || shape.some((size) => !Number.isInteger(size) || size < 0) || shape.length > 16) return null
  const tensor = node.attributes.tensor('value')
  const fill: Constant | null = tensor ? constantOf(tensor, node.name) : null
  const number = fill ? fill.read()?.[0] : 0
  const elements = numelOfDims(shape)
  if (number === undefined || elements > 2 ** 40) return null
  const element = fill?.element ?? 'float'
  const make = (length: number) => (element === 'float' ? new Float32Array(length).fill(number) : new Array<number>(length).fill(number))
  const repeats = {
    kind: 'constant' as const,
    name: node.name,
    element,
    shape: shape.map(() => 1),
    read: () => make(1),
    sources: [],
    wide: null,
  }
  // Small ones now, large ones where they are asked for: a weightless file may hold its weights in this form.
  const numbers = elements <= 4096 ? make(elements) : null
  const standsIn = element === 'float' && elements > 1 && sizes?.name.endsWith(standInShape)
  const held = standsIn ? { blank: true, sources: [{ tensor: node.name, elements }] } : {}
  return [{ element, shape, read: () => numbers ?? make(elements), repeats, ...held, ...(numbers ? {} : { lazy: true as const }) }]
}

const range: Fold = (_node, inputs) => {
  const [start, limit, delta] = inputs.map((input) => small(input)?.[0])
  if (start === undefined || limit === undefined || delta === undefined) return null
  const length = Math.max(0, Math.ceil((limit - start) / delta))
  if (!(length <= mostElements)) return null
  return result(
    inputs[0]?.element ?? 'integer',
    [length],
    Array.from({ length }, (_, i) => start + i * delta),
  )
}

const reduction =
  (join: (left: number, right: number) => number): Fold =>
  (node, [x, axes]) => {
    const numbers = small(x)
    const given = axesGiven(node, axes)
    if (!x || !numbers || given === null) return null
    if (!given?.length && node.attributes.int('noop_with_empty_axes', 0) === 1) return result(x.element, x.shape, numbers)
    const along = new Set(given?.length ? given.map((axis) => axisOf(axis, x.shape.length)) : x.shape.map((_, i) => i))
    const kept = x.shape.map((size, i) => (along.has(i) ? 1 : size))
    const strides = stridesOf(x.shape)
    const steps = stridesOf(kept)
    const joined: (number | undefined)[] = new Array(numelOfDims(kept)).fill(undefined)
    numbers.forEach((number, i) => {
      let at = 0
      for (let dim = 0; dim < kept.length; dim++)
        if (!along.has(dim)) at += (Math.floor(i / (strides[dim] as number)) % (kept[dim] as number)) * (steps[dim] as number)
      const there = joined[at]
      joined[at] = there === undefined ? number : join(there, number)
    })
    if (joined.includes(undefined)) return null
    const shape = node.attributes.int('keepdims', 1) === 1 ? kept : x.shape.filter((_, i) => !along.has(i))
    return result(x.element, shape, joined as number[])
  }

/** Operators that make tensors out of numbers, or numbers out of tensors. */
export const making: Readonly<Record<string, Fold>> = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  ReduceProd: reduction((a, b) => a * b),
  ReduceSum: reduction((a, b) => a + b),
  ReduceMax: reduction(Math.max),
  ReduceMin: reduction(Math.min),
}
