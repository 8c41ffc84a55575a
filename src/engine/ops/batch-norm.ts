import type * as tfjs from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import type { OnnxLayer, OnnxNode } from '../formats/onnx-node.ts'
import { defineOp, type TfjsCall, type TfjsContext, takes } from '../op.ts'
import { numel, perImage, type Shape } from '../shape.ts'
import { sameChannels } from './shared/divided.ts'
import { perElement } from './shared/elementwise.ts'
import { scaleAndShift } from './shared/normalization.ts'
import { filled } from './shared/onnx-emit.ts'
import { type Rank, spatial } from './shared/spatial.ts'

const Attributes = Type.Object({
  numFeatures: Type.Optional(Type.Integer({ minimum: 1, description: 'Checked against the input’s channels where given.' })),
  eps: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Added to the variance. Default 1e-5.' })),
  affine: Type.Optional(Type.Boolean({ description: 'Learns a scale and a shift per channel. Default true.' })),
  scale: Type.Optional(Type.Boolean({ description: 'Learns the scale. Default as affine; Keras’s networks may have a shift alone.' })),
  shift: Type.Optional(Type.Boolean({ description: 'Learns the shift. Default as affine.' })),
})

interface BatchNormAttributes {
  numFeatures?: number
  eps: number
  affine: boolean
  /** Only where one of the two differs from `affine`: both are off where `affine` is. */
  scale?: false
  shift?: false
}

const learns = (a: BatchNormAttributes): { scale: boolean; shift: boolean } => ({
  scale: a.affine && a.scale !== false,
  shift: a.affine && a.shift !== false,
})

/** Whether a tensor has this many spatial dims; `BatchNorm1d` takes vectors as well, which have none. */
const fits = (rank: Rank, { length }: Shape): boolean => length === rank + 2 || (rank === 1 && length === 2)

/** Reads `BatchNormalization` in inference: statistics from the file, its first output alone. */
function readBatchNorm(node: OnnxNode): OnnxLayer | null {
  if (node.inputs.slice(1, 5).some((input) => !input?.constant) || node.int('training_mode', 0) !== 0) return null
  return {
    attributes: { numFeatures: node.inputs[1]!.shape[0] ?? 0, eps: node.float('epsilon', 1e-5) },
    parameters: { weight: { input: 1 }, bias: { input: 2 }, running_mean: { input: 3 }, running_var: { input: 4 } },
  }
}

/** TF.js's own, which normalizes the last dim: the channels of a map. */
function onMaps(tf: typeof tfjs, { attributes: a, parameters: p }: TfjsContext<BatchNormAttributes>): TfjsCall {
  const vector = (name: string) => p[name] as tfjs.Tensor1D
  const shift = learns(a).shift ? vector('bias') : undefined
  const scale = learns(a).scale ? vector('weight') : undefined
  return ([x]) => tf.batchNorm4d(x as tfjs.Tensor4D, vector('running_mean'), vector('running_var'), shift, scale, a.eps)
}

/**
 * The factor and the summand of each channel, for tensors that travel in the engine's order: TF.js normalizes the last
 * dim only.
 */
function foldedNorm(tf: typeof tfjs, { attributes: a, inputs, parameters: p }: TfjsContext<BatchNormAttributes>): TfjsCall {
  const shape = [inputs[0]![1]!, ...inputs[0]!.slice(2).map(() => 1)]
  const [factor, summand] = tf.tidy(() => {
    const root = tf.rsqrt(tf.add(p.running_var!, a.eps))
    const scale = learns(a).scale ? tf.mul(root, p.weight!) : root
    const center = tf.neg(tf.mul(p.running_mean!, scale))
    return [tf.reshape(scale, shape), tf.reshape(learns(a).shift ? tf.add(center, p.bias!) : center, shape)]
  }) as [tfjs.Tensor, tfjs.Tensor]
  for (const given of Object.values(p)) given.dispose()
  return ([x]) => tf.add(tf.mul(x!, factor), summand)
}

/**
 * Batch normalization (Ioffe and Szegedy, 2015) in inference, PyTorch's `nn.BatchNorm1d` to `3d` in eval mode: (x − mean) /
 * √(variance + eps) · weight + bias per channel, which is dim 1. Its four vectors fold into one factor and one summand per
 * channel before any image comes, so an element takes one multiplication and one addition, fvcore's count as well. Weight
 * and bias are parameters; the running mean and variance are buffers.
 */
const batchNorm = (rank: Rank, summary: string) => {
  const type = `BatchNorm${rank}d`
  return defineOp({
    type,
    summary,
    attributes: Attributes,
    arity: takes(1),
    canonical: (raw: Static<typeof Attributes>): BatchNormAttributes => {
      const scale = raw.scale ?? raw.affine ?? true
      const shift = raw.shift ?? raw.affine ?? true
      return {
        ...(raw.numFeatures === undefined ? {} : { numFeatures: raw.numFeatures }),
        eps: raw.eps ?? 1e-5,
        affine: scale || shift,
        ...(shift && !scale ? { scale: false as const } : {}),
        ...(scale && !shift ? { shift: false as const } : {}),
      }
    },
    shape: ([x], a) => {
      if (rank > 1) spatial(rank, x!, type)
      else if (!fits(rank, x!)) throw new ShapeError(`BatchNorm1d takes a vector or a sequence C×L, but its input is ${perImage(x!)}`)
      const channels = x![1]!
      if (a.numFeatures !== undefined && a.numFeatures !== channels)
        throw new ShapeError(
          `numFeatures is ${a.numFeatures}, but the input has ${channels} channels: write ${channels} or leave it out`,
          'numFeatures',
        )
      return [x!]
    },
    parameters: ([x], a) => {
      const shape = [x![1]!]
      const mean = { name: 'running_mean', shape, init: 'shift' as const, trainable: false }
      const variance = { name: 'running_var', shape, init: 'variance' as const, trainable: false }
      const [first, second] = scaleAndShift(shape, learns(a))
      if (second) return [first!, second, mean, variance]
      return first ? [first, mean, variance] : [mean, variance]
    },
    inPlace: true,
    channelsRead: sameChannels,
    quantities: ({ outputs }) => perElement({ multiplications: 1, additions: 1 }, numel(outputs[0]!)),
    fromOnnx: { BatchNormalization: (node) => (fits(rank, node.inputs[0]?.shape ?? []) ? readBatchNorm(node) : null) },
    onnx: (emit, { inputs }, a) => {
      const channels = inputs[0]![1]!
      const weight = learns(a).scale ? emit.parameter('weight') : filled(emit, 'ones', [channels], 1)
      const bias = learns(a).shift ? emit.parameter('bias') : filled(emit, 'zeros', [channels], 0)
      emit.node(
        'BatchNormalization',
        [emit.inputs[0]!, weight, bias, emit.parameter('running_mean'), emit.parameter('running_var')],
        emit.outputs,
        { epsilon: { float: a.eps } },
      )
    },
    tfjs: rank === 2 ? onMaps : foldedNorm,
  })
}

export const batchNorm1d = batchNorm(
  1,
  'Normalizes each feature of a vector, or each channel of a sequence, by running statistics, then scales and shifts it.',
)
export const batchNorm2d = batchNorm(2, 'Normalizes each channel by running statistics, then scales and shifts it.')
export const batchNorm3d = batchNorm(3, 'Normalizes each channel of a volume by running statistics, then scales and shifts it.')
