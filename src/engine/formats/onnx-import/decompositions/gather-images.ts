import { placeOf, probe } from '../batch.ts'
import { numelOfDims } from '../shapes.ts'
import type { Decomposer } from './decomposer.ts'

/**
 * A Gather along a dim of all images' elements, by indices that are made for as many images as there are: the same of each,
 * as PyTorch writes `as_strided` of an open batch (image b's are its first image's and b times the elements of one). The images
 * get a dim of their own, and of each is picked what is picked of the first. Null where it is none such.
 */
export function gatherImages(to: Decomposer, axis: number): Decomposer | null {
  const [value, indices] = to.values
  if (value?.kind !== 'activation' || indices?.kind !== 'constant' || !indices.wide) return null
  const place = placeOf(value)
  const [first, ...rest] = indices.shape
  const elements = value.shape[axis]!
  // The file's own batch is 1 wherever it is open, so that one image's indices are those of the file's batch.
  if (place?.dim !== axis || place.outer !== 1 || first === undefined) return null
  const [wideFirst, ...wideRest] = indices.wide.shape
  if (wideFirst !== first * probe || wideRest.some((size, i) => size !== rest[i])) return null
  const numbers = to.atBothBatches(1)
  if (!numbers) return null
  const { narrow, wide } = numbers
  if (narrow.some((index) => index < 0 || index >= elements)) return null
  for (let i = 0; i < wide.length; i++) if (wide[i] !== narrow[i % narrow.length]! + Math.floor(i / narrow.length) * elements) return null
  const shape = to.shape(0)
  const images = to.step(
    'Reshape',
    [to.node.inputs[0]!, to.integers('images/shape', [...shape.slice(0, axis), 1, elements, ...shape.slice(axis + 1)])],
    'images',
  )
  const picked = (own: readonly number[]) => [images, to.integers('indices', narrow, own)] as const
  if (first === 1 && rest.length > 0) return to.last('Gather', picked(rest), { axis: axis + 1 })
  const apart = to.step('Gather', picked([numelOfDims(indices.shape)]), 'picked', { axis: axis + 1 })
  return to.last('Reshape', [apart, to.integers('shape', [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)])])
}
