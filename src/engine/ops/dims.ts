import { ShapeError } from '../errors.ts'
import { perImage, type Shape } from '../shape.ts'

/**
 * A dim as PyTorch counts it (the batch is 0, negative from the end) as an index into the shape.
 * @throws ShapeError where it is out of range, or is the batch, along which no layer of a network works.
 */
export function dimOf(dim: number, shape: Shape, attribute = 'dim'): number {
  const index = dim < 0 ? shape.length + dim : dim
  if (index < 1 || index >= shape.length)
    throw new ShapeError(
      `${attribute} ${dim} is ${index === 0 ? 'the batch' : 'out of range'} for ${perImage(shape)}: use 1 to ${shape.length - 1} (1 is the channels) or −1 to −${shape.length - 1}`,
      attribute,
    )
  return index
}
