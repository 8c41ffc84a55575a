import { Attributes } from '../attributes.ts'
import type { Constant, Source } from '../constant.ts'
import { invalid, quote } from '../fault.ts'
import { type FileNode, nodeName } from '../model.ts'
import { numelOfDims } from '../shapes.ts'
import { arithmetic } from './arithmetic.ts'
import { choosing } from './choosing.ts'
import { type Fold, type Folded, mostElements } from './folding.ts'
import { layout } from './layout.ts'
import { making } from './making.ts'

/** Every operator that is computed at import where all it reads is constant. */
const folds: ReadonlyMap<string, Fold> = new Map(Object.entries({ ...arithmetic, ...layout, ...choosing, ...making }))

/** Elements computed in one import, all together: far above what shapes take, far below what hurts. */
const budget = 2 ** 24
/** Steps of a tensor that is computed when it is read. */
const longestRow = 64

/** Computes nodes of constants, at the file's batch and at the one probed with, within a budget. */
export class Folder {
  #left = budget

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
      const own = this.#bounded(folded, inputs)
      const other = wide?.[i] && this.#bounded(wide[i], inputs)
      if (!own || (wide && !other)) return null
      const { lazy: _, sources: held, ...rest } = own
      const blank = own.blank || inputs.some((input) => input?.blank)
      const absent = inputs.some((input) => input?.absent)
      const constant = {
        kind: 'constant' as const,
        name: node.outputs[i] ?? '',
        ...rest,
        ...(blank ? { blank } : {}),
        ...(absent ? { absent } : {}),
        sources: own.element === 'float' ? (held ?? sources) : [],
        wide: null,
      }
      made.push({ ...constant, wide: other && !same(own, other) ? { ...constant, ...other } : null })
    }
    return made
  }

  /**
   * A result that is computed when it is read must not be so on top of two others, nor on a long row of them, or reading
   * it once would take time beyond bounds: it is then computed now, or, where it is too large, not at all.
   */
  #bounded(folded: Folded, inputs: readonly (Constant | undefined)[]): (Folded & { steps?: number }) | null {
    if (!folded.lazy) return folded
    let steps = 1
    let lazy = 0
    for (const input of inputs) {
      if (input?.steps === undefined) continue
      lazy++
      steps = Math.max(steps, input.steps + 1)
    }
    if (lazy < 2 && steps <= longestRow) return { ...folded, steps }
    const elements = numelOfDims(folded.shape)
    if (elements > mostElements) return null
    this.#spend(elements * (lazy + 1))
    const numbers = folded.read()
    return (
      numbers && {
        element: folded.element,
        shape: folded.shape,
        read: () => numbers,
        ...(folded.repeats ? { repeats: folded.repeats } : {}),
      }
    )
  }

  #spend(elements: number): void {
    this.#left -= elements
    if (this.#left < 0) throw invalid(`the constants of the file compute to more than ${budget} elements: no network’s shapes take as many`)
  }

  #run(fold: Fold, node: FileNode, inputs: readonly (Constant | undefined)[]): Folded[] | null {
    let results: Folded[] | null
    try {
      results = fold(
        {
          opType: node.opType,
          opset: node.opset,
          attributes: new Attributes(node),
          outputs: node.outputs.length,
          name: node.outputs[0] ?? '',
        },
        inputs,
      )
    } catch (cause) {
      if (!(cause instanceof Error) || cause.name === 'EngineError') throw cause
      throw invalid(`${node.opType} node ${quote(nodeName(node))} cannot be computed: ${cause.message}`, nodeName(node))
    }
    for (const { lazy, shape } of results ?? []) if (!lazy) this.#spend(Math.min(mostElements, numelOfDims(shape)))
    return results
  }
}

/** Whether a result is the same at both batches: its shape, and its numbers where they are few enough to be a shape. */
function same(a: Folded, b: Folded): boolean {
  if (a.shape.length !== b.shape.length || a.shape.some((size, i) => size !== b.shape[i])) return false
  if (numelOfDims(a.shape) > 4096) return false
  const [left, right] = [a.read(), b.read()]
  if (!left || !right) return left === right
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false
  return true
}

/** Names of the operators that are computed at import, for the docs. */
export const foldedOperators = (): Iterable<string> => folds.keys()
