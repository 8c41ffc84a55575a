import type { OnnxLayer, OnnxNode } from '../../formats/onnx-node.ts'
import type { Shape } from '../../shape.ts'

const coordinates: Readonly<Record<string, string>> = {
  asymmetric: 'asymmetric',
  half_pixel: 'halfPixel',
  // The same but where a dim has one element left.
  pytorch_half_pixel: 'halfPixel',
  align_corners: 'alignCorners',
}
const roundings: Readonly<Record<string, string>> = {
  floor: 'floor',
  ceil: 'ceil',
  round_prefer_floor: 'roundPreferFloor',
  round_prefer_ceil: 'roundPreferCeil',
}

/**
 * Reads `Upsample` (opset 9 and older) and `Resize`: by factors or to sizes, nearest or linear, along the dims behind the
 * channels. Cubic interpolation, cropping and antialiasing are not read.
 */
export function readResize(node: OnnxNode): OnnxLayer | null {
  const { shape } = node.inputs[0]!
  const old = node.opset < 11
  const mode = node.text('mode', 'nearest')
  const at = coordinates[node.text('coordinate_transformation_mode', old ? 'asymmetric' : 'half_pixel')]
  const rounding = roundings[node.text('nearest_mode', old ? 'floor' : 'round_prefer_floor')]
  const linear = mode === 'linear' || mode === 'bilinear'
  if (shape.length < 3 || shape.length > 5 || !at || !rounding || !(linear || mode === 'nearest')) return null
  if (node.int('antialias', 0) !== 0) return null
  const whole = wholeSizes(node, shape)
  if (!whole) return null
  const { sizes, given, factor } = whole
  // Batch and channels stay as they are.
  if ([0, 1].some((dim) => given[dim] !== (sizes ? shape[dim] : 1))) return null
  const along = given.slice(2)
  if (linear && at === 'halfPixel' && node.text('coordinate_transformation_mode', '') === 'pytorch_half_pixel') {
    const last = along.map((value, i) => (sizes ? value : Math.floor(shape[i + 2]! * value)))
    if (last.includes(1)) return null
  }
  return {
    attributes: {
      ...(sizes ? { size: along } : { scale: along }),
      ...(factor ? { scale: factor.slice(2) } : {}),
      mode: linear ? 'linear' : 'nearest',
      coordinates: at,
      ...(linear ? {} : { rounding: old ? oldRounding(along, shape) : rounding }),
    },
  }
}

/** Opset 10 does not say how it rounds: ONNX Runtime takes the element below where it enlarges, the one above else. */
const oldRounding = (scales: readonly number[], shape: Shape): string =>
  scales.some((scale, i) => scale < 1 && shape[i + 2]! > 1) ? 'ceil' : 'floor'

/** Factors or sizes of every dim: those along `axes`, the others as they are; one factor for all where the ratio is kept. */
function wholeSizes(node: OnnxNode, shape: Shape): { sizes: boolean; given: readonly number[]; factor?: readonly number[] } | null {
  const old = node.opset < 11
  const scales = old ? (node.inputs[1] ? node.numbers(1) : node.floats('scales')) : node.numbers(2)
  const sizes = !scales?.length && !old
  const numbers = sizes ? node.numbersHere(3) : scales
  const axes = node.ints('axes')?.map((axis) => (axis < 0 ? axis + shape.length : axis)) ?? shape.map((_, i) => i)
  if (!numbers || numbers.length !== axes.length || axes.some((axis) => shape[axis] === undefined)) return null
  const spread = (list: readonly number[], otherwise: (dim: number) => number) =>
    shape.map((_, dim) => (axes.includes(dim) ? list[axes.indexOf(dim)]! : otherwise(dim)))
  const policy = node.text('keep_aspect_ratio_policy', 'stretch')
  if (!sizes) return { sizes, given: spread(numbers, () => 1) }
  if (policy === 'stretch') return { sizes, given: spread(numbers, (dim) => shape[dim]!) }
  const factors = numbers.map((size, i) => Math.fround(size / shape[axes[i]!]!))
  const factor = policy === 'not_larger' ? Math.min(...factors) : Math.max(...factors)
  const kept = axes.map((axis) => Math.round(Math.fround(factor * shape[axis]!)))
  // Positions follow from the factor, sizes are rounded.
  return { sizes, given: spread(kept, (dim) => shape[dim]!), factor: shape.map((_, dim) => (axes.includes(dim) ? factor : 1)) }
}
