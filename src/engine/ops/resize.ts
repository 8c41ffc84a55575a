import type { Tensor } from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import type { OnnxEmitter } from '../formats/onnx-emitter.ts'
import { defineOp, takes } from '../op.ts'
import { numel, perImage, type Shape } from '../shape.ts'
import { sameChannels } from './shared/divided.ts'
import { tfjsAxis } from './shared/lowering/layout.ts'
import { integers } from './shared/onnx-emit.ts'
import { readResize } from './shared/onnx-resize.ts'
import { type Coordinates, nearestIndices, neighbors, type Rounding, resized } from './shared/resampling.ts'
import { fieldOf } from './shared/window.ts'

const factor = Type.Number({ exclusiveMinimum: 0, maximum: 2 ** 20 })
const length = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })
const either = 'Give `scale` or `size`; of both, size is the output’s and scale says where its elements lie on the input.'
const Attributes = Type.Object({
  scale: Type.Optional(
    Type.Union([factor, Type.Array(factor, { minItems: 1, maxItems: 3 })], {
      description: `Output over input size: one number, or one for each dim behind the channels. ${either}`,
    }),
  ),
  size: Type.Optional(
    Type.Union([length, Type.Array(length, { minItems: 1, maxItems: 3 })], {
      description: `Output size: one number, or one for each dim behind the channels. ${either}`,
    }),
  ),
  mode: Type.Optional(
    Type.Union([Type.Literal('nearest'), Type.Literal('linear')], {
      description: 'The nearest element, or the ones around weighed by their distance (bilinear on a map). Default nearest.',
    }),
  ),
  coordinates: Type.Optional(
    Type.Union([Type.Literal('asymmetric'), Type.Literal('halfPixel'), Type.Literal('alignCorners')], {
      description:
        'Where output i lies on the input: i / scale; (i + ½) / scale − ½, middle on middle; or first on first and last on last. Default asymmetric ' +
        'for nearest and halfPixel for linear, as PyTorch’s.',
    }),
  ),
  rounding: Type.Optional(
    Type.Union([Type.Literal('floor'), Type.Literal('ceil'), Type.Literal('roundPreferFloor'), Type.Literal('roundPreferCeil')], {
      description:
        'Which element is the nearest, for nearest alone. Default floor where asymmetric, as PyTorch’s nearest, else roundPreferCeil, as its nearest-exact and TensorFlow’s.',
    }),
  ),
})

interface ResizeAttributes {
  scale?: number | readonly number[]
  size?: number | readonly number[]
  mode: 'nearest' | 'linear'
  coordinates: Coordinates
  rounding?: Rounding
}

interface Along {
  input: number
  output: number
  scale: number
}

/** Sizes and factor of each dim behind the channels. @throws ShapeError where they do not fit the input. */
function dims(x: Shape, a: ResizeAttributes): Along[] {
  const inputs = x.slice(2)
  if (inputs.length < 1 || inputs.length > 3)
    throw new ShapeError(`Resize takes a sequence, a map or a volume, but its input is ${perImage(x)}`)
  if (a.scale === undefined && a.size === undefined) throw new ShapeError('Resize takes either scale or size: give one of them', 'size')
  for (const [name, given] of Object.entries({ scale: a.scale, size: a.size }))
    if (typeof given === 'object' && given.length !== inputs.length)
      throw new ShapeError(`${name} has ${given.length} numbers, but ${perImage(x)} has ${inputs.length} dims behind the channels`, name)
  const at = (given: number | readonly number[] | undefined, i: number) => (typeof given === 'object' ? given[i]! : given)
  return inputs.map((input, i) => {
    const [scale, size] = [at(a.scale, i), at(a.size, i)]
    const along =
      size === undefined
        ? resized(input, { scale: scale! })
        : { ...resized(input, { size }), ...(scale === undefined ? {} : { scale: Math.fround(scale) }) }
    if (along.output < 1) throw new ShapeError(`scale ${scale} leaves nothing of ${input}: use at least ${1 / input}`, 'scale')
    return { input, ...along }
  })
}

/** Writes it element by element, where ONNX would work out other positions: dim by dim, by the indices of elements and their weights. */
function emitByElements(emit: OnnxEmitter, along: readonly Along[], a: ResizeAttributes): void {
  const pick = (from: string, indices: () => Int32Array, axis: number, hint: string, to: string): string => {
    const wanted = emit.constant(`${hint}_indices`, [along[axis - 2]!.output], () => BigInt64Array.from(Array.from(indices(), BigInt)))
    emit.node('Gather', [from, wanted], [to], { axis })
    return to
  }
  along.reduce((from, each, i) => {
    const axis = i + 2
    const out = i === along.length - 1 ? emit.outputs[0]! : emit.temporary(`dim${axis}`)
    if (a.mode === 'nearest') return pick(from, () => nearestIndices(each, a.coordinates, a.rounding!), axis, `near${axis}`, out)
    // Made once there is room for the first of the three.
    let found: ReturnType<typeof neighbors> | undefined
    const around = () => (found ??= neighbors(each, a.coordinates))
    const below = pick(from, () => around().low, axis, `low${axis}`, emit.temporary(`low${axis}`))
    const above = pick(from, () => around().high, axis, `high${axis}`, emit.temporary(`high${axis}`))
    const shares = emit.constant(`share${axis}`, [each.output, ...along.slice(i + 1).map(() => 1)], () => around().weight)
    const [apart, part] = [emit.temporary(`apart${axis}`), emit.temporary(`part${axis}`)]
    emit.node('Sub', [above, below], [apart])
    emit.node('Mul', [apart, shares], [part])
    emit.node('Add', [below, part], [out])
    return out
  }, emit.inputs[0]!)
}

