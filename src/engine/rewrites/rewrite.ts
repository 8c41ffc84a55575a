import type { Static, TObject } from 'typebox'
import type { Complete } from '../zoo/shared/family.ts'
import type { EditableNetwork } from './network.ts'

/** A place that a rewrite looks at: a layer by its id. */
export interface Site {
  id: string
  /** Why it cannot be rewritten. */
  reason?: string
  /** Why it is left alone unless the recipe names it. */
  caution?: string
}

/**
 * A change of a network that a user may ask for. One file each, and one line in `index.ts`. The network that it makes is
 * verified like any other; what it does not change stays as it is, ids included.
 */
export interface RewriteDefinition<S extends TObject, T extends Site> {
  name: string
  /** One sentence for the docs: what becomes what. */
  summary: string
  /** What it costs in accuracy or otherwise, in a sentence. */
  givesUp: string
  /** Where the rule comes from. */
  source: string
  options: S
  /** True where the network's outputs stay the same for the same weights, up to rounding. */
  exact?: boolean
  /** True where it saves whatever its options ask for: then it is no advice. */
  asMuchAsAsked?: boolean
  /** True where it changes the network as a whole, so that no layers can be named. */
  whole?: boolean
  /** Every place it looks at, in graph order, with the reason where it cannot apply. */
  sites(network: EditableNetwork, options: Complete<Static<S>>): T[]
  /** Rewrites these sites, none of which has a violation. */
  apply(network: EditableNetwork, sites: readonly T[], options: Complete<Static<S>>): void
}

/** The index's view: types erased, since options are checked before. */
export type Rewrite = RewriteDefinition<any, any>

/** Declares a rewrite. */
export const defineRewrite = <S extends TObject, T extends Site>(rewrite: RewriteDefinition<S, T>): RewriteDefinition<S, T> => rewrite
