import type { Decomposer, Decomposition } from './decomposer.ts'

/** Attention as ONNX Runtime fuses it: projections and bias inside, masks of several forms. */

/** What is added to the scores: the bias of the operator, and never where a mask of 0 and 1 for each key holds 0. */
function maskOf(to: Decomposer, { keys, bias }: { keys: number; bias: number }): string | null | undefined {
  const added = to.node.inputs[bias] || undefined
  if (!to.node.inputs[keys]) return added
  const shape = to.shape(keys)
  // Of the forms that a mask may have, one number a key: N × keys.
  if (shape.length !== 2) return null
  const filter = to.attributes.float('mask_filter_value', -10_000)
  const numbers = to.step('Cast', [to.node.inputs[keys]!], 'mask/numbers', { to: 1 })
  const hidden = to.step('Mul', [to.step('Sub', [to.scalar('one', 1), numbers], 'mask/hidden'), to.scalar('filter', filter)], 'mask/filter')
  const rows = to.step('Unsqueeze', [hidden, to.integers('mask/axes', [1, 2])], 'mask')
  return added ? to.step('Add', [rows, added], 'mask/bias') : rows
}

/** A part of the last dim. */
const part = (to: Decomposer, from: string, start: number, end: number, hint: string): string =>
  to.step('Slice', [from, ...[start, end, -1].map((n, i) => to.integers(`${hint}/${i}`, [n]))], hint)

/** `Attention`: one product makes queries, keys and values. Without the cache of earlier ones. */
const attention: Decomposition = (to) => {
  const [x, weights, bias = ''] = to.node.inputs as [string, string, string?]
  const heads = to.attributes.int('num_heads', 0)
  const columns = to.shape(1).at(-1)
  if (to.shape(0).length !== 3 || !columns || heads < 1 || to.node.inputs[4] || to.node.outputs.length > 1) return null
  if (to.attributes.int('do_rotary', 0) !== 0) return null
  const sizes = to.attributes.ints('qkv_hidden_sizes') ?? [columns / 3, columns / 3, columns / 3]
  const mask = maskOf(to, { keys: 3, bias: 5 })
  if (mask === null || sizes.length !== 3) return null
  const projected = to.step('MatMul', [x, weights], 'projected')
  const biased = bias ? to.step('Add', [projected, bias], 'biased') : projected
  let from = 0
  const parts = sizes.map((size, i) => part(to, biased, from, (from += size), ['q', 'k', 'v'][i]!))
  const scale = to.attributes.float('scale', 0)
  return to.last('Attention', mask ? [...parts, mask] : parts, {
    q_num_heads: heads,
    kv_num_heads: heads,
    is_causal: to.attributes.int('unidirectional', 0),
    ...(scale === 0 ? {} : { scale: { float: scale } }),
  })
}

/** `MultiHeadAttention`: projections made, a bias of all three perhaps not. Without the cache of earlier keys and values. */
const multiHead: Decomposition = (to) => {
  const [q, k = '', v = '', bias = ''] = to.node.inputs as [string, string?, string?, string?]
  const heads = to.attributes.int('num_heads', 0)
  if (!k || !v || heads < 1 || to.node.inputs[6] || to.node.inputs[7] || to.node.outputs.length > 1) return null
  if ([0, 1, 2].some((input) => to.shape(input).length !== 3)) return null
  const mask = maskOf(to, { keys: 4, bias: 5 })
  if (mask === null) return null
  const widths = [0, 1, 2].map((input) => to.shape(input).at(-1)!)
  let from = 0
  const parts = [q, k, v].map((each, i) => {
    const name = ['q', 'k', 'v'][i]!
    const own = bias ? part(to, bias, from, from + widths[i]!, `${name}/bias`) : ''
    from += widths[i]!
    return own ? to.step('Add', [each, own], name) : each
  })
  const scale = to.attributes.float('scale', 0)
  return to.last('Attention', mask ? [...parts, mask] : parts, {
    q_num_heads: heads,
    kv_num_heads: heads,
    is_causal: to.attributes.int('unidirectional', 0),
    ...(scale === 0 ? {} : { scale: { float: scale } }),
  })
}

export const attentions: Readonly<Record<string, Decomposition>> = { Attention: attention, MultiHeadAttention: multiHead }
