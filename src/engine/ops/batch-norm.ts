import type * as tfjs from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { defineOp, type TfjsCall, type TfjsContext, takes } from '../op.ts'
import { numel, type Shape } from '../shape.ts'
import { perElement } from './elementwise.ts'
import { readBatchNorm } from './onnx-norm.ts'

const Attributes = Type.Object({
  numFeatures: Type.Optional(Type.Integer({ minimum: 1, description: 'Checked against the input’s channels where given.' })),
  eps: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Added to the variance. Default 1e-5.' })),
  affine: Type.Optional(Type.Boolean({ description: 'Learns a scale and a shift per channel. Default true.' })),
  scale: Type.Optional(Type.Boolean({ description: 'Learns the scale. Default as affine; Keras’s networks may have a shift alone.' })),
  shift: Type.Optional(Type.Boolean({ description: 'Learns the shift. Default as affine.' })),
})

export interface BatchNormAttributes {
  numFeatures?: number
  eps: number
  affine: boolean
  /** Only where one of the two differs from `affine`: both are off where `affine` is. */
  scale?: false
  shift?: false
}

export const learns = (a: BatchNormAttributes): { scale: boolean; shift: boolean } => ({
  scale: a.affine && a.scale !== false,
  shift: a.affine && a.shift !== false,
})

/**
 * Batch normalisation (Ioffe and Szegedy, 2015) as it stands in inference, PyTorch's `nn.BatchNorm1d` to `3d` in eval
 * mode: (x − mean) / √(variance + eps) · weight + bias per channel, which is dim 1. Its four vectors fold into one factor
 * and one summand per channel before any image comes, so an element takes one multiplication and one addition, fvcore's
 * count as well. Weight and bias are parameters; the running mean and variance are buffers.
 */
export const batchNorm = (of: {
  type: string
  summary: string
  /** Of the tensors it takes, batch included. */
  ranks: readonly number[]
  /** Refuses tensors of other ranks. @throws ShapeError */
  check(x: Shape): void
  tfjs(tf: typeof tfjs, context: TfjsContext<BatchNormAttributes>): TfjsCall
}) =>
  defineOp({
    type: of.type,
    summary: of.summary,
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
      of.check(x!)
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
      return [
        ...(learns(a).scale ? [{ name: 'weight', shape, init: 'scale' as const, trainable: true }] : []),
        ...(learns(a).shift ? [{ name: 'bias', shape, init: 'shift' as const, trainable: true }] : []),
        { name: 'running_mean', shape, init: 'shift' as const, trainable: false },
        { name: 'running_var', shape, init: 'variance' as const, trainable: false },
      ]
    },
    quantities: ({ outputs }) => perElement({ multiplications: 1, additions: 1 }, numel(outputs[0]!)),
    fromOnnx: { BatchNormalization: (node) => (of.ranks.includes(node.inputs[0]?.shape.length ?? 0) ? readBatchNorm(node) : null) },
    onnx: (emit, { inputs }, a) => {
      const channels = inputs[0]![1]!
      const filled = (hint: string, value: number) => emit.constant(hint, [channels], new Float32Array(channels).fill(value))
      const weight = learns(a).scale ? emit.parameter('weight') : filled('ones', 1)
      const bias = learns(a).shift ? emit.parameter('bias') : filled('zeros', 0)
      emit.node(
        'BatchNormalization',
        [emit.inputs[0]!, weight, bias, emit.parameter('running_mean'), emit.parameter('running_var')],
        emit.outputs,
        { epsilon: { float: a.eps } },
      )
    },
    tfjs: of.tfjs,
  })

/**
 * The factor and the summand of each channel, for tensors that travel in the engine's order: TF.js normalises the last
 * dim only.
 */
export function foldedNorm(tf: typeof tfjs, { attributes: a, inputs, parameters: p }: TfjsContext<BatchNormAttributes>): TfjsCall {
  const shape = [inputs[0]![1]!, ...inputs[0]!.slice(2).map(() => 1)]
  const [factor, summand] = tf.tidy(() => {
    const root = tf.rsqrt(tf.add(p.running_var!, a.eps))
    const scale = learns(a).scale ? tf.mul(root, p.weight!) : root
    const centre = tf.neg(tf.mul(p.running_mean!, scale))
    return [tf.reshape(scale, shape), tf.reshape(learns(a).shift ? tf.add(centre, p.bias!) : centre, shape)]
  }) as [tfjs.Tensor, tfjs.Tensor]
  for (const given of Object.values(p)) given.dispose()
  return ([x]) => tf.add(tf.mul(x!, factor), summand)
}
