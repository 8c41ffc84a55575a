import type { Shape } from '../../shape.ts'

/** Position of the channels in Keras's tensor. */
export type DataFormat = 'channels_last' | 'channels_first'

/**
 * How the engine's tensor relates to the Keras tensor that it represents.
 *
 * `as-is`: dim by dim the same. `channels-first`: Keras's last axis, the channels, is the engine's dim 1; the engine's
 * maps lie so. `mixed`: a vector that was flattened from a channels-first map, so its elements are in another order
 * than Keras's. Layers that learn a weight for each element do not mind: the order is that of their weights.
 */
export type Layout = 'as-is' | 'channels-first' | 'mixed'

export interface KerasTensor {
  /** The engine's reference. */
  ref: string
  /** The engine's shape, batch first. */
  shape: Shape
  layout: Layout
  /** Where the layout is mixed: the map that was flattened, batch first, channels first. */
  map?: Shape
}

export const rankOf = ({ shape }: KerasTensor): number => shape.length

/** The shape as Keras has it, batch first. */
export const kerasShape = ({ shape, layout }: KerasTensor): Shape =>
  layout === 'channels-first' ? [shape[0]!, ...shape.slice(2), shape[1]!] : shape

/** For each dim of one layout, its position in the other. */
export function permutation(rank: number, to: 'as-is' | 'channels-first'): number[] {
  const inner = Array.from({ length: rank - 2 }, (_, i) => i + 1)
  return to === 'channels-first' ? [0, rank - 1, ...inner] : [0, ...inner.map((dim) => dim + 1), 1]
}

/** True where a reordering moves dims of size 1 alone, so that no element changes its place. */
export function keepsOrder(shape: Shape, dims: readonly number[]): boolean {
  const moved = dims.filter((dim) => shape[dim] !== 1)
  return moved.every((dim, i) => i === 0 || moved[i - 1]! < dim)
}

/** Keras's axis (negative from the end, the batch is 0) as the engine's dim, or null where there is none. */
export function dimOfAxis(axis: number, tensor: KerasTensor): number | null {
  const rank = rankOf(tensor)
  const positive = axis < 0 ? rank + axis : axis
  if (positive < 1 || positive >= rank) return null
  return tensor.layout === 'channels-first' ? (positive === rank - 1 ? 1 : positive + 1) : positive
}
