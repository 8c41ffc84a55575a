import { Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import type { FieldWindow } from '../op.ts'
import { perImage, type Shape } from '../shape.ts'
import type { WindowOf } from './window.ts'

/** Windows over one, two or three spatial dims alike: their attributes and what the geometry makes of them. */
export type Rank = 1 | 2 | 3

const positive = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })
const nonNegative = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })
const axes = { 1: '[length]', 2: '[height, width]', 3: '[depth, height, width]' } as const
const sideNames = { 1: '[before, after]', 2: '[top, left, bottom, right]', 3: '[front, top, left, back, bottom, right]' } as const
const inputs = { 1: 'a sequence C×L', 2: 'a feature map C×H×W', 3: 'a volume C×D×H×W' } as const

const list = (item: typeof positive, length: number) => Type.Array(item, { minItems: length, maxItems: length })

/** One positive number for all spatial dims, or one for each. */
export const sizes = (rank: Rank, description: string) =>
  Type.Union([positive, list(positive, rank)], { description: `${description}: one number or ${axes[rank]}.` })

/** As `sizes`, and 0 as well. */
export const amounts = (rank: Rank, description: string) =>
  Type.Union([nonNegative, list(nonNegative, rank)], { description: `${description}: one number or ${axes[rank]}. Default 0.` })

export const paddingOf = (rank: Rank) =>
  Type.Union([nonNegative, list(nonNegative, rank), list(nonNegative, 2 * rank), Type.Literal('same'), Type.Literal('valid')], {
    description:
      rank === 1
        ? `One number, ${sideNames[rank]}, "same" (as TensorFlow) or "valid". Default 0.`
        : `One number, ${axes[rank]}, ${sideNames[rank]}, "same" (as TensorFlow) or "valid". Default 0.`,
  })

export type SpatialWindow = WindowOf<readonly number[], readonly number[]>
type Padding = number | readonly number[] | 'same' | 'valid'

/** One number a spatial dim. */
export const perDim = (rank: Rank, value: number | readonly number[]): number[] =>
  typeof value === 'number' ? new Array<number>(rank).fill(value) : [...value]

/** Pads before each dim, then those after, or `same`. */
export function sidesOf(rank: Rank, padding: Padding = 0): number[] | 'same' {
  if (padding === 'same') return 'same'
  const given = perDim(rank, padding === 'valid' ? 0 : padding)
  return given.length === rank ? [...given, ...given] : given
}

export interface Spatial {
  batch: number
  channels: number
  size: readonly number[]
}

/** Batch, channels and spatial sizes. @throws ShapeError where the tensor is of another rank. */
export function spatial(rank: Rank, shape: Shape, op: string): Spatial {
  if (shape.length !== rank + 2) throw new ShapeError(`${op} takes ${inputs[rank]}, but its input is ${perImage(shape)}`)
  return { batch: shape[0]!, channels: shape[1]!, size: shape.slice(2) }
}

/** As the receptive-field recurrence reads a window: along the last two dims, a sequence's height is 1. */
export function rowsAndColumns(kernel: readonly number[], stride: readonly number[], dilation: readonly number[]): FieldWindow {
  const last = (values: readonly number[]): [number, number] => [values.at(-2) ?? 1, values.at(-1)!]
  return { kernel: last(kernel), stride: last(stride), dilation: last(dilation) }
}
