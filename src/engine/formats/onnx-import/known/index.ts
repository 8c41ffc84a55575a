import type { Decomposer } from '../decompositions/decomposer.ts'
import { axisOf, numelOfDims } from '../shapes.ts'
import { attention } from './attention.ts'
import { convolution, slid } from './convolution.ts'
import { recurrent } from './recurrent.ts'
import type { Known, Rule } from './rule.ts'

const product = numelOfDims
const like: Rule = (node) => ({ outputs: [node.shape(0)] })
/** As its first input, working along the dims that an attribute or a constant input names. */
const along =
  (axis: (node: Decomposer) => number | null): Rule =>
  (node) => {
    const at = axis(node)
    return at === null ? null : { outputs: [node.shape(0)], along: [axisOf(at, node.shape(0).length)] }
  }

const arg: Rule = (node) => {
  const shape = node.shape(0)
  const axis = axisOf(node.attributes.int('axis', 0), shape.length)
  const kept = node.attributes.int('keepdims', 1) === 1
  return { outputs: [shape.flatMap((size, i) => (i !== axis ? [size] : kept ? [1] : []))], along: [axis] }
}

const topK: Rule = (node) => {
  const k = node.node.opset < 10 ? node.attributes.int('k', 0) : node.numbers(1)?.[0]
  if (!k) return null
  const shape = node.shape(0)
  const axis = axisOf(node.attributes.int('axis', -1), shape.length)
  if (k > shape[axis]!) throw new Error(`it takes the first ${k} along dim ${axis} of ${shape.join('×')}, which has ${shape[axis]}`)
  const picked = shape.map((size, i) => (i === axis ? k : size))
  return { outputs: [picked, picked], along: [axis] }
}

const gatherElements: Rule = (node) => ({
  outputs: [node.shape(1)],
  along: [axisOf(node.attributes.int('axis', 0), node.shape(0).length)],
  together: [0, 1],
})

const oneHot: Rule = (node) => {
  const depth = node.numbers(1)?.[0]
  if (!depth) return null
  const shape = node.shape(0)
  const axis = axisOf(node.attributes.int('axis', -1), shape.length + 1)
  return { outputs: [[...shape.slice(0, axis), depth, ...shape.slice(axis)]], outputBatch: [axis === 0 ? 1 : 0] }
}

const gridSample: Rule = (node) => ({ outputs: [[...node.shape(0).slice(0, 2), ...node.shape(1).slice(1, -1)]], together: [0, 1] })

/** Regions name their images: one row each, whatever the batch. */
const roiAlign: Rule = (node) => ({
  outputs: [[node.shape(1)[0]!, node.shape(0)[1]!, node.attributes.int('output_height', 1), node.attributes.int('output_width', 1)]],
  along: [0],
})

const maxRoiPool: Rule = (node) => {
  const pooled = node.attributes.ints('pooled_shape')
  return pooled ? { outputs: [[node.shape(1)[0]!, node.shape(0)[1]!, ...pooled]], along: [0] } : null
}

const maxUnpool: Rule = (node) => {
  const shape = node.shape(0)
  const given = node.values[2] ? node.numbers(2) : undefined
  if (given === null) return null
  const kernel = node.attributes.ints('kernel_shape') ?? []
  const strides = node.attributes.ints('strides') ?? kernel.map(() => 1)
  const pads = node.attributes.ints('pads') ?? kernel.flatMap(() => [0, 0])
  const spatial = kernel.map((size, i) => (shape[i + 2]! - 1) * strides[i]! + size - pads[i]! - pads[i + kernel.length]!)
  return { outputs: [given ?? [...shape.slice(0, 2), ...spatial]], together: [0, 1] }
}

const col2Im: Rule = (node) => {
  const [image, block] = [node.numbers(1), node.numbers(2)]
  const [batch, rows] = node.shape(0)
  return image && block ? { outputs: [[batch!, rows! / product(block), ...image]] } : null
}

const centerCropPad: Rule = (node) => {
  const sizes = node.numbers(1)
  const shape = node.shape(0)
  if (!sizes) return null
  const axes = (node.attributes.ints('axes') ?? shape.map((_, i) => i)).map((axis) => axisOf(axis, shape.length))
  return { outputs: [shape.map((size, i) => (axes.includes(i) ? sizes[axes.indexOf(i)]! : size))] }
}

const lpPool: Rule = (node) => {
  const kernel = node.attributes.ints('kernel_shape')
  if (!kernel) return null
  const round = node.attributes.int('ceil_mode', 0) === 1 ? Math.ceil : Math.floor
  return { outputs: [[...node.shape(0).slice(0, 2), ...slid(node, kernel, node.shape(0).slice(2), round)]] }
}

/**
 * DeformConv samples one value for each weight at a place of its own, by 4 neighbors, and multiplies as Conv does
 * (onnx.ai, DeformConv-22; Dai et al., "Deformable Convolutional Networks", 2017).
 */
const deformConv: Rule = (node) => {
  const [x, w, offset] = [node.shape(0), node.shape(1), node.shape(2)]
  const [channels, window] = [w[1]!, product(w.slice(2))]
  const output = [x[0]!, w[0]!, ...offset.slice(2)]
  const positions = x[0]! * window * product(offset.slice(2))
  const sampled = positions * x[1]!
  const elements = product(output)
  return {
    outputs: [output],
    together: node.values[4] ? [0, 2, 4] : [0, 2],
    quantities: {
      macs: elements * channels * window,
      ...(node.values[3] ? { biasAdds: elements } : {}),
      multiplications: sampled * (node.values[4] ? 5 : 4),
      additions: 3 * sampled + 2 * positions * node.attributes.int('offset_group', 1),
    },
  }
}

