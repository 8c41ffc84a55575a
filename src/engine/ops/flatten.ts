import { type Static, Type } from 'typebox'
import { product } from '../exact.ts'
import { defineOp, takes } from '../op.ts'
import { dimOf } from './shared/dims.ts'
import { toEngineOrder, toTfjsOrder } from './shared/lowering/layout.ts'
import { integers } from './shared/onnx-emit.ts'

const Attributes = Type.Object({
  startDim: Type.Optional(Type.Integer({ description: 'First dim joined; the batch is dim 0. Default 1.' })),
  endDim: Type.Optional(Type.Integer({ description: 'Last dim joined. Default −1, the last.' })),
})

/** Joins dims into one, as PyTorch's `nn.Flatten`: a view, it moves nothing. */
export const flatten = defineOp({
  type: 'Flatten',
  summary: 'Joins neighboring dims into one; by default everything but the batch.',
  attributes: Attributes,
  arity: takes(1),
  canonical: (raw: Static<typeof Attributes>) => ({ startDim: raw.startDim ?? 1, endDim: raw.endDim ?? -1 }),
  shape: ([x], a) => {
    const start = dimOf(a.startDim, x!, 'startDim')
    const end = dimOf(a.endDim, x!, 'endDim')
    if (end < start) return [x!]
    return [[...x!.slice(0, start), product(...x!.slice(start, end + 1)), ...x!.slice(end + 1)]]
  },
  // Joined with what comes behind it, the batch stays outermost.
  batchIn: (dim, [x], a) => dim <= dimOf(a.startDim, x!, 'startDim'),
  quantities: () => ({}),
  channelsRead: (from, to, { inputs: [x], outputs: [y] }, a) => {
    if (dimOf(a.startDim, x!, 'startDim') !== 1) return null
    const each = y![1]! / x![1]!
    return [[Math.floor(from / each), Math.ceil(to / each)]]
  },
  field: () => 'global',
  view: true,
  // Along the batch ONNX joins what comes before as well: there it is a Reshape.
  fromOnnx: { Flatten: (node) => (node.int('axis', 1) === 1 ? { attributes: {} } : null) },
  onnx: (emit, { outputs }) => emit.node('Reshape', [emit.inputs[0]!, integers(emit, 'shape', outputs[0]!)], emit.outputs),
  tfjs:
    (tf, { outputs }) =>
    ([x]) =>
      toTfjsOrder(tf, tf.reshape(toEngineOrder(tf, x!), [...outputs[0]!])),
})
