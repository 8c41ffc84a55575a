import type { Call, LayerClass } from '../call.ts'
import { KerasFault } from '../fault.ts'
import { type KerasTensor, rankOf } from '../tensor.ts'

/** Query, value and key (the value, where it is left out) as N×length×size. */
function operands(call: Call): [query: KerasTensor, value: KerasTensor, key: KerasTensor] {
  const { inputs, className } = call
  if (call.operand || inputs.length < 2 || inputs.length > 3)
    throw new KerasFault(`${className} takes query, value and perhaps key, but is called on ${inputs.length} tensors`, '/inbound_nodes')
  if (inputs.some((x) => rankOf(x) !== 3))
    throw new KerasFault(`${className} is read on sequences: query, value and key with 2 axes beside the batch`)
  const [query, value, key = value] = inputs.map((x) => call.arrange(x, 'as-is'))
  return [query!, value!, key!]
}

interface Sizes {
  heads: number
  kvHeads: number
  keyDim: number
  valueDim: number
  out: number
}

/** The four products of an attention (Keras's `EinsumDense`, here Linear along the last dim) around the attention itself. */
function attend(call: Call, [query, value, key]: [KerasTensor, KerasTensor, KerasTensor], s: Sizes): KerasTensor {
  if (call.config.flag('use_gate', false)) throw call.config.wrong('use_gate', 'false, the only one known here')
  if (call.config.value('sliding_window') !== undefined) throw call.config.wrong('sliding_window', 'null, the only one known here')
  const bias = call.config.flag('use_bias', true)
  const product = (x: KerasTensor, outFeatures: number, part?: string) => call.add('Linear', x, { outFeatures, bias }, 'as-is', part)
  const projected = [
    product(query, s.heads * s.keyDim, 'query'),
    product(key, s.kvHeads * s.keyDim, 'key'),
    product(value, s.kvHeads * s.valueDim, 'value'),
  ]
  const heads = { heads: s.heads, ...(s.kvHeads === s.heads ? {} : { kvHeads: s.kvHeads }) }
  return product(call.add('Attention', projected, heads, 'as-is', 'attention'), s.out)
}

/** Keras `MultiHeadAttention` over the one axis of a sequence. A causal mask hides what is computed and counted all the same. */
export const multiHeadAttention: LayerClass = (call) => {
  const tensors = operands(call)
  const given = call.config.value('attention_axes')
  const axes = given === undefined ? [1] : call.config.integers('attention_axes', -2).map((axis) => (axis < 0 ? axis + 3 : axis))
  if (axes.length !== 1 || axes[0] !== 1) throw call.config.wrong('attention_axes', '[1], the one axis of a sequence')
  const heads = call.config.size('num_heads')
  const keyDim = call.config.size('key_dim')
  const shape = call.config.value('output_shape')
  const [out] = shape === undefined ? [tensors[0].shape[2]!] : call.config.sizes('output_shape', 1)
  return attend(call, tensors, { heads, kvHeads: heads, keyDim, valueDim: call.config.size('value_dim', keyDim), out: out! })
}

/** Keras `GroupedQueryAttention`: each head of keys and values is for a run of the queries'. */
export const groupedQueryAttention: LayerClass = (call) => {
  const tensors = operands(call)
  const heads = call.config.size('num_query_heads')
  const kvHeads = call.config.size('num_key_value_heads')
  const size = call.config.size('head_dim')
  return attend(call, tensors, { heads, kvHeads, keyDim: size, valueDim: size, out: tensors[0].shape[2]! })
}
