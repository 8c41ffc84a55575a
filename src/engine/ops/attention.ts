import type { Tensor } from '@tensorflow/tfjs-core'
import { type Static, Type } from 'typebox'
import { ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp } from '../op.ts'
import { numel, type Shape } from '../shape.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'
import { integers, scalar, stepsOf } from './shared/onnx-emit.ts'

const heads = (of: string) =>
  Type.Integer({
    minimum: 1,
    maximum: 2 ** 31 - 1,
    description: `Heads of ${of}; needed for inputs of two dims an image, and for those alone.`,
  })
const Attributes = Type.Object({
  heads: Type.Optional(heads('the queries')),
  kvHeads: Type.Optional(heads('keys and values, each for as many heads of the queries. Default as many')),
  scale: Type.Optional(Type.Number({ description: 'Factor of the scores. Default 1 / √(size of a query).' })),
  causal: Type.Optional(Type.Boolean({ description: 'Query i sees the keys up to i alone. Default false.' })),
})

interface AttentionAttributes {
  heads?: number
  kvHeads?: number
  scale?: number
  causal: boolean
}

interface Sizes {
  batch: number
  heads: number
  kvHeads: number
  queries: number
  keys: number
  /** Size of a query and of a key, and of a value. */
  depth: number
  values: number
}

/** @throws ShapeError where queries, keys, values and mask do not fit one another. */
function sizesOf([q, k, v, mask]: readonly Shape[], a: AttentionAttributes): Sizes {
  const given = [q, k, v].map((x) => x!.join('×')).join(', ')
  const refuse = (why: string): never => {
    throw new ShapeError(`Attention gets queries, keys and values of ${given} (batch first): ${why}`)
  }
  if (q!.length !== k!.length || q!.length !== v!.length || (q!.length !== 3 && q!.length !== 4))
    refuse('all three must be N×heads×length×size, or N×length×(heads·size)')
  /** Of an input as N×heads×length×size. */
  const apart = (x: Shape, n: number): Shape => (x.length === 4 ? x : [x[0]!, n, x[1]!, x[2]! / n])
  if (q!.length === 3 && a.heads === undefined) throw new ShapeError('inputs of N×length×(heads·size) need heads', 'heads')
  if (q!.length === 4 && (a.heads ?? a.kvHeads) !== undefined)
    throw new ShapeError('inputs of N×heads×length×size have their heads: leave heads and kvHeads out', 'heads')
  const own = a.heads ?? q![1]!
  const shared = a.kvHeads ?? a.heads ?? k![1]!
  const [qs, ks, vs] = [apart(q!, own), apart(k!, shared), apart(v!, shared)]
  if (![qs, ks, vs].every((x) => Number.isInteger(x[3]!))) refuse(`${own} heads (${shared} of keys and values) must divide their last dims`)
  if (qs[0] !== ks[0] || qs[0] !== vs[0]) refuse('the batches differ')
  if (ks[1] !== vs[1] || own % shared !== 0) refuse(`the ${ks[1]} heads of keys must be those of values, and divide the ${own} of queries`)
  if (qs[3] !== ks[3]) refuse(`a query has ${qs[3]} elements and a key ${ks[3]}`)
  if (ks[2] !== vs[2]) refuse(`there are ${ks[2]} keys and ${vs[2]} values`)
  const scores = [qs[0]!, own, qs[2]!, ks[2]!]
  if (mask && (mask.length > 4 || mask.some((size, i) => size !== 1 && size !== scores.at(i - mask.length))))
    throw new ShapeError(`the mask is ${mask.join('×')}, but must broadcast to the scores, ${scores.join('×')} (batch first)`)
  return { batch: qs[0]!, heads: own, kvHeads: shared, queries: qs[2]!, keys: ks[2]!, depth: qs[3]!, values: vs[3]! }
}

const scaleOf = (a: AttentionAttributes, { depth }: Sizes): number => a.scale ?? 1 / Math.sqrt(depth)

/** Attributes of ONNX's operator that are read, or that change only the data type inside or an output that nobody takes. */
const attentionAttributes = ['is_causal', 'q_num_heads', 'kv_num_heads', 'scale', 'softcap', 'qk_matmul_output_mode', 'softmax_precision']

