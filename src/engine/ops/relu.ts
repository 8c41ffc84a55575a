import { type Static, Type } from 'typebox'
import { defineOp } from '../op.ts'
import { activation } from './shared/elementwise.ts'
import { canonicalFunctional, functional } from './shared/functional.ts'

const Attributes = Type.Object({ functional })

/** max(x, 0): one comparison per element. */
export const relu = defineOp({
  ...activation({
    type: 'ReLU',
    summary: 'Replaces negative elements with zero.',
    arithmetic: { comparisons: 1 },
    fromOnnx: { Relu: () => ({}) },
    onnx: (emit) => emit.node('Relu', emit.inputs, emit.outputs),
    tfjs: (tf, x) => tf.relu(x),
  }),
  attributes: Attributes,
  canonical: (raw: Static<typeof Attributes>) => canonicalFunctional(raw),
})
