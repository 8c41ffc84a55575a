import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import type { OnnxNode } from '../formats/onnx-node.ts'
import { parametricActivation } from './shared/elementwise.ts'
import { scalar } from './shared/onnx-emit.ts'

const Attributes = Type.Object({
  min: Type.Optional(Type.Number({ description: 'Smallest value let pass. Default −1; −3.4e38 bounds nothing.' })),
  max: Type.Optional(Type.Number({ description: 'Largest value let pass. Default 1; 3.4e38 bounds nothing.' })),
})

/** The largest float, which bounds nothing. */
const unbounded = 3.4028234663852886e38

/** The range of an ONNX `Clip`, attributes until opset 10, inputs from 11 on; null where the network computes it. */
export function clipRange(node: OnnxNode): readonly [number, number] | null {
  const [, low, high] = node.inputs
  if ((low && !low.constant) || (high && !high.constant)) return null
  const bound = (number: number) => Math.min(unbounded, Math.max(-unbounded, number))
  const min = low ? node.numbers(1)?.[0] : node.float('min', -unbounded)
  const max = high ? node.numbers(2)?.[0] : node.float('max', unbounded)
  return [bound(min ?? -unbounded), bound(max ?? unbounded)]
}

/** min(max(x, min), max), as PyTorch's `nn.Hardtanh` and ONNX's Clip: two comparisons per element. */
export const hardTanh = parametricActivation({
  type: 'HardTanh',
  summary: 'Cuts each element to a range.',
  attributes: Attributes,
  canonical: (raw: Static<typeof Attributes>) => ({ min: raw.min ?? -1, max: raw.max ?? 1 }),
  check: ({ min, max }) => {
    if (min > max) throw new ShapeError(`min ${min} is above max ${max}: the range is empty`, 'min')
  },
  arithmetic: { comparisons: 2 },
  fromOnnx: {
    Clip: (node) => {
      const range = clipRange(node)
      return range && range.join() !== '0,6' ? { attributes: { min: range[0], max: range[1] } } : null
    },
  },
  onnx: (emit, a) => {
    emit.node('Clip', [emit.inputs[0]!, scalar(emit, 'min', a.min), scalar(emit, 'max', a.max)], emit.outputs)
  },
  tfjs: (tf, x, a) => tf.clipByValue(x, a.min, a.max),
})
