import type { Budget } from './budget.ts'
import type { Constant } from './constant.ts'
import type { Ids } from './ids.ts'

/** A layer as it is handed to the verifier, and where its parameters come from. */
export interface TranslatedLayer {
  id: string
  type: string
  inputs: readonly string[]
  attributes: Record<string, unknown>
  /** Parameter → what fills it. */
  slots: ReadonlyMap<string, FilledSlot>
  /** The layer that computes with the same tensors in the same places. */
  weightsOf?: string
  /** Name of the file's node that computes it, where it has one. */
  node?: string
}

export interface FilledSlot {
  constant: Constant
  transposed: boolean
  factor: number
}

/** What became of a tensor that the file holds, in words, for the accounting of parameters. */
export type Fate = Map<string, string>

/** What a translation writes to. */
export interface Translation {
  readonly budget: Budget
  readonly layers: TranslatedLayer[]
  readonly fates: Fate
  readonly ids: Ids
}
