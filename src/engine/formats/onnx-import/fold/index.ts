import { Attributes } from '../attributes.ts'
import { type Budget, mostOfParameter, widthOf } from '../budget.ts'
import type { Constant, Source } from '../constant.ts'
import type { FileNode } from '../model.ts'
import { labelOf, worded } from '../node-fault.ts'
import { numelOfDims } from '../shapes.ts'
import { arithmetic } from './arithmetic.ts'
import { choosing } from './choosing.ts'
import { type Fold, type Folded, type FoldNode, mostElements, once } from './folding.ts'
import { layout } from './layout.ts'
import { making } from './making.ts'
import { dequantizeLinear } from './quantized.ts'

/** Every operator that is computed at import where all it reads is constant. */
const folds: ReadonlyMap<string, Fold> = new Map(
  Object.entries({ ...arithmetic, ...layout, ...choosing, ...making, DequantizeLinear: dequantizeLinear }),
)

/** Results of so many elements, of inputs of no more, are computed at once: shapes and what they follow from. */
const smallResult = 4096
const cannot = ' cannot be computed'
/** Steps of a tensor that is computed when it is read. */
const longestRow = 64

/** Computes nodes of constants, at the file's batch and at the one probed with, within a budget. */
export class Folder {
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** What the outputs of `node` are, or null where it has to be a layer. */
  fold(node: FileNode, inputs: readonly (Constant | undefined)[]): Constant[] | null {
    const fold = node.domain === '' ? folds.get(node.opType) : undefined
    if (!fold) return null
    const narrow = this.#run(fold, node, inputs)
    if (!narrow) return null
    const dependent = inputs.some((input) => input?.wide)
    const wide = dependent
      ? this.#run(
          fold,
          node,
          inputs.map((input) => input?.wide ?? input),
        )
      : null
    const found = new Set<Source>()
    for (const input of inputs) for (const source of input?.sources ?? []) found.add(source)
    const sources = [...found]
    const made: Constant[] = []
    for (const [i, folded] of narrow.entries()) {
      const own = this.#settled(node, folded, inputs)
      const other = wide?.[i] && this.#settled(node, wide[i], inputs)
      if (!own || (wide && !other)) return null
      const { sources: held, ...rest } = own
      const blank = own.blank || inputs.some((input) => input?.blank)
      const absent = inputs.find((input) => input?.absent)?.absent
      const constant = {
        kind: 'constant' as const,
        name: node.outputs[i] ?? '',
        ...rest,
        ...(blank ? { blank } : {}),
        ...(absent ? { absent } : {}),
        sources: own.element === 'float' ? (held ?? sources) : [],
        wide: null,
      }
      made.push({ ...constant, wide: other && !this.#same(own, other) ? { ...constant, ...other } : null })
    }
    return made
  }

  /**
   * A result as it is kept: a small one of small ones computed, a large one as it is described, to be computed when it is
   * read, once for all that is made of it. Where that would take more than a network's weights it is computed now, or,
   * where it is too large, not at all.
   * @throws EngineError LIMIT_EXCEEDED before more is computed than the budget has.
   */
  #settled(node: FileNode, folded: Folded, inputs: readonly (Constant | undefined)[]): Settled | null {
    const { makes, ...rest } = folded
    if (makes === undefined) return { ...rest, readBytes: 0 }
    const elements = numelOfDims(folded.shape)
    let steps = 1
    let readBytes = makes
    let largest = elements
    for (const input of new Set(inputs)) {
      if (!input) continue
      steps = Math.max(steps, (input.steps ?? 0) + 1)
      readBytes += input.readBytes
      largest = Math.max(largest, numelOfDims(input.shape))
    }
    const key = {}
    const described = { ...rest, read: () => once(key, folded.read), readBytes, steps }
    const short = steps <= longestRow && readBytes <= mostOfParameter(elements)
    if (largest > smallResult && short) return described
    if (elements > mostElements) return null
    const label = labelOf(node)
    this.#budget.take(readBytes, label)
    const numbers = worded(node, cannot, () => folded.read())
    if (!numbers) return largest <= smallResult && short ? described : null
    this.#budget.keep(widthOf(folded.element) * elements, label)
    return { ...rest, read: () => numbers, readBytes: 0 }
  }

  #run(fold: Fold, node: FileNode, inputs: readonly (Constant | undefined)[]): Folded[] | null {
    const seen: FoldNode = {
      opType: node.opType,
      opset: node.opset,
      attributes: new Attributes(node),
      outputs: node.outputs.length,
      name: node.outputs[0] ?? '',
      label: labelOf(node),
    }
    return worded(node, cannot, () => fold(seen, inputs, this.#budget))
  }

  /** Whether a result is the same at both batches: its shape, and its numbers where they are few enough to be a shape. */
  #same(a: Settled, b: Settled): boolean {
    if (a.shape.length !== b.shape.length || a.shape.some((size, i) => size !== b.shape[i])) return false
    if (numelOfDims(a.shape) > smallResult) return false
    this.#budget.take(a.readBytes + b.readBytes, 'a constant that depends on the batch')
    const [left, right] = [a.read(), b.read()]
    if (!left || !right) return left === right
    for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false
    return true
  }
}

/** A result with what reading it takes, the inputs included. */
type Settled = Omit<Folded, 'makes'> & { readBytes: number; steps?: number }

/** Names of the operators that are computed at import, for the docs. */
export const foldedOperators = (): Iterable<string> => folds.keys()
