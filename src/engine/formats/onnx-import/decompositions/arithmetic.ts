import { slopePerChannel } from '../../../ops/p-relu.ts'
import { TensorProto_DataType as T } from '../messages.ts'
import type { Decomposer, Decomposition } from './decomposer.ts'

/** A matrix product of two computed tensors, or with a bias of another form than a neuron's: product, factors and sum. */
const gemm: Decomposition = (to) => {
  const [a, b, c] = to.node.inputs
  const { attributes } = to
  const bias = to.values[2]
  const columns = to.shape(1)[attributes.int('transB', 0) === 1 ? 0 : 1]
  const plainBias =
    !bias || (bias.kind === 'constant' && bias.shape.at(-1) === columns && bias.shape.slice(0, -1).every((size) => size === 1))
  if (to.values[0]?.kind === 'activation' && to.values[1]?.kind === 'constant' && plainBias && attributes.int('transA', 0) === 0)
    return null
  const turned = (input: string, name: string) =>
    attributes.int(name, 0) === 1 ? to.step('Transpose', [input], name, { perm: [1, 0] }) : input
  const [alpha, beta] = [attributes.float('alpha', 1), attributes.float('beta', 1)]
  const steps: [string, string[]][] = [['MatMul', [turned(a!, 'transA'), turned(b!, 'transB')]]]
  if (alpha !== 1) steps.push(['Mul', [to.scalar('alpha', alpha)]])
  if (c && beta !== 0) steps.push(['Add', [beta === 1 ? c : to.step('Mul', [c, to.scalar('beta', beta)], 'bias')]])
  let from: string[] = []
  steps.forEach(([opType, inputs], i) => {
    if (i === steps.length - 1) to.last(opType, [...from, ...inputs])
    else from = [to.step(opType, [...from, ...inputs], opType)]
  })
  return to
}

/** `Max` and `Min` of more than two: pair by pair. */
const pairwise: Decomposition = (to) => {
  const { inputs, opType } = to.node
  if (inputs.length < 3) return inputs.length === 1 ? to.last('Identity', inputs) : null
  let from = inputs[0]!
  inputs.slice(1, -1).forEach((input, i) => {
    from = to.step(opType, [from, input], `pair${i}`)
  })
  return to.last(opType, [from, inputs.at(-1)!])
}

/** Opset 6 lines the second operand up from dim `axis` on, not with the last. */
const aligned: Decomposition = (to) => {
  const { attributes } = to
  const [rank, own] = [to.shape(0).length, to.shape(1).length]
  if (to.node.opset > 6 || attributes.int('broadcast', 0) !== 1 || !attributes.has('axis')) return null
  const axis = attributes.int('axis', 0)
  const behind = rank - own - (axis < 0 ? axis + rank : axis)
  if (behind < 0) throw new Error(`axis ${axis} leaves no room for the ${own} dims of its second input`)
  const axes = Array.from({ length: behind }, (_, i) => own + i)
  const raised = behind > 0 ? to.step('Unsqueeze', [to.node.inputs[1]!], 'raised', { axes }) : to.node.inputs[1]!
  return to.last(to.node.opType, [to.node.inputs[0]!, raised])
}

const mean: Decomposition = (to) => {
  const { inputs } = to.node
  return to.last('Mul', [to.step('Sum', inputs, 'sum'), to.scalar('share', 1 / inputs.length)])
}

const sum: Decomposition = (to) => (to.node.inputs.length === 1 ? to.last('Identity', to.node.inputs) : null)

/** A range that the network computes. */
const clip: Decomposition = (to) => {
  const [x, low, high] = to.node.inputs
  if (to.values.slice(1).every((value) => !value || value.kind === 'constant')) return null
  if (!low) return to.last('Min', [x!, high!])
  return high ? to.last('Min', [to.step('Max', [x!, low], 'low'), high]) : to.last('Max', [x!, low])
}

/** The slope of MobileNetV3 has an op of its own. */
const hardSigmoid: Decomposition = (to) => {
  const [alpha, beta] = [to.attributes.float('alpha', 0.2), to.attributes.float('beta', 0.5)]
  if (Math.abs(alpha - 1 / 6) < 1e-4 && beta === 0.5) return null
  const line = to.step('Add', [to.step('Mul', [to.node.inputs[0]!, to.scalar('alpha', alpha)], 'scaled'), to.scalar('beta', beta)], 'line')
  return to.node.opset < 11
    ? to.last('Clip', [line], { min: { float: 0 }, max: { float: 1 } })
    : to.last('Clip', [line, to.scalar('low', 0), to.scalar('high', 1)])
}