/** A depthwise convolution over the past alone, and its last positions as the state (onnx.ai, CausalConvWithState-27). */
const causalConv: Rule = (node) => {
  const shape = node.shape(0)
  const kernel = node.shape(1).at(-1)!
  const elements = product(shape)
  const silu = node.attributes.text('activation', 'none') !== 'none'
  return {
    outputs: [shape, [...shape.slice(0, -1), kernel - 1]],
    quantities: {
      macs: elements * kernel,
      ...(node.values[2] ? { biasAdds: elements } : {}),
      ...(silu ? { transcendentals: elements, additions: elements, divisions: elements, multiplications: elements } : {}),
    },
  }
}

/**
 * Linear attention token by token, as its recurrence states it (onnx.ai, LinearAttention-27): each key-value head adds an outer
 * product of d_k × d_v to its state, with a delta rule it first multiplies the state by the key, and each query head multiplies
 * it by the query.
 */
const linearAttention: Rule = (node) => {
  const [batch, tokens, width] = node.shape(0)
  const [queries, heads] = [node.attributes.int('q_num_heads', 0), node.attributes.int('kv_num_heads', 0)]
  const values = node.shape(2).at(-1)! / heads
  const keys = width! / queries
  const rule = node.attributes.text('update_rule', 'gated_delta')
  const products = heads * (rule.includes('delta') ? 2 : 1) + queries
  const each = batch! * tokens! * keys * values
  return {
    outputs: [
      [batch!, tokens!, queries * values],
      [batch!, heads, keys, values],
    ],
    together: [0, 1, 2],
    quantities: {
      macs: each * products,
      ...(rule.includes('gated') ? { multiplications: each * heads } : {}),
    },
  }
}

/** Resampling that no op reads, cubic above all: an output element is weighed of 4 along each dim (onnx.ai, Resize-19). */
const resize: Rule = (node) => {
  const shape = node.shape(0)
  if (node.node.opset < 11 || node.attributes.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') return null
  const axes = (node.attributes.ints('axes') ?? shape.map((_, i) => i)).map((axis) => axisOf(axis, shape.length))
  const sizes = node.values[3] ? node.sizes(3)?.narrow : undefined
  const scales = node.values[2] && product(node.values[2].shape) > 0 ? node.numbers(2) : undefined
  const given = sizes ?? scales?.map((scale, i) => Math.floor(shape[axes[i]!]! * scale))
  if (given?.length !== axes.length) return null
  const output = shape.map((size, i) => (axes.includes(i) ? given[axes.indexOf(i)]! : size))
  const along = axes.filter((axis) => output[axis] !== shape[axis])
  if (node.attributes.text('mode', 'nearest') !== 'cubic' || node.attributes.int('antialias', 0) === 1) return { outputs: [output], along }
  const [taps, elements] = [4 ** along.length, product(output)]
  return { outputs: [output], along, quantities: { multiplications: taps * elements, additions: (taps - 1) * elements } }
}

const rules: Readonly<Record<string, Rule>> = {
  ArgMax: arg,
  ArgMin: arg,
  Attention: attention,
  BitCast: like,
  CausalConvWithState: causalConv,
  CenterCropPad: centerCropPad,
  Col2Im: col2Im,
  Conv: convolution,
  ConvTranspose: convolution,
  CumProd: along((node) => node.numbers(1)?.[0] ?? null),
  CumSum: along((node) => node.numbers(1)?.[0] ?? null),
  DeformConv: deformConv,
  Det: (node) => ({ outputs: [node.shape(0).slice(0, -2)] }),
  EyeLike: like,
  GRU: recurrent,
  GatherElements: gatherElements,
  GlobalLpPool: (node) => ({ outputs: [node.shape(0).map((size, i) => (i < 2 ? size : 1))] }),
  GridSample: gridSample,
  Hardmax: along((node) => (node.node.opset < 13 ? null : node.attributes.int('axis', -1))),
  LSTM: recurrent,
  LinearAttention: linearAttention,
  LpPool: lpPool,
  MaxRoiPool: maxRoiPool,
  MaxUnpool: maxUnpool,
  OneHot: oneHot,
  RNN: recurrent,
  RandomNormalLike: like,
  RandomUniformLike: like,
  Resize: resize,
  RoiAlign: roiAlign,
  TensorScatter: (node) => ({ outputs: [node.shape(0)], together: [0, 1] }),
  TopK: topK,
}

/** What is known of a node of ONNX's own operators, or null. @throws Error in words where its parts do not go together. */
export function knownOf(node: Decomposer): Known | null {
  const rule = node.node.domain === '' ? rules[node.node.opType] : undefined
  return rule ? rule(node) : null
}

/** Operators that are known by such a rule, for the docs. */
export const knownOperators = (): string[] => Object.keys(rules)

/** Operators whose outputs have sizes that the data decides, and those that hold graphs, where that cannot be ruled out. */
export const dataDependent: ReadonlySet<string> = new Set(['Compress', 'If', 'Loop', 'NonMaxSuppression', 'NonZero', 'Scan', 'Unique'])
