import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { parametricActivation } from './elementwise.ts'

const Attributes = Type.Object({
  min: Type.Optional(Type.Number({ description: 'Smallest value let pass. Default −1; −3.4e38 bounds nothing.' })),
  max: Type.Optional(Type.Number({ description: 'Largest value let pass. Default 1; 3.4e38 bounds nothing.' })),
})

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
  onnx: (emit, a) => {
    const bound = (hint: string, value: number) => emit.constant(hint, [], Float32Array.of(value))
    emit.node('Clip', [emit.inputs[0]!, bound('min', a.min), bound('max', a.max)], emit.outputs)
  },
  tfjs: (tf, x, a) => tf.clipByValue(x, a.min, a.max),
})
