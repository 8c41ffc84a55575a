import { type TObject, type TProperties, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import type { GraphBuilder } from '../../builder.ts'
import type { OptionViolation } from './family.ts'

const side = Type.Integer({ minimum: 1, maximum: 8192 })

export type Resolution = number | readonly [number, number]

const resolution = (value: number, description: string) =>
  Type.Optional(Type.Union([side, Type.Tuple([side, side])], { default: value, description }))

/**
 * An option schema: `classes` and `resolution`, which every family takes, and the family's own. Unknown options are
 * refused. `defaultResolution` is the side of the square image the family's paper uses.
 */
export function familyOptions<P extends TProperties>(own: P, defaultResolution = 224) {
  return Type.Object(
    {
      classes: integer(1000, 1, 1_000_000, 'Classes of the final classifier.'),
      resolution: resolution(defaultResolution, 'Height and width of the input image: one number, or [height, width].'),
      ...own,
    },
    { additionalProperties: false },
  )
}

/** An option of a family: an integer with default and bounds. */
export const integer = (value: number, minimum: number, maximum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, default: value, description }))

/** An option of a family: a number with default and bounds. */
export const number = (value: number, minimum: number, maximum: number, description: string) =>
  Type.Optional(Type.Number({ minimum, maximum, default: value, description }))

export const boolean = (value: boolean, description: string) => Type.Optional(Type.Boolean({ default: value, description }))

export const list = <T extends TSchema>(item: T, value: unknown[], minItems: number, maxItems: number, description: string) =>
  Type.Optional(Type.Array(item, { minItems, maxItems, default: value, description }))

/** Channels of a layer: bounded so that no product of two options passes what the verifier accepts by far. */
export const channels = (description?: string) => Type.Integer({ minimum: 1, maximum: 16_384, ...(description ? { description } : {}) })

export const dropout = (value: number, where: string) =>
  number(value, 0, 1, `Probability of dropout ${where}; 0 leaves the layer out. Dropout does nothing at inference.`)

/** Adds the one input, 3×H×W. */
export function imageInput(graph: GraphBuilder, resolution: Resolution): string {
  return graph.input([3, ...(typeof resolution === 'number' ? [resolution, resolution] : resolution)])
}

/** A limit on the sum of a list of depths, since that is what bounds the number of layers. */
export function atMostInAll(depths: readonly number[], most: number, path: string, noun: string): OptionViolation[] {
  const total = depths.reduce((a, b) => a + b, 0)
  return total > most ? [{ path, message: `${path.slice(1)} asks for ${total} ${noun}, but a network may have at most ${most}` }] : []
}

/** The options with every default written out, as a copy of their own. */
export function withDefaults(schema: TObject, given: Record<string, unknown>): any {
  return Value.Default(schema, structuredClone(given))
}
