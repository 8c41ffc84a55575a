import { type Static, Type } from 'typebox'
import { defineOp, takes } from '../op.ts'
import { sameChannels } from './shared/divided.ts'

const Attributes = Type.Object({
  p: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Share of elements dropped in training. Default 0.5.' })),
})

/** Dropout (Srivastava et al., 2014) in inference: the identity, a view, no arithmetic. */
export const dropout = defineOp({
  type: 'Dropout',
  summary: 'Drops elements in training; passes its input on in inference.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ p: raw.p ?? 0.5 }),
  shape: ([x]) => [x!],
  batchIn: () => true,
  quantities: () => ({}),
  view: true,
  channelsRead: sameChannels,
  onnx: (emit) => emit.node('Identity', emit.inputs, emit.outputs),
  tfjs: () => (inputs) => inputs,
})
