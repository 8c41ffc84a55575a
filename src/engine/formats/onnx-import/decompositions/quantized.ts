import { TensorProto_DataType as T } from '../messages.ts'
import { numelOfDims } from '../shapes.ts'
import type { Decomposer, Decomposition } from './decomposer.ts'

/**
 * Quantized operators as what they mean: numbers are taken off their scale, the float operator works on them, and its
 * result is rounded to the scale it is kept at. So multiply-adds are those of the float network.
 */

/** What integers of a type hold. */
const ranges: ReadonlyMap<number, readonly [number, number]> = new Map([
  [T.INT4, [-8, 7]],
  [T.UINT4, [0, 15]],
  [T.INT8, [-128, 127]],
  [T.UINT8, [0, 255]],
  [T.INT16, [-32_768, 32_767]],
  [T.UINT16, [0, 65_535]],
])

/** The range of a quantized tensor: by its zero point's type, or by the attribute. Null for floats of eight bits. */
function rangeOf(to: Decomposer, zero: number): readonly [number, number] | null {
  const value = to.values[zero]
  const type = value?.kind === 'constant' ? value.dataType : to.attributes.int('output_dtype', 0) || T.UINT8
  return (type !== undefined && ranges.get(type)) || null
}

/** A scale or zero point lined up with dim `axis` of a tensor of that rank; one number as it is. */
function along(to: Decomposer, input: string, shape: readonly number[], rank: number, axis: number, hint: string): string {
  if (numelOfDims(shape) === 1 || shape.length !== 1) return input
  const at = axis < 0 ? axis + rank : axis
  return to.step('Reshape', [input, to.integers(`${hint}/shape`, [shape[0]!, ...new Array<number>(rank - 1 - at).fill(1)])], hint)
}

const quantize: Decomposition = (to) => {
  const [x, scale, zero = ''] = to.node.inputs as [string, string, string?]
  const range = rangeOf(to, 2)
  if (to.values[0]?.kind !== 'activation' || !range || to.attributes.int('block_size', 0) !== 0) return null
  const rank = to.shape(0).length
  const axis = to.attributes.int('axis', 1)
  const divided = to.main('Div', [x, along(to, scale, to.shape(1), rank, axis, 'scale')], 'divided')
  const rounded = to.step('Round', [divided], 'rounded')
  const moved = zero ? to.step('Add', [rounded, along(to, zero, to.shape(2), rank, axis, 'zero')], 'moved') : rounded
  return to.last('Clip', [moved, to.scalar('low', range[0]), to.scalar('high', range[1])])
}

const dequantize: Decomposition = (to) => {
  const [x, scale, zero = ''] = to.node.inputs as [string, string, string?]
  if (to.values[0]?.kind !== 'activation' || to.attributes.int('block_size', 0) !== 0) return null
  const rank = to.shape(0).length
  const axis = to.attributes.int('axis', 1)
  const moved = zero ? to.step('Sub', [x, along(to, zero, to.shape(2), rank, axis, 'zero')], 'moved') : x
  return to.last('Mul', [moved, along(to, scale, to.shape(1), rank, axis, 'scale')])
}

/** The same operators, where ONNX Runtime has them in a domain of its own. */
const plain: Decomposition = (to) => to.last(to.node.opType, to.node.inputs, to.kept('axis', 'block_size'))

/** Input `at`, its scale and zero point behind it, as floats. */
const floatOf = (to: Decomposer, at: number, hint: string, axis = 1): string =>
  to.step('DequantizeLinear', to.node.inputs.slice(at, at + 3), hint, { axis })

/** The last step: the result, rounded to the scale and zero point that are inputs `at` and behind. */
const rounded = (to: Decomposer, from: string, at: number): Decomposer => {
  const [scale, zero = ''] = to.node.inputs.slice(at, at + 2) as [string, string?]
  return scale ? to.last('QuantizeLinear', zero ? [from, scale, zero] : [from, scale]) : to.last('Identity', [from])
}

/** A bias of whole numbers, at the scale of the products. */
const biasOf = (to: Decomposer, bias: string, scales: readonly [string, string]): string =>
  to.step('DequantizeLinear', [bias, to.step('Mul', [...scales], 'bias/scale')], 'bias', { axis: 0 })

const window = ['auto_pad', 'dilations', 'group', 'kernel_shape', 'pads', 'strides', 'ceil_mode', 'count_include_pad'] as const

const conv: Decomposition = (to) => {
  if (to.attributes.int('channels_last', 0) !== 0) return null
  const [, xScale, , , wScale] = to.node.inputs as string[]
  const bias = to.node.inputs[8] ? [biasOf(to, to.node.inputs[8], [xScale!, wScale!])] : []
  return rounded(to, to.main('Conv', [floatOf(to, 0, 'x'), floatOf(to, 3, 'w', 0), ...bias], 'conv', to.kept(...window)), 6)
}

