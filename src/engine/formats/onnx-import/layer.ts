import type { LayerDtypes } from '../../dtypes.ts'
import type { Parameter } from '../../op.ts'
import type { Shape } from '../../shape.ts'
import type { Budget } from './budget.ts'
import type { Constant, Value } from './constant.ts'
import type { ElementTypes } from './element-types.ts'
import type { Ids } from './ids.ts'
import type { Learning } from './learning.ts'

/** A layer as it is handed to the verifier, and where its parameters come from. */
export interface TranslatedLayer {
  id: string
  type: string
  inputs: readonly string[]
  attributes: Record<string, unknown>
  /** Parameter → what fills it. */
  slots: ReadonlyMap<string, FilledSlot>
  /** Those of its op, with the shapes that they have here. */
  parameters: readonly Parameter[]
  /** The layer that computes with the same tensors in the same places. */
  weightsOf?: string
  /** What its parameters count where that is not their own size (`accounting.ts`). */
  params?: Record<string, number>
  /** Types of its tensors, as far as they are known. */
  dtypes?: LayerDtypes
  /** What it reads and makes, at the file's own batch; absent where no node makes it. */
  shapes?: { inputs: readonly Shape[]; outputs: readonly Shape[] }
  /** Name of the file's node that computes it, where it has one. */
  node?: string
}

export interface FilledSlot {
  constant: Constant
  transposed: boolean
  factor: number
}

/** What became of a tensor of the file, in words, for the report on parameters. */
export type Fate = Map<string, string>

/** What a translation writes to. */
export interface Translation {
  readonly budget: Budget
  readonly layers: TranslatedLayer[]
  readonly fates: Fate
  readonly ids: Ids
  readonly learning: Learning
  /** By the file's names. */
  readonly values: Map<string, Value>
  readonly types: ElementTypes
  readonly notes: string[]
}
