import type { Static, TObject } from 'typebox'
import type { GraphSpec } from '../../verify.ts'

/** A figure somebody else published for a preset, with the digits they gave. */
export interface PublishedFigure {
  /** `params`, `macs`, `flops` in units (not millions), `memoryMiB` in MiB, `top1` and `top5` ImageNet accuracy in percent. */
  quantity: 'params' | 'macs' | 'flops' | 'memoryMiB' | 'top1' | 'top5'
  value: number
  /** The value of one unit of its last digit: 1e6 where "4.089 G" was published. Absent: exact. */
  rounding?: number
  source: string
  /** Why our figure differs, where it does. */
  note?: string
  /** Of `top1` and `top5`: what they were measured on, where that is not the validation set of ImageNet-1K (ILSVRC-2012). */
  testSet?: string
}

/** A network people know by name: options of its family, and what was published about it. */
export interface Preset<O = Record<string, unknown>> {
  /** Those that differ from the family's defaults. */
  options: Partial<O>
  summary: string
  published?: readonly PublishedFigure[]
}

/** Every option written out, however deep: what `build` gets once defaults are filled in. */
export type Complete<T> = T extends object ? { [K in keyof T]-?: Complete<T[K]> } : T

/** Something wrong with options that each fit the schema: where (JSON pointer into the options), and what would be right. */
export interface OptionViolation {
  path: string
  message: string
}

/**
 * A parametric family of networks. Each option has a default, bounds and a description; the bounds keep every network
 * small enough to be read and costed within the service's limits.
 */
export interface FamilyDefinition<S extends TObject> {
  name: string
  summary: string
  /** The paper. */
  source: string
  options: S
  presets: Readonly<Record<string, Preset<Static<S>>>>
  /** Rules that span several options. */
  check?(options: Complete<Static<S>>): OptionViolation[]
  /**
   * The options with what may be asked for in words (a width that keeps a cost) worked out to numbers, once `check` has
   * passed; the network carries these, so that a user reads what it came to.
   */
  resolve?(options: Complete<Static<S>>): Complete<Static<S>>
  /** The network as a user would have written it in JSON; `verifyGraph` reads it. */
  build(options: Complete<Static<S>>): Static<typeof GraphSpec>
}

/** The index's view of a family: option types erased, since `expandZoo` has checked them. */
export type Family = FamilyDefinition<any>

/** Declares a family. The type parameter ties the option schema to the functions that read it. */
export const defineFamily = <S extends TObject>(family: FamilyDefinition<S>): FamilyDefinition<S> => family
