import { exact } from './exact.ts'

/** Sizes of a tensor, batch first: `[N, C, H, W]` for a feature map, `[N, F]` for a vector. */
export type Shape = readonly number[]

/** Elements of a tensor. @throws CountOverflow past 2^53 − 1. */
export function numel(shape: Shape): number {
  let elements = 1
  for (let i = 0; i < shape.length; i++) elements *= shape[i] as number
  // Sizes are positive integers, so a product past 2^53 − 1 anywhere on the way is past it at the end as well.
  return exact(elements)
}

/** Elements of several tensors together. @throws CountOverflow past 2^53 − 1. */
export function numelOf(shapes: readonly Shape[]): number {
  let elements = 0
  for (let i = 0; i < shapes.length; i++) elements += numel(shapes[i] as Shape)
  return exact(elements)
}

/** A shape as people write it, `64×56×56`; the batch is left out. */
export const perImage = (shape: Shape): string => shape.slice(1).join('×') || 'a scalar'

/** One image's part of a shape: without the batch where that is dim 0, whole where the batch lies elsewhere or in no dim. */
export const imageShape = (shape: Shape, batch: number): number[] => (shape[0] === batch ? shape.slice(1) : [...shape])

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
