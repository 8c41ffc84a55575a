import { numel } from '../../../shape.ts'
import type { Call, LayerClass } from '../call.ts'
import { KerasFault } from '../fault.ts'
import { dimOfAxis, type KerasTensor, keepsOrder, kerasShape, permutation, rankOf } from '../tensor.ts'
import { alongOneAxis } from './one-axis.ts'

/** One vector of each image. From a map its elements stay in the engine's order, which a Dense behind it does not mind. */
export const flatten: LayerClass = (call) => {
  const x = call.input()
  if (rankOf(x) === 2) return { ...call.add('Identity', x, {}, x.layout), ...(x.map ? { map: x.map } : {}) }
  const ordered = x.layout === 'as-is' || keepsOrder(x.shape, permutation(rankOf(x), 'as-is'))
  const y = call.add('Flatten', x, {}, ordered ? 'as-is' : 'mixed')
  return ordered ? y : { ...y, map: x.shape }
}

/** Keras's order of elements under another shape; one size may be -1. */
export const reshape: LayerClass = (call) => {
  const x = call.input()
  const target = call.config.integers('target_shape', -1)
  const known = target.filter((size) => size !== -1)
  const elements = numel(x.shape)
  const fixed = known.reduce((a, b) => a * b, 1)
  const open = target.length - known.length
  if (open > 1 || fixed < 1 || (open === 1 ? elements % fixed !== 0 : fixed !== elements))
    throw new KerasFault(
      `target_shape ${target.join('×')} does not fit the ${elements} elements of ${kerasShape(x).slice(1).join('×')}: their product must be that, with at most one -1`,
      '/config/target_shape',
    )
  const sizes = target.map((size) => (size === -1 ? elements / fixed : size))
  const inOrder = rankOf(x) === 2 || (x.layout === 'channels-first' && keepsOrder(x.shape, permutation(rankOf(x), 'as-is')))
  const from = x.layout === 'mixed' || !inOrder ? call.arrange(x, 'as-is') : x
  // Straight to the engine's map, where that moves nothing.
  const toMap = permutation(sizes.length + 1, 'channels-first')
  const whole = [1, ...sizes]
  const layout = sizes.length === 3 && call.mapLayout === 'channels-first' && keepsOrder(whole, toMap) ? 'channels-first' : 'as-is'
  return call.add('Reshape', from, { shape: layout === 'as-is' ? sizes : toMap.slice(1).map((dim) => whole[dim]!) }, layout)
}

/** Keras counts the dims of `Permute` from 1, the batch left out. */
export const permute: LayerClass = (call) => {
  const [x] = [call.input()].map((each) => (each.layout === 'mixed' ? call.arrange(each, 'as-is') : each)) as [KerasTensor]
  const dims = call.config.integers('dims', 1)
  if (dims.length !== rankOf(x) - 1 || new Set(dims).size !== dims.length || dims.some((dim) => dim >= rankOf(x)))
    throw call.config.wrong('dims', `each of 1 to ${rankOf(x) - 1} once`)
  if (rankOf(x) === 2) return call.add('Identity', x, {}, x.layout)
  return call.add('Transpose', x, { dims: [0, ...dims.map((dim) => dimOfAxis(dim, x)!)] }, 'as-is')
}

export const zeroPadding2d: LayerClass = (call) => {
  const x = call.mapInput(4)
  const [[top, bottom], [left, right]] = call.config.borders('padding', 2) as [[number, number], [number, number]]
  return call.add('Pad', x, { padding: [top, left, bottom, right] }, x.layout)
}

export const zeroPadding1d: LayerClass = (call) => {
  const [[before, after]] = call.config.borders('padding', 1) as [[number, number]]
  return alongOneAxis(call, (x) => call.add('Pad', x, { padding: [before, 0, after, 0] }, x.layout))
}