const matMul: Decomposition = (to) => rounded(to, to.main('MatMul', [floatOf(to, 0, 'a', 0), floatOf(to, 3, 'b', -1)], 'product'), 6)

const gemm: Decomposition = (to) => {
  const [, aScale, , , bScale] = to.node.inputs as string[]
  const turned = to.attributes.int('transB', 0) === 1
  const bias = to.node.inputs[6] ? [biasOf(to, to.node.inputs[6], [aScale!, bScale!])] : []
  const operands = [floatOf(to, 0, 'a'), floatOf(to, 3, 'b', turned ? 0 : 1), ...bias]
  return rounded(to, to.main('Gemm', operands, 'gemm', to.kept('alpha', 'transA', 'transB')), 7)
}

/** Of two quantized tensors. */
const pairwise =
  (opType: string): Decomposition =>
  (to) =>
    rounded(to, to.main(opType, [floatOf(to, 0, 'a'), floatOf(to, 3, 'b')], 'made'), 6)

/** Of one quantized tensor. */
const single =
  (opType: string, ...attributes: string[]): Decomposition =>
  (to) =>
    to.attributes.int('channels_last', 0) !== 0
      ? null
      : rounded(to, to.main(opType, [floatOf(to, 0, 'x')], 'made', to.kept(...attributes)), 3)

const concat: Decomposition = (to) => {
  const parts = Array.from({ length: (to.node.inputs.length - 2) / 3 }, (_, i) => floatOf(to, 2 + 3 * i, `part${i}`))
  return rounded(to, to.main('Concat', parts, 'joined', to.kept('axis')), 0)
}

/** Whole numbers without a scale: the product of what is left when zero points are taken away. */
const integer =
  (opType: 'Conv' | 'MatMul'): Decomposition =>
  (to) => {
    const [a, b, aZero = '', bZero = ''] = to.node.inputs as [string, string, string?, string?]
    const one = to.scalar('one', 1)
    const off = (x: string, zero: string, hint: string, axis: number) =>
      to.step('DequantizeLinear', zero && numelOfDims(to.shape(hint === 'a' ? 2 : 3)) === 1 ? [x, one, zero] : [x, one], hint, { axis })
    return to.last(opType, [off(a, aZero, 'a', 0), off(b, bZero, 'b', 0)], to.kept(...window))
  }

/** A scale of each call's own: what it does to numbers is left out, so that products are those of the float network. */
const dynamic: Decomposition = (to) => {
  const [, scale, zero] = to.node.outputs
  to.last('Identity', to.node.inputs)
  if (scale) to.output(1, 'Identity', [to.scalar('one', 1)])
  if (zero) to.output(2, 'Identity', [to.integers('none', [0], [])])
  return to
}

/** `A` of whole numbers and its scale, `B` with its own: a product in floats. */
const integerToFloat: Decomposition = (to) => {
  const [a, b, aScale, bScale, aZero = '', bZero = '', bias = ''] = to.node.inputs as string[]
  const operands = [
    to.step('DequantizeLinear', aZero ? [a!, aScale!, aZero] : [a!, aScale!], 'a', { axis: 0 }),
    to.step('DequantizeLinear', bZero ? [b!, bScale!, bZero] : [b!, bScale!], 'b', { axis: -1 }),
  ]
  if (!bias) return to.last('MatMul', operands)
  return to.last('Add', [to.main('MatMul', operands, 'product'), bias])
}

/** `A` in floats, quantized inside: the product with what `B` stands for. */
const dynamicMatMul: Decomposition = (to) => {
  const [a, b, scale, zero = '', bias = ''] = to.node.inputs as string[]
  const weight = to.step('DequantizeLinear', zero ? [b!, scale!, zero] : [b!, scale!], 'b', { axis: -1 })
  if (!bias) return to.last('MatMul', [a!, weight])
  return to.last('Add', [to.main('MatMul', [a!, weight], 'product'), bias])
}

const microsoft: Readonly<Record<string, Decomposition>> = {
  QuantizeLinear: plain,
  DequantizeLinear: plain,
  QLinearConv: conv,
  QLinearMatMul: matMul,
  QGemm: gemm,
  QLinearAdd: pairwise('Add'),
  QLinearMul: pairwise('Mul'),
  QLinearSigmoid: single('Sigmoid'),
  QLinearLeakyRelu: single('LeakyRelu', 'alpha'),
  QLinearAveragePool: single('AveragePool', ...window),
  QLinearGlobalAveragePool: single('GlobalAveragePool'),
  QLinearConcat: concat,
  MatMulIntegerToFloat: integerToFloat,
  DynamicQuantizeMatMul: dynamicMatMul,
}

export const quantized: Readonly<Record<string, Decomposition>> = {
  ...Object.fromEntries(Object.entries(microsoft).map(([name, decompose]) => [`com.microsoft.${name}`, decompose])),
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamic,
  QLinearConv: conv,
  QLinearMatMul: matMul,
  ConvInteger: integer('Conv'),
  MatMulInteger: integer('MatMul'),
}
