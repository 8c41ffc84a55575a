import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import type { Parameter } from '../op.ts'

/** What convolutions and transposed ones of every rank share: channels in groups, and their two parameters. */

/** @throws ShapeError where the input has other channels than stated, or groups do not divide both sides. */
export function checkGroups(channels: number, a: { inChannels?: number; outChannels: number; groups: number }): void {
  if (a.inChannels !== undefined && a.inChannels !== channels)
    throw new ShapeError(
      `inChannels is ${a.inChannels}, but the input has ${channels} channels: write ${channels} or leave it out`,
      'inChannels',
    )
  if (channels % a.groups !== 0) throw new ShapeError(`groups ${a.groups} must divide the ${channels} input channels`, 'groups')
  if (a.outChannels % a.groups !== 0) throw new ShapeError(`groups ${a.groups} must divide the ${a.outChannels} outChannels`, 'groups')
}

/** Weight of this shape, seeded for `inputs` that feed one output element, and a bias per output channel. */
export function filterParameters(
  shape: readonly number[],
  inputs: readonly number[],
  a: { outChannels: number; bias: boolean },
): Parameter[] {
  const weight: Parameter = { name: 'weight', shape, init: 'he', fanIn: product(...inputs), trainable: true }
  return a.bias ? [weight, { name: 'bias', shape: [a.outChannels], init: 'bias', trainable: true }] : [weight]
}
