import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { perImage } from '../shape.ts'
import { toEngineOrder, toTfjsOrder } from './lowering/layout.ts'

const Attributes = Type.Object({
  shape: Type.Array(Type.Union([Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }), Type.Literal(-1)]), {
    minItems: 1,
    maxItems: 7,
    description: 'Shape of one image; one size may be −1, it takes what is left.',
  }),
})

/** The same elements under another shape, row-major, as PyTorch's `torch.reshape`: a view, it moves nothing. */
export const reshape = defineOp({
  type: 'Reshape',
  summary: 'Gives one image’s elements another shape.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ shape: [...raw.shape] }),
  shape: ([x], a) => {
    const elements = product(...x!.slice(1))
    const open = a.shape.filter((size) => size === -1).length
    const fixed = product(...a.shape.filter((size) => size !== -1))
    const wanted = a.shape.join('×').replaceAll('-1', '−1')
    if (open > 1) throw new ShapeError(`shape ${wanted} has ${open} sizes of −1: at most one can be worked out`, 'shape')
    if (open === 1 ? elements % fixed !== 0 : fixed !== elements)
      throw new ShapeError(
        `shape ${wanted} has ${open === 1 ? `a multiple of ${fixed}` : fixed} elements, but the input ${perImage(x!)} has ${elements}`,
        'shape',
      )
    return [[x![0]!, ...a.shape.map((size) => (size === -1 ? elements / fixed : size))]]
  },
  quantities: () => ({}),
  field: () => 'global',
  view: true,
  onnx: (emit, { outputs }) =>
    emit.node('Reshape', [emit.inputs[0]!, emit.constant('shape', [outputs[0]!.length], outputs[0]!.map(BigInt))], emit.outputs),
  tfjs:
    (tf, { outputs }) =>
    ([x]) =>
      toTfjsOrder(tf, tf.reshape(toEngineOrder(tf, x!), [...outputs[0]!])),
})
