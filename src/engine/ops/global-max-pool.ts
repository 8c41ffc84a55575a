import { Type } from 'typebox'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { sameChannels } from './shared/divided.ts'
import { featureMap } from './shared/spatial.ts'

/** Largest element of each channel, C×H×W → C×1×1. Every input element is read once; H·W − 1 comparisons per channel. */
export const globalMaxPool2d = defineOp({
  type: 'GlobalMaxPool2d',
  summary: 'Largest element of each channel, as a 1×1 map.',
  attributes: Type.Object({}),
  arity: takes(1),
  canonical: () => ({}),
  shape: ([x]) => {
    const { batch, channels } = featureMap(x!, 'GlobalMaxPool2d')
    return [[batch, channels, 1, 1]]
  },
  quantities: ({ inputs, outputs }) => {
    const read = numel(inputs[0]!)
    return { windowReads: read, comparisons: read - numel(outputs[0]!) }
  },
  channelsRead: sameChannels,
  field: () => 'global',
  fromOnnx: { GlobalMaxPool: (node) => (node.inputs[0]?.shape.length === 4 ? {} : null) },
  onnx: (emit) => emit.node('GlobalMaxPool', emit.inputs, emit.outputs),
  tfjs:
    (tf) =>
    ([x]) =>
      tf.max(x!, [1, 2], true),
})
