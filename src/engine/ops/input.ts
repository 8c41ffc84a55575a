import { Type } from 'typebox'
import { defineOp } from '../op.ts'

const Attributes = Type.Object({
  shape: Type.Array(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }), {
    minItems: 1,
    maxItems: 7,
    description: 'Shape of one image, C×H×W; the batch is on top.',
  }),
})

/**
 * Where data enters. The verifier turns it into one of the graph's inputs, which have no cost row: they compute
 * nothing, and their bytes are the caller's.
 */
export const input = defineOp({
  type: 'Input',
  summary: 'An input of the network, by the shape of one image.',
  attributes: Attributes,
  arity: { min: 0, max: 0 },
  canonical: (raw) => ({ shape: [...raw.shape] }),
  source: true,
  shape: (_inputs, a) => [[1, ...a.shape]],
  quantities: () => ({}),
  onnx: () => undefined,
  tfjs: () => (inputs) => inputs,
})
