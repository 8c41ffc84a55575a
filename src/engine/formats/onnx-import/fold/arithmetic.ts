import { blankNumbers, bytesOf } from '../budget.ts'
import type { Constant, Element } from '../constant.ts'
import { numelOfDims } from '../shapes.ts'
import { broadcastShapes, broadcastSteps, type Fold, later, pick } from './folding.ts'

/** Element by element over broadcast inputs; the result is an integer where the inputs are, unless it is a truth value. */
function elementwise(apply: (numbers: readonly number[], integer: boolean) => number, gives?: Element): Fold {
  return (_node, inputs) => {
    if (inputs.length === 0 || inputs.some((input) => input === undefined || input.element === 'text')) return null
    const operands = inputs as readonly Constant[]
    const shape = operands.map((input) => input.shape).reduce(broadcastShapes)
    const element = gives ?? (operands.some((input) => input.element === 'float') ? 'float' : (operands[0] as Constant).element)
    const integer = element !== 'float'
    const compute = (parts: readonly Constant[], to: readonly number[]) => () => {
      const elements = numelOfDims(to)
      const spread: ArrayLike<number>[] = []
      for (const part of parts) {
        const numbers = part.read()
        if (!numbers) return null
        spread.push(numbers.length === elements ? numbers : pick(numbers, to, broadcastSteps(part.shape, to)))
      }
      const into = blankNumbers(element, elements)
      const row = new Array<number>(spread.length)
      for (let i = 0; i < elements; i++) {
        for (let k = 0; k < row.length; k++) row[k] = (spread[k] as ArrayLike<number>)[i] as number
        into[i] = apply(row, integer)
      }
      return into
    }
    // Each operand that is broadcast is written out beside the result.
    const copies = (parts: readonly Constant[], to: readonly number[]) =>
      1 + 2 * parts.filter((part) => numelOfDims(part.shape) !== numelOfDims(to)).length
    // What is repeated along a dim in each operand is repeated in the result.
    const parts = operands.map((operand) => operand.repeats ?? operand)
    const least = parts.map((part) => part.shape).reduce(broadcastShapes)
    const once = [...new Array<number>(shape.length - least.length).fill(1), ...least]
    if (once.every((size, i) => size === shape[i])) return later(element, shape, compute(operands, shape), copies(operands, shape))
    const repeats: Constant = {
      kind: 'constant',
      name: '',
      element,
      shape: once,
      read: compute(parts, once),
      readBytes: copies(parts, once) * bytesOf(element, once) + parts.reduce((sum, part) => sum + part.readBytes, 0),
      sources: element === 'float' ? [...new Set(operands.flatMap(({ sources }) => sources))] : [],
      wide: null,
    }
    const read = () => {
      const numbers = repeats.read()
      return numbers && pick(numbers, shape, broadcastSteps(once, shape))
    }
    return later(element, shape, read, 2).map((folded) => ({ ...folded, repeats }))
  }
}

const binary = (apply: (a: number, b: number, integer: boolean) => number, gives?: Element): Fold =>
  elementwise(([a, b], integer) => apply(a as number, b as number, integer), gives)
const unary = (apply: (x: number) => number, gives?: Element): Fold => elementwise(([x]) => apply(x as number), gives)

/** Division of integers drops what is left over, as ONNX and C do. */
function divided(a: number, b: number, integer: boolean): number {
  if (!integer) return a / b
  if (b === 0) throw new Error('an integer is divided by 0')
  return Math.trunc(a / b)
}

const mod: Fold = (node, inputs, budget) => {
  // fmod keeps the sign of the dividend, Python's the divisor's.
  const fmod = node.attributes.int('fmod', 0) === 1
  const integer = inputs.every((input) => input?.element !== 'float')
  if (integer && inputs[1] && budget.read(inputs[1])?.[0] === 0) throw new Error('an integer is divided by 0')
  return binary((a, b) => (fmod ? a % b : a - b * Math.floor(a / b)))(node, inputs, budget)
}

/** A wave of positions: no learned table is passed through one, and what it is made of, positions and frequencies, is none. */
const wave =
  (apply: (x: number) => number): Fold =>
  (node, inputs, budget) =>
    unary(apply)(node, inputs, budget)?.map(({ repeats, ...folded }) => ({
      ...folded,
      sources: [],
      ...(repeats ? { repeats: { ...repeats, sources: [] } } : {}),
    })) ?? null

/** Bounds are attributes until opset 10, inputs since; either may be left out. */
const clip: Fold = (node, [x, ...bounds], budget) => {
  const [low, high] = bounds
  const least = low ? budget.read(low)?.[0] : node.attributes.float('min', Number.NEGATIVE_INFINITY)
  const most = high ? budget.read(high)?.[0] : node.attributes.float('max', Number.POSITIVE_INFINITY)
  if (least === undefined || most === undefined) return null
  return unary((number) => Math.min(Math.max(number, least), most))(node, [x], budget)
}

/** To the nearest integer, halves to the even one. */
function rounded(x: number): number {
  const near = Math.round(x)
  return near - x === 0.5 && near % 2 !== 0 ? near - 1 : near
}

/** Arithmetic, comparison and logic. */
export const arithmetic: Readonly<Record<string, Fold>> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary(divided),
  Mod: mod,
  Pow: binary((a, b) => a ** b),
  Min: elementwise((numbers) => numbers.reduce((left, right) => Math.min(left, right))),
  Max: elementwise((numbers) => numbers.reduce((left, right) => Math.max(left, right))),
  Sum: elementwise((numbers) => numbers.reduce((left, right) => left + right, 0)),
  Mean: elementwise((numbers) => numbers.reduce((left, right) => left + right, 0) / numbers.length),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(rounded),
  Clip: clip,
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Sin: wave(Math.sin),
  Cos: wave(Math.cos),
  Tan: unary(Math.tan),
  Asin: unary(Math.asin),
  Acos: unary(Math.acos),
  Atan: unary(Math.atan),
  Sinh: unary(Math.sinh),
  Cosh: unary(Math.cosh),
  Tanh: unary(Math.tanh),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Relu: unary((x) => Math.max(x, 0)),
  Log: unary(Math.log),
  Reciprocal: unary((x) => 1 / x),
  Sign: unary(Math.sign),
  Equal: binary((a, b) => (a === b ? 1 : 0), 'boolean'),
  Less: binary((a, b) => (a < b ? 1 : 0), 'boolean'),
  LessOrEqual: binary((a, b) => (a <= b ? 1 : 0), 'boolean'),
  Greater: binary((a, b) => (a > b ? 1 : 0), 'boolean'),
  GreaterOrEqual: binary((a, b) => (a >= b ? 1 : 0), 'boolean'),
  And: binary((a, b) => (a && b ? 1 : 0), 'boolean'),
  Or: binary((a, b) => (a || b ? 1 : 0), 'boolean'),
  Xor: binary((a, b) => (Boolean(a) !== Boolean(b) ? 1 : 0), 'boolean'),
  Not: unary((x) => (x ? 0 : 1), 'boolean'),
  Where: (node, inputs, budget) => {
    const [, yes, no] = inputs
    const element = yes?.element === 'float' || no?.element === 'float' ? 'float' : (yes?.element ?? 'integer')
    return elementwise(([which, a, b]) => (which ? a : b) as number, element)(node, inputs, budget)
  },
}
