import { product } from '../exact.ts'
import type { LayerShapes, Quantities } from '../op.ts'

/** What a convention can use to count one layer. Shapes are batch first; every figure is for the whole batch. */
export interface CountedLayer extends LayerShapes {
  type: string
  /** Canonical attributes of the op `type`. */
  attributes: Readonly<Record<string, unknown>>
  /** Elements of the learned parameters it computes with, another layer's where it shares them. */
  params: number
  quantities: Quantities
}

/** How a convention counts one kind of layer. */
export interface Rule {
  /** The rule in words, to follow "counts". */
  words: string
  /** The count. @throws CountOverflow past 2^53 − 1. */
  count(layer: CountedLayer): number
}

/** A way to count: a pure map from what a layer does to one number. */
export interface Convention {
  name: string
  /** One line for a list. */
  summary: string
  /** The definition in words, complete enough to recompute a figure by hand. */
  definition: string
  /** Where the convention comes from: lecture, tool and version, paper. */
  source: string
  /** How layers of this op type are counted. */
  rule(type: string): Rule
  /** The rule of the types that have none of their own. */
  otherwise: Rule
}

export interface ConventionParts extends Omit<Convention, 'definition' | 'rule'> {
  /** Remarks that the wording of the rules leaves out. */
  remarks: string
  /** Op type → its rule. */
  rules: Readonly<Record<string, Rule>>
}

/** Ties a convention's rules to its definition, so that its description and its counts cannot diverge. */
export function defineConvention({ rules, remarks, ...rest }: ConventionParts): Convention {
  const byType = new Map(Object.entries(rules))
  const types = new Map<Rule, string[]>()
  for (const [type, rule] of byType) types.set(rule, [...(types.get(rule) ?? []), type])
  const sentences = [...types].map(([rule, names]) => `${names.join(', ')}: ${rule.words}.`)
  return {
    ...rest,
    definition: `${sentences.join(' ')} Every other layer: ${rest.otherwise.words}. ${remarks}`,
    rule: (type) => byType.get(type) ?? rest.otherwise,
  }
}

/** What a tool does not see at all, multiply-adds or not. */
export const unseen = (why: string): Rule => ({ words: `nothing (${why})`, count: () => 0 })

/** `aten::matmul` by fvcore and ptflops: the first operand as it stands, so what broadcasting repeats is counted once. */
export const firstTimesColumns: Rule = {
  words: 'elements of the first operand × columns of the second, whatever broadcasting repeats',
  count: ({ inputs: [a, b] }) => product(...a!, b!.at(-1)!),
}

/** Only multiply-adds: what most tools count for an op that they have no rule for. */
export const multiplyAddsOnly: Rule = {
  words: 'its multiply-adds alone, so nothing where it has none',
  count: ({ quantities }) => quantities.macs ?? 0,
}

/** One rule for several op types. */
export const each = (types: readonly string[], rule: Rule): Record<string, Rule> => Object.fromEntries(types.map((type) => [type, rule]))

/** The same op on one, two and three spatial dims: `Conv1d`, `Conv2d`, `Conv3d`. */
export const ofEveryRank = (name: string): string[] => [1, 2, 3].map((rank) => `${name}${rank}d`)

/** The multiply-adds of weighted layers in words, for the rules of all. K is the kernel's size: Kh × Kw of two dims. */
export const convolutionWords = 'output elements × (input channels / groups × K)'
export const transposedWords = 'input elements × (output channels / groups × K)'
export const linearWords = 'inputs × outputs for each row'

export const convolutionMacs: Rule = { words: `${convolutionWords}, without bias`, count: multiplyAddsOnly.count }
export const transposedMacs: Rule = { words: `${transposedWords}, without bias`, count: multiplyAddsOnly.count }
export const linearMacs: Rule = { words: `${linearWords}, without bias`, count: multiplyAddsOnly.count }
