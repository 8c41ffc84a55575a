import { attentions } from './contrib-attention.ts'
import type { Decomposer, Decomposition } from './decomposer.ts'

/**
 * Operators of `com.microsoft` that ONNX Runtime's optimizer writes in place of several of ONNX's own
 * (docs/ContribOperators.md of microsoft/onnxruntime): here they become those again.
 */

/** The activation of a fused operator: its name, and what it takes besides. Null where it has none that is known. */
export function activation(to: Decomposer, from: string, name: string, given: readonly number[]): Decomposer | null {
  const [a, b] = given
  switch (name) {
    case '':
      return to.last('Identity', [from])
    case 'Relu':
    case 'Sigmoid':
    case 'Tanh':
    case 'Softplus':
    case 'Softsign':
    case 'HardSwish':
    case 'Mish':
    case 'Gelu':
      return to.last(name, [from])
    case 'Silu':
    case 'Swish':
    case 'QuickGelu':
      return to.last('Swish', [from], { alpha: { float: a ?? (name === 'QuickGelu' ? 1.702 : 1) } })
    case 'LeakyRelu':
    case 'Elu':
    case 'ThresholdedRelu':
      return to.last(name, [from], { alpha: { float: a ?? (name === 'LeakyRelu' ? 0.01 : 1) } })
    case 'HardSigmoid':
      return to.last(name, [from], { alpha: { float: a ?? 0.2 }, beta: { float: b ?? 0.5 } })
    case 'Clip':
      return to.last(name, [from, to.scalar('low', a ?? Number.NEGATIVE_INFINITY), to.scalar('high', b ?? Number.POSITIVE_INFINITY)])
    default:
      return null
  }
}

export const window = ['auto_pad', 'dilations', 'group', 'kernel_shape', 'pads', 'strides'] as const

/** Conv, then what is added to it (the fourth input), then the activation. */
const fusedConv: Decomposition = (to) => {
  const [x, w, b = '', z = ''] = to.node.inputs as string[]
  const name = to.attributes.text('activation', '')
  const convolved = to.main('Conv', b ? [x!, w!, b] : [x!, w!], 'conv', to.kept(...window))
  const sum = z ? to.step('Add', [convolved, z], 'sum') : convolved
  return activation(to, sum, name, to.attributes.floats('activation_params') ?? [])
}

const fusedGemm: Decomposition = (to) => {
  const given = ['activation_alpha', 'activation_beta'].flatMap((name) => (to.attributes.has(name) ? [to.attributes.float(name, 0)] : []))
  const product = to.main('Gemm', to.node.inputs, 'gemm', to.kept('alpha', 'beta', 'transA', 'transB'))
  return activation(to, product, to.attributes.text('activation', ''), given)
}

/** A product of matrices that are turned and scaled. */
const fusedMatMul: Decomposition = (to) => {
  const { attributes } = to
  if (attributes.int('transBatchA', 0) !== 0 || attributes.int('transBatchB', 0) !== 0) return null
  const turned = (input: number, name: string): string => {
    const rank = to.shape(input).length
    if (attributes.int(name, 0) === 0 || rank < 2) return to.node.inputs[input]!
    const perm = Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i))
    return to.step('Transpose', [to.node.inputs[input]!], name, { perm })
  }
  const operands = [turned(0, 'transA'), turned(1, 'transB')]
  const alpha = attributes.float('alpha', 1)
  if (alpha === 1) return to.last('MatMul', operands)
  return to.last('Mul', [to.main('MatMul', operands, 'product'), to.scalar('alpha', alpha)])
}

const withBias = (to: Decomposer): string => (to.node.inputs[1] ? to.step('Add', to.node.inputs.slice(0, 2), 'biased') : to.node.inputs[0]!)

const gelu =
  (approximate: 'none' | 'tanh'): Decomposition =>
  (to) =>
    to.last('Gelu', [withBias(to)], { approximate })

/** x · σ(α·x). */
const quickGelu: Decomposition = (to) => to.last('Swish', to.node.inputs, { alpha: { float: to.attributes.float('alpha', 1.702) } })

/**
 * Layer norm of the sum of an input, of what skips a block, and of a bias; the sum may be given as the fourth output.
 * The simplified one has no shift and no mean.
 */
const skipLayerNorm =
  (simplified: boolean): Decomposition =>
  (to) => {
    const [x, skip, scale] = to.node.inputs as [string, string, string]
    const [shift = '', bias = ''] = simplified ? ['', to.node.inputs[3]] : to.node.inputs.slice(3)
    const sum = to.node.outputs[3]
    const joined = bias ? to.step('Add', [x, skip], 'joined') : x
    const operands = bias ? [joined, bias] : [x, skip]
    const added = sum ? to.output(3, 'Add', operands) : to.step('Add', operands, 'sum')
    const epsilon = { float: to.attributes.float('epsilon', 1e-12) }
    if (simplified) return to.last('RMSNormalization', [added, scale], { epsilon, axis: -1 })
    return to.last('LayerNormalization', shift ? [added, scale, shift] : [added, scale], { epsilon, axis: -1 })
  }

