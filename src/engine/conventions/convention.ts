import type { Quantities } from '../op.ts'

/** A way to count: a pure map from what a layer does to one number. */
export interface Convention {
  name: string
  /** One line for a list. */
  summary: string
  /** The definition in words, complete enough to recompute a figure by hand. */
  definition: string
  /** Where the convention comes from: lecture, tool and version, paper. */
  source: string
  /** The count of one layer with these quantities. */
  flops(quantities: Quantities, type: string): number
}