/**
 * Scaled dot-product attention (Vaswani et al., 2017), softmax(scale · Q·Kᵀ + mask)·V, as `F.scaled_dot_product_attention`
 * and ONNX's Attention: inputs N×heads×length×size, or N×length×(heads·size) with `heads`. Keys and values may have fewer
 * heads, each for a run of the queries' (grouped queries, Ainslie et al., 2023). A fourth input is added to the scores.
 * MACs = scores × (size of a query + size of a value). Besides: the scale of each query element, the softmax of each row
 * of scores, the mask. What `causal` hides is computed and counted.
 */
export const attention = defineOp({
  type: 'Attention',
  summary: 'Scaled dot-product attention of queries on keys and values, with heads, grouped heads, a causal or an added mask.',
  attributes: Attributes,
  arity: { min: 3, max: 4 },
  canonical: (raw: Static<typeof Attributes>): AttentionAttributes => ({
    ...(raw.heads === undefined ? {} : { heads: raw.heads }),
    ...(raw.kvHeads === undefined ? {} : { kvHeads: raw.kvHeads }),
    ...(raw.scale === undefined ? {} : { scale: raw.scale }),
    causal: raw.causal ?? false,
  }),
  shape: (inputs, a) => {
    const s = sizesOf(inputs, a)
    return [inputs[0]!.length === 4 ? [s.batch, s.heads, s.queries, s.values] : [s.batch, s.queries, product(s.heads, s.values)]]
  },
  quantities: ({ inputs }, a) => {
    const s = sizesOf(inputs, a)
    const rows = product(s.batch, s.heads, s.queries)
    const scores = product(rows, s.keys)
    return {
      macs: product(scores, s.depth + s.values),
      multiplications: numel(inputs[0]!),
      comparisons: scores - rows,
      additions: 2 * scores - rows + (inputs.length === 4 ? scores : 0),
      transcendentals: scores,
      divisions: scores,
    }
  },
  field: () => 'global',
  // Written out: ONNX has Attention from opset 23 only.
  fromOnnx: {
    // Without the cache of earlier keys and values, the lengths of keys and a window over them, and with a mask of numbers to be added.
    Attention: (node) => {
      const [q, , , mask, pastKey, pastValue, keyLengths] = node.inputs
      if (
        !q ||
        pastKey ||
        pastValue ||
        keyLengths ||
        node.attributesBeside(attentionAttributes).length > 0 ||
        node.outputs > 1 ||
        node.float('softcap', 0) !== 0 ||
        (mask && !mask.float)
      )
        return null
      const [heads, kvHeads] = [node.int('q_num_heads', 0), node.int('kv_num_heads', 0)]
      const scale = node.float('scale', 0)
      return {
        attributes: {
          ...(q.shape.length === 3 ? { heads, kvHeads } : {}),
          ...(scale === 0 ? {} : { scale }),
          causal: node.int('is_causal', 0) === 1,
        },
        inputs: mask ? [0, 1, 2, 3] : [0, 1, 2],
      }
    },
  },
  onnx: (emit, { inputs, outputs }, a) => {
    const s = sizesOf(inputs, a)
    const step = stepsOf(emit)
    const shape = (x: string, dims: readonly number[], hint: string) => step('Reshape', [x, integers(emit, `${hint}_shape`, dims)], hint)
    const joined = inputs[0]!.length === 3
    /** N×heads×length×size, its last dims in the order given. */
    const apart = (x: string, hint: string, n: number, length: number, size: number, turned: boolean): string => {
      const cut = joined ? shape(x, [s.batch, length, n, size], `${hint}_cut`) : x
      if (!joined) return turned ? step('Transpose', [cut], hint, { perm: [0, 1, 3, 2] }) : cut
      return step('Transpose', [cut], hint, { perm: turned ? [0, 2, 3, 1] : [0, 2, 1, 3] })
    }
    const grouped = s.heads !== s.kvHeads
    /** Heads that share keys are rows of one matrix. */
    const runs = (x: string, size: number, hint: string) =>
      grouped ? shape(x, [s.batch, s.kvHeads, (s.heads / s.kvHeads) * s.queries, size], hint) : x
    const q = apart(emit.inputs[0]!, 'q', s.heads, s.queries, s.depth, false)
    const k = apart(emit.inputs[1]!, 'k', s.kvHeads, s.keys, s.depth, true)
    const v = apart(emit.inputs[2]!, 'v', s.kvHeads, s.keys, s.values, false)
    const scaled = step('Mul', [q, scalar(emit, 'scale', scaleOf(a, s))], 'scaled')
    const products = step('MatMul', [runs(scaled, s.depth, 'q_runs'), k], 'products')
    let scores = grouped ? shape(products, [s.batch, s.heads, s.queries, s.keys], 'scores') : products
    if (emit.inputs[3]) scores = step('Add', [scores, emit.inputs[3]], 'masked')
    if (a.causal) {
      const count = (n: number) => () => new BigInt64Array(n).map((_, i) => BigInt(i))
      const rows = emit.constant('rows', [s.queries, 1], count(s.queries))
      const seen = step('LessOrEqual', [emit.constant('columns', [s.keys], count(s.keys)), rows], 'seen')
      scores = step('Where', [seen, scores, scalar(emit, 'never', Number.NEGATIVE_INFINITY)], 'causal')
    }
    const shares = step('Softmax', [scores], 'shares', { axis: 3 })
    const plain = !grouped && !joined
    if (plain) return emit.node('MatMul', [shares, v], emit.outputs)
    const mixed = step('MatMul', [runs(shares, s.keys, 'share_runs'), v], 'mixed')
    const whole = (dims: readonly number[]) => integers(emit, 'out_shape', dims)
    if (!joined) return emit.node('Reshape', [mixed, whole(outputs[0]!)], emit.outputs)
    const byHead = grouped ? shape(mixed, [s.batch, s.heads, s.queries, s.values], 'by_head') : mixed
    emit.node('Reshape', [step('Transpose', [byHead], 'together', { perm: [0, 2, 1, 3] }), whole(outputs[0]!)], emit.outputs)
  },
  tfjs: (tf, { attributes: a, inputs, outputs, reserve }) => {
    const s = sizesOf(inputs, a)
    if (a.causal) reserve([s.queries, s.keys])
    const scale = scaleOf(a, s)
    const joined = inputs[0]!.length === 3
    const stack = s.batch * s.kvHeads
    const runs = (s.heads / s.kvHeads) * s.queries
    /** One matrix for each image and head of the keys. */
    const apart = (x: Tensor, n: number, length: number, size: number): Tensor =>
      joined ? tf.transpose(tf.reshape(x, [s.batch, length, n, size]), [0, 2, 1, 3]) : x
    const hidden = a.causal
      ? tf.tensor2d(
          Float32Array.from({ length: s.queries * s.keys }, (_, i) =>
            i % s.keys <= Math.floor(i / s.keys) ? 0 : Number.NEGATIVE_INFINITY,
          ),
          [s.queries, s.keys],
        )
      : undefined
    return inEngineOrder(tf, ([query, key, value, mask]) => {
      const q = tf.reshape(tf.mul(apart(query!, s.heads, s.queries, s.depth), scale), [stack, runs, s.depth])
      const k = tf.reshape(apart(key!, s.kvHeads, s.keys, s.depth), [stack, s.keys, s.depth])
      const v = tf.reshape(apart(value!, s.kvHeads, s.keys, s.values), [stack, s.keys, s.values])
      let scores: Tensor = tf.reshape(tf.matMul(q, k, false, true), [s.batch, s.heads, s.queries, s.keys])
      if (mask) scores = tf.add(scores, mask)
      if (hidden) scores = tf.add(scores, hidden)
      const mixed = tf.matMul(tf.reshape(tf.softmax(scores), [stack, runs, s.keys]), v)
      const byHead = tf.reshape(mixed, [s.batch, s.heads, s.queries, s.values])
      return tf.reshape(joined ? tf.transpose(byHead, [0, 2, 1, 3]) : byHead, [...outputs[0]!])
    })
  },
})
