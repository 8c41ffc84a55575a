import type { Shape } from '../../shape.ts'
import { BatchLost, quote } from './fault.ts'

/**
 * How the batch is followed through a file. Every shape is known twice: at the file's own batch, and at one `probe` times
 * as large, worked out by the same shape rules. The dim in which the two differ holds the batch, as its outermost factor.
 */
export const probe = 31

/** The batch as the file states it. */
export interface BatchOfFile {
  /** Its size; 1 where it is left open. */
  size: number
  /** Left open: the file says itself what becomes of another batch. */
  open: boolean
}

/** The dim that holds the batch, or null where none does. @throws BatchLost where several do. */
export function batchDim(shape: Shape, wide: Shape): number | null {
  let found: number | null = null
  for (let i = 0; i < shape.length; i++)
    if (shape[i] !== wide[i]) {
      if (found !== null) throw new BatchLost(`a tensor of ${shape.join('×')} holds the batch in two dims, ${found} and ${i}`)
      found = i
    }
  return found
}

const product = (sizes: Shape): number => sizes.reduce((left, right) => left * right, 1)

/** Position of the batch in a tensor. */
export interface BatchPlace {
  dim: number
  /** The part of that dim's size that lies before the batch: 197 of 197·N rows where each position holds all images. */
  outer: number
}

/**
 * Where the batch goes when a tensor is reshaped: row-major order keeps as many elements before it as there were. Where
 * two dims of the target meet at that point there is a choice that the file does not make at a batch of 1; taken is, in
 * this order: a size that is copied from the batch's dim, a dim of the batch alone (the same one, else the first), the dim
 * as it was, any but the last, which holds features, and of these the one that has the batch outermost.
 * @param raw the shape as the file writes it, with 0 for a size that is copied.
 * @throws BatchLost where there is no such dim.
 */
export function batchTarget(shape: Shape, place: BatchPlace, target: Shape, batch: number, raw: readonly number[] | undefined): BatchPlace {
  const before = product(shape.slice(0, place.dim)) * place.outer
  const fits: BatchPlace[] = []
  let passed = 1
  target.forEach((size, dim) => {
    const outer = before / passed
    if (Number.isInteger(outer) && size % (outer * batch) === 0) fits.push({ dim, outer })
    passed *= size
  })
  const last = target.length - 1
  const found =
    (raw?.[place.dim] === 0 ? fits.find(({ dim }) => dim === place.dim) : undefined) ??
    fits.find(({ dim }) => target[dim] === batch && dim === place.dim) ??
    fits.find(({ dim }) => target[dim] === batch) ??
    fits.find(({ dim, outer }) => dim === place.dim && outer === place.outer && target[dim] === shape[dim]) ??
    fits.findLast(({ dim }) => dim !== last) ??
    fits[0]
  if (!found)
    throw new BatchLost(
      `a tensor of ${shape.join('×')} with the batch in dim ${place.dim} is reshaped to ${target.join('×')}, which tears the batch apart`,
    )
  return found
}

/**
 * Position of the batch in a reshaped tensor whose dim is known.
 * @throws BatchLost where no size before it goes with that, so that images would be mixed.
 */
export function placeIn(shape: Shape, place: BatchPlace, target: Shape, dim: number, batch: number): BatchPlace {
  const outer = (product(shape.slice(0, place.dim)) * place.outer) / product(target.slice(0, dim))
  if (!Number.isInteger(outer) || target[dim]! % (outer * batch) !== 0)
    throw new BatchLost(
      `a tensor of ${shape.join('×')} with the batch in dim ${place.dim} is reshaped to ${target.join('×')}, which mixes images in dim ${dim}`,
    )
  return { dim, outer }
}

/** Position of the batch in a layer's output, or null where it has none. @throws BatchLost where it does not grow with it. */
export function placeOf({ shape, wide, outer = 1 }: { shape: Shape; wide: Shape; outer?: number }): BatchPlace | null {
  const dim = batchDim(shape, wide)
  if (dim === null) return null
  if (wide[dim] !== shape[dim]! * probe) throw new BatchLost(`dim ${dim} of a tensor of ${shape.join('×')} does not grow with the batch`)
  return { dim, outer }
}

/**
 * An output of a file of a fixed batch has each image's numbers together, or the images in a dim of their own.
 * @throws BatchLost where they lie among the image's own rows, so that nobody could tell them apart.
 */
export function checkApart(name: string, tensor: { shape: Shape; wide: Shape; outer?: number }, batch: number): void {
  const place = placeOf(tensor)
  if (!place || tensor.shape[place.dim] === batch || product(tensor.shape.slice(0, place.dim)) * place.outer === 1) return
  throw new BatchLost(`output ${quote(name)}, ${tensor.shape.join('×')}, has the images of the batch inside of dim ${place.dim}`)
}
