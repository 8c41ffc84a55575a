import type { Tensor4D } from '@tensorflow/tfjs-core'
import { Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { isRowsAndColumns } from './shared/dims.ts'
import { sameChannels } from './shared/divided.ts'
import { featureMap } from './shared/spatial.ts'

/**
 * Mean of each channel (Lin et al., "Network In Network", 2013), C×H×W → C×1×1. Every input element is read once;
 * H·W − 1 additions and one division per channel.
 */
export const globalAvgPool2d = defineOp({
  type: 'GlobalAvgPool2d',
  summary: 'Mean of each channel, as a 1×1 map.',
  attributes: Type.Object({}),
  arity: takes(1),
  canonical: () => ({}),
  shape: ([x]) => {
    const { batch, channels } = featureMap(x!, 'GlobalAvgPool2d')
    return [[batch, channels, 1, 1]]
  },
  quantities: ({ inputs, outputs }) => {
    const read = numel(inputs[0]!)
    const means = numel(outputs[0]!)
    return { windowReads: read, additions: read - means, divisions: means }
  },
  channelsRead: sameChannels,
  field: () => 'global',
  fromOnnx: {
    GlobalAveragePool: (node) => (node.inputs[0]?.shape.length === 4 ? {} : null),
    // The mean over rows and columns is how newer exporters write it.
    ReduceMean: (node) => {
      const x = node.inputs[0]
      const axes = node.inputs[1] ? node.numbers(1) : node.ints('axes')
      return x?.shape.length === 4 && axes && isRowsAndColumns(axes) && node.int('keepdims', 1) === 1 ? {} : null
    },
  },
  onnx: (emit) => emit.node('GlobalAveragePool', emit.inputs, emit.outputs),
  tfjs: (tf, { inputs }) => {
    const { size } = featureMap(inputs[0]!, 'GlobalAvgPool2d')
    if (product(...size) === 1) return (maps) => maps
    return ([x]) => tf.mean(x as Tensor4D, [1, 2], true)
  },
})
