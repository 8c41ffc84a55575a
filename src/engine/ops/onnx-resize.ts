import type { OnnxLayer, OnnxNode } from '../formats/onnx-node.ts'

const coordinates: Readonly<Record<string, string>> = {
  asymmetric: 'asymmetric',
  half_pixel: 'halfPixel',
  align_corners: 'alignCorners',
}
const roundings: Readonly<Record<string, string>> = {
  floor: 'floor',
  ceil: 'ceil',
  round_prefer_floor: 'roundPreferFloor',
  round_prefer_ceil: 'roundPreferCeil',
}

/** Reads `Resize` and what it was called before, `Upsample`: nearest and linear, of the dims behind the channels alone. */
export function readResize(node: OnnxNode): OnnxLayer | null {
  const x = node.inputs[0]
  if (!x || x.shape.length < 3 || x.shape.length > 5) return null
  const mode = node.text('mode', 'nearest')
  if ((mode !== 'nearest' && mode !== 'linear') || node.int('antialias', 0) !== 0 || node.ints('axes') !== undefined) return null
  const policy = node.text('keep_aspect_ratio_policy', 'stretch')
  // Up to opset 10 there are scales alone, and one rule: that of `asymmetric` and `floor`.
  const early = node.opType === 'Upsample' || node.opset < 11
  const rule = coordinates[early ? 'asymmetric' : node.text('coordinate_transformation_mode', 'half_pixel')]
  const rounding = roundings[early ? 'floor' : node.text('nearest_mode', 'round_prefer_floor')]
  if (!rule || !rounding || policy !== 'stretch') return null
  const sizes = early || !node.inputs[3] ? undefined : node.numbers(3)
  const scales = sizes ? undefined : node.numbers(early ? 1 : 2)
  const given = sizes ?? scales
  if (given?.length !== x.shape.length) return null
  const kept = sizes ? x.shape : [1, 1]
  if (given[0] !== kept[0] || given[1] !== kept[1]) return null
  return {
    attributes: {
      [sizes ? 'size' : 'scale']: given.slice(2),
      mode,
      coordinates: rule,
      ...(mode === 'nearest' ? { rounding } : {}),
    },
  }
}
