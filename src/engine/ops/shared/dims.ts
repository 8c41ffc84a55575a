import { ShapeError } from '../../errors.ts'
import { perImage, type Shape } from '../../shape.ts'

/**
 * A dim as PyTorch counts it (0 the first, negative from the end) as an index into the shape. Dim 0 is the batch of most
 * tensors, but not of all: between the heads of an attention it may be theirs.
 * @throws ShapeError where it is out of range.
 */
export function dimOf(dim: number, shape: Shape, attribute = 'dim'): number {
  const index = dim < 0 ? shape.length + dim : dim
  if (index < 0 || index >= shape.length)
    throw new ShapeError(
      `${attribute} ${dim} is out of range for ${perImage(shape)} with the batch before it: use 0 (the batch) to ${shape.length - 1} or −1 to −${shape.length}`,
      attribute,
    )
  return index
}

/** Whether dims of a map N×C×H×W, counted from either end, are its rows and columns. */
export const isRowsAndColumns = (dims: readonly number[]): boolean =>
  dims
    .map((dim) => (dim + 4) % 4)
    .sort()
    .join() === '2,3'
