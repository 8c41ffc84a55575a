import type { OnnxLayer, OnnxNode } from '../../formats/onnx-node.ts'

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
  if (node.int('antialias', 0) !== 0 || node.ints('axes') || node.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') return null
  const scales = old ? (node.inputs[1] ? node.numbers(1) : node.floats('scales')) : node.numbers(2)
  const sizes = old || scales?.length ? undefined : node.numbersHere(3)
  const given = scales?.length ? scales : sizes
  if (given?.length !== shape.length) return null
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
      mode: linear ? 'linear' : 'nearest',
      coordinates: at,
      ...(linear ? {} : { rounding }),
    },
  }
}
