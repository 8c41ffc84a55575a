import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { flattened, squeezed, unsqueezed } from '../formats/onnx-import/shapes.ts'
import type { OnnxNode } from '../formats/onnx-node.ts'
import { defineOp, takes } from '../op.ts'
import { numel, perImage } from '../shape.ts'
import { toEngineOrder, toTfjsOrder } from './shared/lowering/layout.ts'
import { integers } from './shared/onnx-emit.ts'

const Attributes = Type.Object({
  shape: Type.Array(Type.Union([Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }), Type.Literal(-1)]), {
    minItems: 0,
    maxItems: 8,
    description: 'Shape of one image; one size may be −1 and takes what is left.',
  }),
  includesBatch: Type.Optional(
    Type.Boolean({
      description: 'shape is the whole tensor’s, batch included; the size of −1 is the one that the batch goes into. Default false.',
    }),
  ),
})

/** An attribute until opset 12, an input from 13 on. */
const axesOf = (node: OnnxNode): readonly number[] | undefined => (node.inputs[1] ? node.numbers(1) : node.ints('axes'))

/** The same elements under another shape, row-major, as PyTorch's `torch.reshape`: a view, it moves nothing. */
export const reshape = defineOp({
  type: 'Reshape',
  summary: 'Gives one image’s elements, or the whole tensor’s, another shape.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ shape: [...raw.shape], ...(raw.includesBatch ? { includesBatch: true } : {}) }),
  shape: ([x], a) => {
    const whole = 'includesBatch' in a && a.includesBatch
    const elements = whole ? numel(x!) : product(...x!.slice(1))
    const open = a.shape.filter((size) => size === -1).length
    const fixed = product(...a.shape.filter((size) => size !== -1))
    const wanted = a.shape.join('×').replaceAll('-1', '−1')
    if (open > 1) throw new ShapeError(`shape ${wanted} has ${open} sizes of −1: at most one can be worked out`, 'shape')
    if (open === 1 ? elements % fixed !== 0 : fixed !== elements)
      throw new ShapeError(
        `shape ${wanted} has ${open === 1 ? `a multiple of ${fixed}` : fixed} elements, but the input ${whole ? x!.join('×') : perImage(x!)} has ${elements}`,
        'shape',
      )
    const sizes = a.shape.map((size) => (size === -1 ? elements / fixed : size))
    return [whole ? sizes : [x![0]!, ...sizes]]
  },
  batchIn: () => true,
  quantities: () => ({}),
  field: () => 'global',
  view: true,
  fromOnnx: {
    Reshape: (node) => ({ attributes: node.reshapeTo(1, node.int('allowzero', 0) === 1) }),
    Flatten: (node) => ({ attributes: node.reshapeBy((shape) => flattened(shape, node.int('axis', 1))) }),
    Squeeze: (node) => {
      const axes = axesOf(node)
      return { attributes: node.reshapeBy((shape) => squeezed(shape, axes)) }
    },
    Unsqueeze: (node) => {
      const axes = axesOf(node) ?? node.refuse('it names no axes')
      return { attributes: node.reshapeBy((shape) => unsqueezed(shape, axes)) }
    },
  },
  onnx: (emit, { outputs }) => emit.node('Reshape', [emit.inputs[0]!, integers(emit, 'shape', outputs[0]!)], emit.outputs),
  tfjs:
    (tf, { outputs }) =>
    ([x]) =>
      toTfjsOrder(tf, tf.reshape(toEngineOrder(tf, x!), [...outputs[0]!])),
})
