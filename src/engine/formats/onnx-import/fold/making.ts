import { standInShape } from '../../onnx-names.ts'
import { blankNumbers, bytesOf } from '../budget.ts'
import type { Constant } from '../constant.ts'
import { axisOf, numelOfDims } from '../shapes.ts'
import { constantOf } from '../tensor.ts'
import { type Fold, later, now, small, stridesOf } from './folding.ts'
import { axesGiven } from './layout.ts'

const constant: Fold = (node, _inputs, budget) => {
  const { attributes: a } = node
  const tensor = a.tensor('value')
  if (tensor) {
    const { element, shape, read, sources, readBytes } = constantOf(tensor, node.name)
    return [{ element, shape, read, sources, makes: readBytes }]
  }
  if (a.has('value_float')) return now(node, budget, 'float', [], (own) => own.fill(a.float('value_float', 0)))
  if (a.has('value_int')) return now(node, budget, 'integer', [], (own) => own.fill(a.int('value_int', 0)))
  const floats = a.floats('value_floats')
  if (floats) return now(node, budget, 'float', [floats.length], (own) => own.set(floats))
  const ints = a.ints('value_ints')
  return ints ? now(node, budget, 'integer', [ints.length], (own) => own.set(ints)) : null
}

const constantOfShape: Fold = (node, [sizes], budget) => {
  const shape = small(sizes, budget)
  if (!shape || shape.some((size) => !Number.isInteger(size) || size < 0) || shape.length > 16) return null
  const tensor = node.attributes.tensor('value')
  const fill: Constant | null = tensor ? constantOf(tensor, node.name) : null
  const number = fill ? budget.read(fill)?.[0] : 0
  const elements = numelOfDims(shape)
  if (number === undefined || elements > 2 ** 40) return null
  const element = fill?.element ?? 'float'
  const make = (length: number) => blankNumbers(element, length).fill(number)
  const repeats = {
    kind: 'constant' as const,
    name: node.name,
    element,
    shape: shape.map(() => 1),
    read: () => make(1),
    readBytes: 8,
    sources: [],
    wide: null,
  }
  // A weightless file may hold its weights in this form.
  const standsIn = element === 'float' && elements > 1 && sizes?.name.endsWith(standInShape)
  const held = standsIn ? { blank: true, sources: [{ tensor: node.name, elements }] } : {}
  return later(element, shape, () => make(elements)).map((folded) => ({ ...folded, repeats, ...held }))
}

const range: Fold = (node, inputs, budget) => {
  const [start, limit, delta] = inputs.map((input) => small(input, budget)?.[0])
  if (start === undefined || limit === undefined || delta === undefined) return null
  if (delta === 0) throw new Error('a range by steps of 0 has no end')
  const length = Math.max(0, Math.ceil((limit - start) / delta))
  const element = inputs[0]?.element ?? 'integer'
  budget.fits(bytesOf(element, [length]), node.label)
  return later(element, [length], () => blankNumbers(element, length).map((_, i) => start + i * delta))
}

const reduction =
  (join: (left: number, right: number) => number): Fold =>
  (node, [x, axes], budget) => {
    const numbers = small(x, budget)
    const given = axesGiven(node, axes, budget)
    if (!x || !numbers || given === null) return null
    if (!given?.length && node.attributes.int('noop_with_empty_axes', 0) === 1)
      return now(node, budget, x.element, x.shape, (same) => same.set(numbers))
    const along = new Set(given?.length ? given.map((axis) => axisOf(axis, x.shape.length)) : x.shape.map((_, i) => i))
    const kept = x.shape.map((size, i) => (along.has(i) ? 1 : size))
    const strides = stridesOf(x.shape)
    const steps = stridesOf(kept)
    // Nothing along a dim has neither largest nor sum here.
    if (numbers.length === 0) return null
    const shape = node.attributes.int('keepdims', 1) === 1 ? kept : x.shape.filter((_, i) => !along.has(i))
    return now(node, budget, x.element, shape, (joined) => {
      const begun = new Uint8Array(joined.length)
      numbers.forEach((number, i) => {
        let at = 0
        for (let dim = 0; dim < kept.length; dim++)
          if (!along.has(dim)) at += (Math.floor(i / (strides[dim] as number)) % (kept[dim] as number)) * (steps[dim] as number)
        joined[at] = begun[at] ? join(joined[at] as number, number) : number
        begun[at] = 1
      })
    })
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
