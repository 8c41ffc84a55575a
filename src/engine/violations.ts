import { EngineError, type EngineErrorCode, type GraphViolation } from './errors.ts'
import { maxViolations } from './limits.ts'
import { nearest } from './nearest.ts'

/** Names compared for suggestions in one specification: a few per violation, for the first violations, is what helps. */
const maxComparisons = 10_000

/** Everything wrong with one specification, as it is found. A specification with `maxViolations` is read no further. */
export class Violations {
  readonly list: GraphViolation[] = []
  /** True once a violation concerns what reads what, so that nothing more can be said about reachability. */
  unlinked = false
  readonly #code: EngineErrorCode
  readonly #subject: string
  #comparisons = maxComparisons

  /** `subject` names what has the violations. */
  constructor(code: EngineErrorCode = 'INVALID_GRAPH', subject = 'the graph') {
    this.#code = code
    this.#subject = subject
  }

  /** @throws EngineError with the code of these violations at the last one that is listed. */
  add(path: string, layerId: string | null, message: string): void {
    this.list.push({ path, layerId, message })
    if (this.list.length === maxViolations) this.check()
  }

  /** A violation with an id, a reference or an output. */
  addLink(path: string, layerId: string | null, message: string): void {
    this.unlinked = true
    this.add(path, layerId, message)
  }

  /** `nearest`, for as many names as the budget holds; then nothing. */
  hint(name: string, candidates: readonly string[]): string {
    if (candidates.length > this.#comparisons) return ''
    this.#comparisons -= candidates.length
    return nearest(name, candidates)
  }

  /** @throws EngineError with every violation, where there are any. */
  check(): void {
    const { length } = this.list
    if (length === 0) return
    const count = length === maxViolations ? `at least ${length} problems` : `${length} problem${length === 1 ? '' : 's'}`
    throw new EngineError(this.#code, `${this.#subject} has ${count}: ${this.list[0]!.message}`, this.list)
  }
}
