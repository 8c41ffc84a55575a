import { product } from './exact.ts'

/** Sizes of a tensor, batch first: `[N, C, H, W]` for a feature map, `[N, F]` for a vector. */
export type Shape = readonly number[]

/** Elements of a tensor. @throws CountOverflow past 2^53 − 1. */
export const numel = (shape: Shape): number => product(...shape)

/** A shape as people write it, `64×56×56`; the batch is left out. */
export const perImage = (shape: Shape): string => shape.slice(1).join('×') || 'a scalar'

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, i) => size === b[i])
