import { Type } from 'typebox'
import { ShapeError } from '../../errors.ts'
import type { OnnxEmitter } from '../../formats/onnx-emitter.ts'
import type { OnnxNode, OnnxSlot } from '../../formats/onnx-node.ts'
import type { Parameter } from '../../op.ts'

/** What convolutions and transposed ones of every rank share: channels in groups, and their two parameters. */

/** Their attributes before those of the window, and behind them. */
export const channelAttributes = {
  outChannels: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'Filters, that is output channels.' }),
  inChannels: Type.Optional(Type.Integer({ minimum: 1, description: 'Checked against the input where given; derived otherwise.' })),
}
export const groupAttributes = {
  groups: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Splits input and output channels into groups that do not see each other. Default 1.' }),
  ),
  bias: Type.Optional(Type.Boolean({ description: 'Adds a learned constant per output channel. Default true.' })),
}

/** @throws ShapeError where the input has other channels than stated, or groups do not divide both inputs and outputs. */
export function checkGroups(channels: number, a: { inChannels?: number; outChannels: number; groups: number }): void {
  if (a.inChannels !== undefined && a.inChannels !== channels)
    throw new ShapeError(
      `inChannels is ${a.inChannels}, but the input has ${channels} channels: write ${channels} or leave it out`,
      'inChannels',
    )
  if (channels % a.groups !== 0) throw new ShapeError(`groups ${a.groups} must divide the ${channels} input channels`, 'groups')
  if (a.outChannels % a.groups !== 0) throw new ShapeError(`groups ${a.groups} must divide the ${a.outChannels} outChannels`, 'groups')
}

/** Weight of this shape, seeded for the number of inputs that feed one output element, and a bias per output channel. */
export function filterParameters(shape: readonly number[], fanIn: number, a: { outChannels: number; bias: boolean }): Parameter[] {
  const weight: Parameter = { name: 'weight', shape, init: 'he', fanIn, trainable: true }
  return a.bias ? [weight, { name: 'bias', shape: [a.outChannels], init: 'bias', trainable: true }] : [weight]
}

/** The operands of the layer in ONNX: data, weight, bias. */
export const filterOperands = (emit: OnnxEmitter, a: { bias: boolean }): string[] => [
  emit.inputs[0]!,
  emit.parameter('weight'),
  ...(a.bias ? [emit.parameter('bias')] : []),
]

/** Where the file has the two parameters. */
export const filterSlots = (node: OnnxNode): Record<string, OnnxSlot> => ({
  weight: { input: 1 },
  ...(node.inputs[2] ? { bias: { input: 2 } } : {}),
})