/** Convolution of maps with channels last; its filters are laid out as a plain convolution's, or with channels last too. */
const nhwcConv: Decomposition = (to) => {
  const [x, w, b = '', z = ''] = to.node.inputs as string[]
  const shape = to.shape(0)
  const filter = to.shape(1)
  const perGroup = shape.at(-1)! / to.attributes.int('group', 1)
  if (shape.length !== 4 || filter.length !== 4) return null
  const first = to.step('Transpose', [x!], 'first', { perm: [0, 3, 1, 2] })
  const filters = filter[1] === perGroup ? w! : to.step('Transpose', [w!], 'filters', { perm: [0, 3, 1, 2] })
  const convolved = to.main('Conv', b ? [first, filters, b] : [first, filters], 'conv', to.kept(...window))
  const last = to.step('Transpose', [convolved], 'last', { perm: [0, 2, 3, 1] })
  return activation(
    to,
    z ? to.step('Add', [last, z], 'sum') : last,
    to.attributes.text('activation', ''),
    to.attributes.floats('activation_params') ?? [],
  )
}

/** Windows over maps with channels last. */
const nhwcPool =
  (opType: string): Decomposition =>
  (to) => {
    const first = to.step('Transpose', [to.node.inputs[0]!], 'first', { perm: [0, 3, 1, 2] })
    const pooled = to.main(opType, [first], 'pooled', to.kept(...window, 'ceil_mode', 'count_include_pad'))
    return to.last('Transpose', [pooled], { perm: [0, 2, 3, 1] })
  }

/** Adds to the channels, which are last. */
const biasAdd: Decomposition = (to) => {
  const [x, bias, skip] = to.node.inputs as [string, string, string?]
  return to.last('Add', skip ? [to.step('Add', [x, bias], 'biased'), skip] : [x, bias])
}

/** Half of the last dim, times the GELU of the other half. */
const biasSplitGelu: Decomposition = (to) => {
  const half = to.shape(0).at(-1)! / 2
  const biased = withBias(to)
  const part = (start: number, hint: string) =>
    to.step('Slice', [biased, ...[start, start + half, -1].map((n, i) => to.integers(`${hint}/${i}`, [n]))], hint)
  return to.last('Mul', [part(0, 'left'), to.step('Gelu', [part(half, 'right')], 'gate')])
}

/** Group norm of maps with channels last, then perhaps SiLU. */
const groupNorm: Decomposition = (to) => {
  const [x, scale, shift] = to.node.inputs as [string, string, string]
  const last = to.attributes.int('channels_last', 1) === 1
  if (to.shape(0).length !== 4 || to.node.inputs.length > 3) return null
  const first = last ? to.step('Transpose', [x], 'first', { perm: [0, 3, 1, 2] }) : x
  const settings = { num_groups: to.attributes.int('groups', 1), epsilon: { float: to.attributes.float('epsilon', 1e-5) } }
  let made = to.main('GroupNormalization', [first, scale, shift], 'normal', settings)
  if (to.attributes.int('activation', 0) === 1) made = to.step('Swish', [made], 'silu')
  return last ? to.last('Transpose', [made], { perm: [0, 2, 3, 1] }) : to.last('Identity', [made])
}

/** Root mean square norm, where no op of its own reads it: x · scale / √(mean(x²) + ε) over the last dims. */
const rmsNorm: Decomposition = (to) => {
  const [x, scale] = to.node.inputs as [string, string]
  const rank = to.shape(0).length
  const axis = to.attributes.int('axis', -1)
  const axes = Array.from({ length: rank }, (_, i) => i).slice(axis < 0 ? axis + rank : axis)
  const squares = to.step('ReduceMean', [to.step('Mul', [x, x], 'squares'), to.integers('axes', axes)], 'mean', { keepdims: 1 })
  const root = to.step('Sqrt', [to.step('Add', [squares, to.scalar('epsilon', to.attributes.float('epsilon', 1e-5))], 'raised')], 'root')
  return to.last('Mul', [to.main('Div', [x, root], 'normal'), scale])
}

const microsoft: Readonly<Record<string, Decomposition>> = {
  ...attentions,
  FusedConv: fusedConv,
  FusedGemm: fusedGemm,
  FusedMatMul: fusedMatMul,
  TransposeMatMul: fusedMatMul,
  Gelu: gelu('none'),
  BiasGelu: gelu('none'),
  FastGelu: gelu('tanh'),
  QuickGelu: quickGelu,
  BiasAdd: biasAdd,
  BiasSplitGelu: biasSplitGelu,
  SkipLayerNormalization: skipLayerNorm(false),
  SkipSimplifiedLayerNormalization: skipLayerNorm(true),
  GroupNorm: groupNorm,
  NhwcConv: nhwcConv,
  NhwcFusedConv: nhwcConv,
  NhwcMaxPool: nhwcPool('MaxPool'),
}

export const contrib: Readonly<Record<string, Decomposition>> = {
  ...Object.fromEntries(Object.entries(microsoft).map(([name, decompose]) => [`com.microsoft.${name}`, decompose])),
  RMSNormalization: rmsNorm,
  // ONNX Runtime writes it into ONNX's own domain.
  SimplifiedLayerNormalization: rmsNorm,
}
