import type { Budget } from './budget.ts'
import type { Constant, Source } from './constant.ts'
import { quote } from './fault.ts'
import { numelOfDims } from './shapes.ts'

/**
 * What a tensor is used for as a data operand: element by element with what layers make, or with an input of the network
 * itself, where means and deviations of a data set stand; anything else, such as a matrix product, says that it is a weight.
 */
export type Use = 'elementwise' | 'onInput' | 'other'

/**
 * Which tensors of a file are learned. What fills a weight is; on a data operand a file does not say whether a table is a
 * position table or a grid of anchors, but it may show it.
 */
export class Learning {
  readonly #budget: Budget
  /** Tensor → why it is fixed, or null where nothing says so. */
  readonly #fixed = new Map<string, string | null>()
  /** Tables on data operands that count as learned, since nothing says otherwise. */
  readonly undecided = new Map<string, number>()

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** Why a tensor of the file is fixed, or null where nothing says so. */
  fixed(source: Source): string | null {
    const there = this.#fixed.get(source.tensor)
    if (there !== undefined) return there
    const why = reasonFor(source, this.#budget)
    this.#fixed.set(source.tensor, why)
    return why
  }

  /** Whether a tensor on a data operand holds something learned. */
  ofOperand(constant: Constant, use: Use): boolean {
    if (constant.element !== 'float' || numelOfDims(constant.shape) === 1) return false
    if (use !== 'other') this.#mask(constant.sources)
    let learned = false
    for (const source of constant.sources) {
      if (source.elements === 1 || this.fixed(source) !== null) continue
      learned = true
      // One number a channel is a bias or a scale of it.
      const table = use === 'onInput' || constant.shape.filter((size) => size > 1).length > 1
      if (use !== 'other' && table && !source.standIn) this.undecided.set(source.tensor, source.elements)
    }
    return learned
  }

  /**
   * A table put together of tensors that hold one multiple of a half each, not all the same, is a mask: what is learned and still
   * as it was filled, ones or zeros, is not put together with other fillings. So PyTorch writes those of shifted windows.
   */
  #mask(sources: readonly Source[]): void {
    if (sources.length < 2) return
    const fillings = sources.map((source) => filling(source, this.#budget))
    if (fillings.includes(null) || new Set(fillings).size === 1) return
    for (const { tensor } of sources)
      this.#fixed.set(tensor, 'part of a mask, no parameter: each part holds one multiple of a half throughout')
  }

  /**
   * The tensors of the file that are counted for what a parameter is filled with.
   * @param elements of the parameter.
   * @param trainable false where it is a statistic or a table: then whatever fills it.
   * @param operand it stands on a data operand: tables that are fixed are none of it.
   */
  countable(constant: Constant, elements: number, trainable: boolean, operand: boolean): readonly Source[] {
    const [only] = constant.sources
    if (!operand && only && constant.sources.length === 1 && only.elements > 1) return constant.sources
    const whole = constant.sources.filter((source) => source.elements > 1 || elements === 1)
    if (!trainable) return whole
    const mixed = operand || whole.length > 1
    const learned = mixed ? whole.filter((source) => this.fixed(source) === null) : whole
    return learned.length > 0 || operand ? learned : whole
  }
}

/** Bytes that are made of a table to look at its numbers; those that are views of the file make none. */
const mostLookedAt = 2 ** 22

function reasonFor(source: Source, budget: Budget): string | null {
  if (source.standIn || source.quantized) return null
  if (!source.initializer) return 'held by a Constant node on a data operand: a fixed table, no parameter'
  // A table beyond the budget is as large as a weight and is not inspected.
  if (source.readBytes > mostLookedAt) return null
  budget.take(source.readBytes, `tensor ${quote(source.tensor)}`)
  if (isGrid(source.read())) return 'a fixed table, no parameter: all of its numbers are multiples of a half, as of a grid or a mask'
  return null
}

/** The multiple of a half that a tensor holds throughout, or null where there is none such. */
function filling(source: Source, budget: Budget): number | null {
  if (source.standIn || source.quantized || source.readBytes > mostLookedAt) return null
  budget.take(source.readBytes, `tensor ${quote(source.tensor)}`)
  const numbers = source.read()
  const first = numbers?.[0]
  if (!numbers || first === undefined || !Number.isInteger(2 * first)) return null
  for (let i = 1; i < numbers.length; i++) if (numbers[i] !== first) return null
  return first
}

/** Whether numbers differ and all are multiples of a half: what is learned in floating point is not. */
function isGrid(numbers: ArrayLike<number> | null): boolean {
  if (!numbers) return false
  let differ = false
  for (let i = 0; i < numbers.length; i++) {
    const twice = 2 * numbers[i]!
    if (!Number.isInteger(twice) && Math.abs(twice) !== Number.POSITIVE_INFINITY) return false
    differ ||= numbers[i] !== numbers[0]
  }
  return differ
}

/** A sentence on the tables that count as learned, or null where there are none. */
export function undecidedNote({ undecided }: Learning): string | null {
  if (undecided.size === 0) return null
  const named = [...undecided].slice(0, 5).map(([tensor, elements]) => `${quote(tensor)} (${elements})`)
  return `Counted as learned, since the file does not show whether they are: ${named.join(', ')}${undecided.size > 5 ? ` and ${undecided.size - 5} more` : ''}, tables on data operands.`
}
