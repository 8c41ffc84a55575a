import { Type } from 'typebox'
import { defineOp, takes } from '../op.ts'
import { sameChannels } from './shared/divided.ts'

/** Passes its input on: a view, no arithmetic. */
export const identity = defineOp({
  type: 'Identity',
  summary: 'Passes its input on.',
  attributes: Type.Object({}),
  arity: takes(1),
  canonical: () => ({}),
  shape: ([x]) => [x!],
  batchIn: () => true,
  quantities: () => ({}),
  view: true,
  channelsRead: sameChannels,
  fromOnnx: { Identity: () => ({}), Dropout: () => ({}), Cast: () => ({}), CastLike: () => ({}) },
  onnx: (emit) => emit.node('Identity', emit.inputs, emit.outputs),
  tfjs: () => (inputs) => inputs,
})
