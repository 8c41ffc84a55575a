import { numelOfDims } from '../shapes.ts'
import type { Rule } from './rule.ts'

/** Attributes of opset 25: one that came later is not read past. */
const attributes = [
  'is_causal',
  'kv_num_heads',
  'left_window_size',
  'q_num_heads',
  'qk_matmul_output_mode',
  'right_window_size',
  'scale',
  'softcap',
  'softmax_precision',
]

/**
 * Attention in the forms that no op reads: with earlier keys and values, lengths of keys, a window, a cap or a mask of yes and no
 * (onnx.ai, Attention-25). Each query is multiplied by each key, earlier ones included, and each share by its value: masks, windows
 * and lengths hide scores, as `is_causal` does, but what they hide is computed and counted.
 */
export const attention: Rule = (node) => {
  if (node.attributes.beside(attributes).length > 0) return null
  const [q, k, v, mask] = [node.shape(0), node.shape(1), node.shape(2), node.shape(3)]
  const [heads, shared] = [node.attributes.int('q_num_heads', q[1]!), node.attributes.int('kv_num_heads', k[1]!)]
  const rank = q.length
  if (k.length !== rank || v.length !== rank || (rank !== 3 && rank !== 4))
    throw new Error('queries, keys and values have 3 dims each, or 4')
  /** As batch × heads × length × size. */
  const apart = (x: readonly number[], n: number): readonly number[] => (rank === 4 ? x : [x[0]!, n, x[1]!, x[2]! / n])
  const [queries, keys, values] = [apart(q, heads), apart(k, shared), apart(v, shared)]
  const sizes = [queries, keys, values].map((x) => x[3]!)
  if (
    !sizes.every(Number.isInteger) ||
    queries[1]! % keys[1]! !== 0 ||
    keys[1] !== values[1] ||
    sizes[0] !== sizes[1] ||
    keys[2] !== values[2]
  )
    throw new Error(`queries of ${q.join('×')} do not go with keys of ${k.join('×')} and values of ${v.join('×')}`)
  const [batch, length] = [queries[0]!, queries[2]!]
  const total = keys[2]! + (node.shape(4)[2] ?? 0)
  const scores = [batch, queries[1]!, length, total]
  const elements = numelOfDims(scores)
  const rows = elements / total
  const capped = node.attributes.float('softcap', 0) !== 0
  return {
    outputs: [
      rank === 4 ? [batch, queries[1]!, length, sizes[2]!] : [batch, length, queries[1]! * sizes[2]!],
      [batch, keys[1]!, total, sizes[1]!],
      [batch, keys[1]!, total, sizes[2]!],
      scores,
    ],
    together: [0, 1, 2, 4, 5],
    quantities: {
      macs: elements * (sizes[1]! + sizes[2]!),
      multiplications: numelOfDims(q) + (capped ? elements : 0),
      comparisons: elements - rows,
      additions: 2 * elements - rows + (mask.length > 0 ? elements : 0),
      transcendentals: (capped ? 2 : 1) * elements,
      divisions: (capped ? 2 : 1) * elements,
    },
  }
}