/** Cuts `borders` off the dims from 2 on, a slice an axis; where there is nothing to cut, the tensor passes. */
function crop(call: Call, x: KerasTensor, borders: readonly [number, number][]): KerasTensor {
  let y = x
  borders.forEach(([before, after], i) => {
    if (before + after === 0) return
    const dim = i + 2
    if (before + after >= x.shape[dim]!) throw call.config.wrong('cropping', `less than the ${x.shape[dim]} there are`)
    y = call.add(
      'Slice',
      y,
      { dim, start: before, end: x.shape[dim]! - after },
      y.layout,
      borders.length === 1 ? undefined : (borders.length === 3 ? ['planes', 'rows', 'columns'] : ['rows', 'columns'])[i],
    )
  })
  return y === x ? call.add('Identity', x, {}, x.layout) : y
}

export const cropping2d: LayerClass = (call) => crop(call, call.mapInput(4), call.config.borders('cropping', 2))
export const cropping3d: LayerClass = (call) => crop(call, call.mapInput(5), call.config.borders('cropping', 3))
export const cropping1d: LayerClass = (call) => crop(call, call.mapInput(3), call.config.borders('cropping', 1))

export const zeroPadding3d: LayerClass = (call) => {
  const x = call.mapInput(5)
  const borders = call.config.borders('padding', 3)
  const padding = [...borders.map(([before]) => before), ...borders.map(([, after]) => after)]
  return call.add('Pad', x, { padding, dims: [2, 3, 4] }, x.layout)
}

/** Elements around that each interpolation weighs, along one axis (TensorFlow's `tf.image.resize`, not antialiased). */
const taps = { bicubic: 4, lanczos3: 6, lanczos5: 10 } as const
const interpolations = ['nearest', 'bilinear', ...(Object.keys(taps) as (keyof typeof taps)[])] as const

/**
 * A map of another size, positions between the elements' middles, as TensorFlow's. What weighs more than the neighbors is known
 * by shapes and arithmetic alone: taps² multiplications and taps² − 1 additions for each element of the output.
 */
function interpolate(call: Call, x: KerasTensor, to: { scale: number[] } | { size: number[] }): KerasTensor {
  const mode = call.config.word('interpolation', interpolations, call.className === 'Resizing' ? 'bilinear' : 'nearest')
  if (mode === 'nearest') return call.add('Resize', x, { ...to, mode, ...('size' in to ? { coordinates: 'halfPixel' } : {}) }, x.layout)
  if (mode === 'bilinear') return call.add('Resize', x, { ...to, mode: 'linear' }, x.layout)
  const size = 'size' in to ? to.size : to.scale.map((scale, i) => scale * x.shape[i + 2]!)
  const outputShape = [x.shape[1]!, ...size]
  const elements = numel(outputShape)
  const quantities = { multiplications: taps[mode] ** 2 * elements, additions: (taps[mode] ** 2 - 1) * elements }
  const attributes = { opType: `${call.className} (${mode})`, domain: 'keras', outputShapes: [outputShape], quantities }
  return call.add('Opaque', x, attributes, x.layout)
}

/** Rows and columns repeated, or interpolated. */
export const upSampling2d: LayerClass = (call) => interpolate(call, call.mapInput(4), { scale: call.config.sizes('size', 2, [2, 2]) })

/** Keras `Resizing` of a map to a height and a width. */
export const resizing: LayerClass = (call) => {
  for (const key of ['crop_to_aspect_ratio', 'pad_to_aspect_ratio', 'antialias'])
    if (call.config.flag(key, false)) throw call.config.wrong(key, 'false, the only one known here')
  return interpolate(call, call.mapInput(4), { size: [call.config.size('height'), call.config.size('width')] })
}

export const upSampling1d: LayerClass = (call) => {
  const x = call.arrange(call.input(3), call.mapLayout)
  return call.add('Resize', x, { scale: call.config.size('size', 2) }, x.layout)
}

export const upSampling3d: LayerClass = (call) => {
  const x = call.mapInput(5)
  return call.add('Resize', x, { scale: call.config.sizes('size', 3, [2, 2, 2]) }, x.layout)
}
