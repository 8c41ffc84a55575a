import type { Attributes } from '../attributes.ts'
import { type Budget, blankNumbers, bytesOf } from '../budget.ts'
import type { Constant, Element, Source } from '../constant.ts'
import { numelOfDims } from '../shapes.ts'

/** What a folding sees of a node. */
export interface FoldNode {
  opType: string
  opset: number
  attributes: Attributes
  /** Number of outputs, for operators that divide by it. */
  outputs: number
  /** Name of the first output, which names what is computed. */
  name: string
  /** What it is called in messages. */
  label: string
}

/** A result: numbers at hand, or made when asked for. */
export interface Folded {
  element: Element
  shape: readonly number[]
  read(): ArrayLike<number> | null
  /** Bytes that `read` makes, beside what reading the inputs makes; absent where the numbers are at hand. */
  makes?: number
  /** Tensors of the file that it holds, where these are not those of all its inputs. */
  sources?: readonly Source[]
  blank?: boolean
  /** Set by operators that repeat a tensor along dims of size 1. */
  repeats?: Constant
  /** Set where tensors are joined along their last dim. */
  columns?: readonly Constant[]
}

/** What has been computed for the tensor that is being read: each constant once, however many others are made of it. */
let session: Map<object, ArrayLike<number> | null> | null = null

/** The numbers of a constant, computed once for everything that one reading asks for. */
export function once(key: object, compute: () => ArrayLike<number> | null): ArrayLike<number> | null {
  const outermost = session === null
  session ??= new Map()
  try {
    const there = session.get(key)
    if (there !== undefined) return there
    const numbers = compute()
    session.set(key, numbers)
    return numbers
  } finally {
    if (outermost) session = null
  }
}

/**
 * Computes a node of constants. Null where it cannot: the operator is not known in this form, or a payload is missing. What
 * it makes now is taken from the budget first; what it describes as made later is the caller's to take.
 * @throws Error with what is wrong in words; EngineError LIMIT_EXCEEDED.
 */
export type Fold = (node: FoldNode, inputs: readonly (Constant | undefined)[], budget: Budget) => Folded[] | null

/** Elements of a tensor that is computed at once; larger ones are computed where they are asked for, or not at all. */
export const mostElements = 2 ** 20

/** Numbers of an input that is small enough, or null. @throws EngineError LIMIT_EXCEEDED where computing them takes too much. */
export function small(input: Constant | undefined, budget: Budget): readonly number[] | null {
  if (!input || numelOfDims(input.shape) > mostElements) return null
  return budget.list(input)
}

/** One result that is computed now. @throws EngineError LIMIT_EXCEEDED before it is. */
export function now(
  node: FoldNode,
  budget: Budget,
  element: Element,
  shape: readonly number[],
  fill: (numbers: Float32Array | Float64Array) => void,
): Folded[] {
  budget.keep(bytesOf(element, shape), node.label)
  const numbers = blankNumbers(element, numelOfDims(shape))
  fill(numbers)
  return [{ element, shape, read: () => numbers }]
}

/**
 * One result that is computed when its numbers are asked for.
 * @param copies of the result's size that this makes.
 */
export const later = (element: Element, shape: readonly number[], read: () => ArrayLike<number> | null, copies = 1): Folded[] => [
  { element, shape, read, makes: copies * bytesOf(element, shape) },
]

/** Row-major steps of a shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step
    step *= shape[i] as number
  }
  return strides
}

/**
 * Copies elements to a tensor of `shape`, the element at each position taken from `start + Σ position · steps` of the
 * input: what transposition, slicing and repetition have in common.
 */
export function pick(from: ArrayLike<number>, shape: readonly number[], steps: readonly number[], start = 0): Float32Array | Float64Array {
  const length = numelOfDims(shape)
  const into = from instanceof Float32Array ? new Float32Array(length) : new Float64Array(length)
  const position = new Array<number>(shape.length).fill(0)
  let at = start
  for (let i = 0; i < length; i++) {
    into[i] = from[at] as number
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      at += steps[dim] as number
      if (++(position[dim] as number) < (shape[dim] as number)) break
      at -= (steps[dim] as number) * (shape[dim] as number)
      position[dim] = 0
    }
  }
  return into
}

/** NumPy's broadcast of two shapes. */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - (rank - a.length)] ?? 1
    const y = b[i - (rank - b.length)] ?? 1
    if (x !== y && x !== 1 && y !== 1) throw new Error(`shapes ${a.join('×')} and ${b.join('×')} do not broadcast`)
    return x === 1 ? y : x
  })
}

/** Steps through a tensor of shape `from` that is broadcast to `to`. */
export function broadcastSteps(from: readonly number[], to: readonly number[]): number[] {
  const strides = stridesOf(from)
  return to.map((_, i) => {
    const dim = i - (to.length - from.length)
    return dim < 0 || from[dim] === 1 ? 0 : (strides[dim] as number)
  })
}
