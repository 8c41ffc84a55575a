import { Type } from 'typebox'
import { ShapeError } from '../../errors.ts'
import { numel, perImage, type Shape } from '../../shape.ts'
import type { SpatialWindow } from './window.ts'

/** Ops over one, two or three spatial dims alike: how a window is spelled, and what the geometry reads of it. */
export type Rank = 1 | 2 | 3

const positive = (description?: string) => Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, ...(description ? { description } : {}) })
const nonNegative = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })
const axes = { 1: '[length]', 2: '[height, width]', 3: '[depth, height, width]' } as const
const sideNames = { 1: '[before, after]', 2: '[top, left, bottom, right]', 3: '[front, top, left, back, bottom, right]' } as const
const layouts = { 1: 'C×L', 2: 'C×H×W', 3: 'C×D×H×W' } as const
/** The usual name of a tensor with this many spatial dims. */
export const nouns = { 1: 'sequence', 2: 'feature map', 3: 'volume' } as const

const list = (item: ReturnType<typeof positive>, length: number) => Type.Array(item, { minItems: length, maxItems: length })

/** One positive number for all spatial dims, or one for each. */
export const sizes = (rank: Rank, description: string) =>
  Type.Union([positive(), list(positive(), rank)], { description: `${description}: one number or ${axes[rank]}.` })

/** As `sizes`, and 0 as well. */
export const amounts = (rank: Rank, description: string) =>
  Type.Union([nonNegative, list(nonNegative, rank)], { description: `${description}: one number or ${axes[rank]}. Default 0.` })

export const paddingOf = (rank: Rank) =>
  Type.Union([nonNegative, list(nonNegative, rank), list(nonNegative, 2 * rank), Type.Literal('same'), Type.Literal('valid')], {
    description: `One number, ${axes[rank]}, ${sideNames[rank]}, "same" (as TensorFlow) or "valid". Default 0.`,
  })

const linePadding = Type.Union([nonNegative, list(nonNegative, 2), Type.Literal('same'), Type.Literal('valid')], {
  description: `One number, ${sideNames[1]}, "same" (as TensorFlow) or "valid". Default 0.`,
})

/** The attributes of a convolution's or a pooling's window. Over one dim they are numbers alone, as in `nn.Conv1d`. */
export const windowAttributes = (rank: Rank) => ({
  kernelSize: rank === 1 ? positive('Window length.') : sizes(rank, 'Window size'),
  stride: Type.Optional(rank === 1 ? positive('Step of the window.') : sizes(rank, 'Step of the window')),
  padding: Type.Optional(rank === 1 ? linePadding : paddingOf(rank)),
})
export const dilation = (rank: Rank) =>
  Type.Optional(rank === 1 ? positive('Spacing of the window’s elements. Default 1.') : sizes(rank, 'Spacing of the window’s elements'))

type PerDim = number | readonly number[]
type Padding = PerDim | 'same' | 'valid'

/** A window as `windowAttributes` take it, its stride filled in. */
export interface SpelledWindow {
  kernelSize: PerDim
  stride: PerDim
  padding: Padding
  dilation?: PerDim
  ceilMode?: boolean
}

/** One number a spatial dim, in a list of its own. */
export const perDim = (rank: Rank, value: PerDim): number[] =>
  typeof value === 'number' ? new Array<number>(rank).fill(value) : [...value]

/** Pads before each dim, then those after, or `same`. */
export function padsPerSide(rank: Rank, padding: Padding = 0): number[] | 'same' {
  if (padding === 'same') return 'same'
  const given = perDim(rank, padding === 'valid' ? 0 : padding)
  return given.length === rank ? [...given, ...given] : given
}

/** The canonical spelling: numbers over one dim, lists over more. */
export const canonicalWindow = (
  rank: Rank,
  raw: { kernelSize: PerDim; stride?: PerDim | undefined; padding?: Padding | undefined },
  defaultStride: PerDim,
): { kernelSize: PerDim; stride: PerDim; padding: Padding } => ({
  kernelSize: canonicalPerDim(rank, raw.kernelSize),
  stride: canonicalPerDim(rank, raw.stride ?? defaultStride),
  padding: rank === 1 ? (typeof raw.padding === 'object' ? [...raw.padding] : (raw.padding ?? 0)) : padsPerSide(rank, raw.padding),
})
export const canonicalPerDim = (rank: Rank, value: PerDim): PerDim => (rank === 1 ? value : perDim(rank, value))

/** The canonical spelling as the geometry reads it. Lists are not copied. */
export function windowOf(rank: Rank, a: SpelledWindow): SpatialWindow {
  return {
    kernelSize: listOf(rank, a.kernelSize),
    stride: listOf(rank, a.stride),
    padding: typeof a.padding === 'object' && a.padding.length === 2 * rank ? a.padding : padsPerSide(rank, a.padding),
    dilation: a.dilation === undefined ? undefined : listOf(rank, a.dilation),
    ceilMode: a.ceilMode,
  }
}

const listOf = (rank: Rank, value: PerDim): readonly number[] => (typeof value === 'number' ? perDim(rank, value) : value)

/** Elements of a window: of all spatial dims together. @throws CountOverflow past 2^53 − 1. */
export const windowElements = (rank: Rank, { kernelSize }: Pick<SpelledWindow, 'kernelSize'>): number => numel(listOf(rank, kernelSize))

export interface Spatial {
  batch: number
  channels: number
  size: readonly number[]
}

/** Batch, channels and spatial sizes. @throws ShapeError where the tensor is of another rank. */
export function spatial(rank: Rank, shape: Shape, op: string): Spatial {
  if (shape.length !== rank + 2) throw new ShapeError(`${op} takes a ${nouns[rank]} ${layouts[rank]}, but its input is ${perImage(shape)}`)
  return { batch: shape[0]!, channels: shape[1]!, size: shape.slice(2) }
}

/** Height and width of a feature map. @throws ShapeError where the tensor is no N×C×H×W feature map. */
export function featureMap(shape: Shape, op: string): Spatial & { size: readonly [number, number] } {
  const { batch, channels, size } = spatial(2, shape, op)
  return { batch, channels, size: [size[0]!, size[1]!] }
}
