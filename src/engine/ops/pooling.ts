import type { OnnxEmitter } from '../formats/onnx-emitter.ts'
import type { SpatialWindow } from './spatial.ts'
import { type GeometryOf, windowGeometry } from './window.ts'

/** What average pooling of every rank shares. */

type Geometry = GeometryOf<readonly number[], readonly number[]>

/** How many elements each window's mean is over, along one axis. */
function counts(g: Geometry, size: readonly number[], i: number, includePad: boolean): number[] {
  const [low, high] = includePad ? [-g.pads[i]!, size[i]! + g.pads[size.length + i]!] : [0, size[i]!]
  return Array.from({ length: g.output[i]! }, (_, o) => {
    const start = o * g.stride[i]! - g.pads[i]!
    return Math.min(start + g.kernel[i]!, high) - Math.max(start, low)
  })
}

/**
 * What corrects means that were taken over whole windows: the window's elements / elements counted, per position, the
 * last dim fastest; null where every window is whole. PyTorch clips a window to the padded input (countIncludePad) or to
 * the input.
 */
export function divisorCorrection(size: readonly number[], a: SpatialWindow, countIncludePad: boolean): Float32Array | null {
  const g: Geometry = windowGeometry(size, a)
  let factors = [1]
  for (let i = 0; i < size.length; i++) {
    const along = counts(g, size, i, countIncludePad)
    factors = factors.flatMap((factor) => along.map((count) => (factor * g.kernel[i]!) / count))
  }
  return factors.every((factor) => factor === 1) ? null : Float32Array.from(factors)
}

/** Pads as ONNX has them, the overhang of ceil mode among those behind: runtimes disagree on ceil_mode, not on pads. */
export const padsWithOverhang = ({ pads, overhang }: Geometry): number[] =>
  pads.map((pad, i) => (i < overhang.length ? pad : pad + overhang[i - overhang.length]!))

/** Average pooling as ONNX writes it. */
export function emitMean(emit: OnnxEmitter, size: readonly number[], a: SpatialWindow, countIncludePad: boolean): void {
  const geometry = windowGeometry(size, a)
  const window = { kernel_shape: a.kernelSize, strides: a.stride, pads: padsWithOverhang(geometry) }
  // The overhang is written as padding. Where it must not count although padding does, the mean over whole windows is
  // corrected afterwards.
  const correction = countIncludePad ? divisorCorrection(size, a, true) : null
  if (!correction) {
    emit.node('AveragePool', emit.inputs, emit.outputs, { ...window, count_include_pad: countIncludePad ? 1 : 0 })
    return
  }
  const mean = emit.temporary('mean')
  emit.node('AveragePool', emit.inputs, [mean], { ...window, count_include_pad: 1 })
  emit.node('Mul', [mean, emit.constant('correction', [1, 1, ...geometry.output], correction)], emit.outputs)
}