/** Slopes other than one a channel: max(x, 0) + slope · min(x, 0). */
const pRelu: Decomposition = (to) => {
  if (to.values[1]?.kind === 'constant' && slopePerChannel(to.shape(0), to.shape(1), to.node.opset)) return null
  const zero = to.scalar('zero', 0)
  const below = to.step('Mul', [to.step('Min', [to.node.inputs[0]!, zero], 'below'), to.node.inputs[1]!], 'sloped')
  return to.last('Add', [to.step('Relu', [to.node.inputs[0]!], 'above'), below])
}

const reduceLogSum: Decomposition = (to) => {
  const axes = to.attributes.ints('axes') ?? (to.values[1] ? to.numbers(1) : undefined)
  if (axes === null) return null
  const keepdims = to.attributes.int('keepdims', 1)
  const sums =
    to.node.opset >= 13
      ? to.step('ReduceSum', [to.node.inputs[0]!, ...(axes ? [to.integers('axes', axes)] : [])], 'sum', { keepdims })
      : to.step('ReduceSum', [to.node.inputs[0]!], 'sum', { keepdims, ...(axes ? { axes } : {}) })
  return to.last('Log', [sums])
}

/** x · σ(α·x); with α = 1 it has an op of its own. */
const swish: Decomposition = (to) => {
  const alpha = to.attributes.float('alpha', 1)
  if (alpha === 1) return null
  const [x] = to.node.inputs as [string]
  const gate = to.step('Sigmoid', [to.step('Mul', [x, to.scalar('alpha', alpha)], 'scaled')], 'gate')
  return to.last('Mul', [x, gate])
}

/** Swish of the first, times the second. */
const swiGlu: Decomposition = (to) => {
  const [a, b] = to.node.inputs as [string, string]
  const alpha = to.attributes.float('alpha', 1)
  return to.last('Mul', [to.step('Swish', [a], 'swish', { alpha: { float: alpha } }), b])
}

const floatTypes: ReadonlySet<number> = new Set([T.FLOAT, T.FLOAT16, T.DOUBLE, T.BFLOAT16])
const wholeTypes: ReadonlySet<number> = new Set([T.INT8, T.UINT8, T.INT16, T.UINT16, T.INT32, T.UINT32, T.INT64, T.UINT64])

/** Cuts the fraction off: what lies above zero rounded down, what lies below it up. */
function truncated(to: Decomposer, x: string): Decomposer {
  const above = to.step('Floor', [to.step('Relu', [x], 'positive')], 'down')
  const below = to.step('Ceil', [to.step('Min', [x, to.scalar('zero', 0)], 'negative')], 'up')
  return to.last('Add', [above, below])
}

/** Of a float whole numbers keep what is before the point, and yes and no whether it is zero; else a type changes no number. */
const cast: Decomposition = (to) => {
  const [x] = to.node.inputs as [string]
  const wanted = to.node.opType === 'CastLike' ? to.file.typeOf(to.node.inputs[1]!) : to.attributes.int('to', 0)
  if (to.values[0]?.kind !== 'activation' || !floatTypes.has(to.file.typeOf(x))) return null
  if (wanted === T.BOOL) return to.last('Min', [to.step('Ceil', [to.step('Abs', [x], 'size')], 'up'), to.scalar('one', 1)])
  return wholeTypes.has(wanted) ? truncated(to, x) : null
}

/** Whole numbers are divided without a rest. */
const div: Decomposition = (to) => {
  const [a, b] = to.node.inputs as [string, string]
  if (![a, b].every((each) => wholeTypes.has(to.file.typeOf(each)))) return aligned(to)
  // Under another name, which has no type, it is a division like any other.
  return truncated(to, to.main('Div', [to.step('Identity', [a], 'dividend'), b], 'quotient'))
}

export const arithmetic: Readonly<Record<string, Decomposition>> = {
  Add: aligned,
  Sub: aligned,
  Mul: aligned,
  Cast: cast,
  CastLike: cast,
  Div: div,
  Pow: aligned,
  Gemm: gemm,
  Max: pairwise,
  Min: pairwise,
  Mean: mean,
  Sum: sum,
  Clip: clip,
  HardSigmoid: hardSigmoid,
  PRelu: pRelu,
  ReduceLogSum: reduceLogSum,
  SwiGLU: swiGlu,
  Swish: swish,
}
