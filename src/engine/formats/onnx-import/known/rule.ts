import type { Quantities } from '../../../op.ts'
import type { Shape } from '../../../shape.ts'
import type { Decomposer } from '../decompositions/decomposer.ts'

/** What is known of a node that no op reads. Shapes and quantities are those of the file's own batch. */
export interface Known {
  outputs: readonly Shape[]
  /** What it computes; absent where that is not counted. */
  quantities?: Quantities
  /** Dims of its first input that it works along: images that lie there meet. */
  along?: readonly number[]
  /** Inputs that must all hold the batch where one of them does. */
  together?: readonly number[]
  /** Input → the dim that holds the batch. Default 0. */
  inputBatch?: Readonly<Record<number, number>>
  /** The dim of each output that holds the batch. Default 0. */
  outputBatch?: readonly number[]
}

/** What is known of a node of one operator, or null. @throws Error in words where its parts do not go together. */
export type Rule = (node: Decomposer) => Known | null