/**
 * Resamples a sequence, a map or a volume to another size, as PyTorch's `nn.Upsample` and `interpolate` (nearest, linear
 * to trilinear) and ONNX's Resize. Nearest moves data; linear weighs 2^n elements over n dims: 2^n multiplications and
 * 2^n − 1 additions per output element. Positions are worked out in float32 as those tools do, so that they round alike.
 */
export const resize = defineOp({
  type: 'Resize',
  summary: 'Resamples the dims behind the channels to another size, nearest or linear.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>): ResizeAttributes => {
    const copy = (value: number | readonly number[]) => (typeof value === 'number' ? value : [...value])
    const mode = raw.mode ?? 'nearest'
    const coordinates = raw.coordinates ?? (mode === 'nearest' ? 'asymmetric' : 'halfPixel')
    return {
      ...(raw.scale === undefined ? {} : { scale: copy(raw.scale) }),
      ...(raw.size === undefined ? {} : { size: copy(raw.size) }),
      mode,
      coordinates,
      ...(mode === 'nearest' ? { rounding: raw.rounding ?? (coordinates === 'asymmetric' ? 'floor' : 'roundPreferCeil') } : {}),
    }
  },
  shape: ([x], a) => [[x![0]!, x![1]!, ...dims(x!, a).map(({ output }) => output)]],
  quantities: ({ inputs, outputs }, { mode }) => {
    if (mode === 'nearest') return {}
    const elements = numel(outputs[0]!)
    const taps = 2 ** (inputs[0]!.length - 2)
    return { multiplications: product(taps, elements), additions: product(taps - 1, elements) }
  },
  channelsRead: sameChannels,
  field: ({ inputs }, a) => {
    const around = a.mode === 'linear' ? 2 : 1
    const steps = dims(inputs[0]!, a).map(({ input, output }) => input / output)
    return fieldOf({ kernelSize: steps.map(() => around), stride: steps })
  },
  fromOnnx: { Resize: readResize, Upsample: readResize },
  onnx: (emit, { inputs, outputs }, a) => {
    const names = { asymmetric: 'asymmetric', halfPixel: 'half_pixel', alignCorners: 'align_corners' }
    const nearest = { floor: 'floor', ceil: 'ceil', roundPreferFloor: 'round_prefer_floor', roundPreferCeil: 'round_prefer_ceil' }
    const rank = inputs[0]!.length
    if (a.size !== undefined && a.scale !== undefined) {
      emitByElements(emit, dims(inputs[0]!, a), a)
      return
    }
    const to =
      a.size === undefined
        ? [emit.constant('scales', [rank], Float32Array.of(1, 1, ...dims(inputs[0]!, a).map(({ scale }) => scale)))]
        : ['', integers(emit, 'sizes', outputs[0]!)]
    emit.node('Resize', [emit.inputs[0]!, '', ...to], emit.outputs, {
      mode: a.mode,
      coordinate_transformation_mode: names[a.coordinates],
      ...(a.rounding ? { nearest_mode: nearest[a.rounding] } : {}),
    })
  },
  tfjs: (tf, { attributes: a, inputs }) => {
    const rank = inputs[0]!.length
    const steps = dims(inputs[0]!, a).map((along, i): ((x: Tensor) => Tensor) => {
      const axis = tfjsAxis(i + 2, rank)
      if (a.mode === 'nearest') {
        const indices = tf.tensor1d(nearestIndices(along, a.coordinates, a.rounding!), 'int32')
        return (x) => tf.gather(x, indices, axis)
      }
      const { low, high, weight } = neighbors(along, a.coordinates)
      const below = tf.tensor1d(low, 'int32')
      if (weight.every((share) => share === 0)) return (x) => tf.gather(x, below, axis)
      const above = tf.tensor1d(high, 'int32')
      const share = tf.tensor(
        weight,
        inputs[0]!.map((_, dim) => (dim === axis ? weight.length : 1)),
      )
      return (x) => {
        const from = tf.gather(x, below, axis)
        return tf.add(from, tf.mul(tf.sub(tf.gather(x, above, axis), from), share))
      }
    })
    return ([x]) => steps.reduce((given, step) => step(given), x!)
  },
})
