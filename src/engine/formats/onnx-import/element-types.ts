import type { FileDtype, LayerDtypes } from '../../dtypes.ts'
import { Attributes } from './attributes.ts'
import type { Constant, Value } from './constant.ts'
import { TensorProto_DataType as T } from './messages.ts'
import { type FileNode, operatorOf } from './model.ts'

/** The types of elements of a file's tensors, by ONNX's numbers: from what it states, from its nodes otherwise. */

const dtypes: ReadonlyMap<number, FileDtype> = new Map([
  [T.DOUBLE, 'float64'],
  [T.FLOAT, 'float32'],
  [T.FLOAT16, 'float16'],
  [T.BFLOAT16, 'bfloat16'],
  ...[T.FLOAT8E4M3FN, T.FLOAT8E4M3FNUZ, T.FLOAT8E5M2, T.FLOAT8E5M2FNUZ, T.FLOAT8E8M0].map((type): [T, FileDtype] => [type, 'float8']),
  [T.FLOAT4E2M1, 'float4'],
  [T.INT64, 'int64'],
  [T.UINT64, 'int64'],
  [T.INT32, 'int32'],
  [T.UINT32, 'int32'],
  [T.INT16, 'int16'],
  [T.UINT16, 'int16'],
  [T.INT8, 'int8'],
  [T.UINT8, 'int8'],
  [T.INT4, 'int4'],
  [T.UINT4, 'int4'],
  [T.INT2, 'int2'],
  [T.UINT2, 'int2'],
  [T.BOOL, 'bool'],
])

/** A type by its name here; undefined for text and complex numbers. */
export const dtypeOf = (type: number | undefined): FileDtype | undefined => dtypes.get(type ?? T.UNDEFINED)

const words = (text: string): readonly string[] => text.split(' ')
const made = (type: T, operators: string): [string, () => number[]][] => words(operators).map((name) => [name, () => [type]])
const like = (input: number, operators: string): [string, Rule][] => words(operators).map((name) => [name, ({ input: at }) => [at(input)]])

interface Asked {
  node: FileNode
  attributes: Attributes
  /** Type of input `at`; 0 where it is not known. */
  input(at: number): number
}
/** Types of the outputs of a node; where a number is missing or 0, the type is not known. */
type Rule = (asked: Asked) => readonly number[]

/** Operators whose outputs are not all of the type of their first input. */
const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...made(T.BOOL, 'And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Not Or Xor'),
  ...made(T.INT64, 'ArgMax ArgMin NonMaxSuppression NonZero Shape Size'),
  ...made(T.INT32, 'ConvInteger MatMulInteger'),
  ...made(T.FLOAT, 'com.microsoft.DynamicQuantizeMatMul com.microsoft.MatMulIntegerToFloat'),
  ...like(
    1,
    'CastLike DequantizeLinear Where com.microsoft.DequantizeLinear com.microsoft.QLinearConcat com.microsoft.GatherBlockQuantized',
  ),
  ...like(2, 'OneHot'),
  ...like(7, 'QLinearConv QLinearMatMul com.microsoft.QLinearConv'),
  ...words('If Loop Scan').map((name): [string, Rule] => [name, () => []]),
  ['Cast', ({ attributes }) => [attributes.int('to', 0)]],
  ['ConstantOfShape', () => [T.FLOAT]],
  ['Dropout', ({ input }) => [input(0), T.BOOL]],
  ['DynamicQuantizeLinear', () => [T.UINT8, T.FLOAT, T.UINT8]],
  ['MaxPool', ({ input }) => [input(0), T.INT64]],
  ['TopK', ({ input }) => [input(0), T.INT64]],
  ['QuantizeLinear', ({ attributes, input }) => [input(2) || attributes.int('output_dtype', 0) || T.UINT8]],
  ['com.microsoft.QuantizeLinear', ({ input }) => [input(2) || T.UINT8]],
  ['com.microsoft.QGemm', ({ input }) => [input(8) || T.FLOAT]],
  ['com.microsoft.NhwcConv', ({ input }) => [input(0)]],
])

/** Whole numbers that products are formed of as they are. */
const integerBits: ReadonlyMap<number, 2 | 4 | 8 | 16 | 32> = new Map([
  [T.INT2, 2],
  [T.UINT2, 2],
  [T.INT4, 4],
  [T.UINT4, 4],
  [T.INT8, 8],
  [T.UINT8, 8],
  [T.INT16, 16],
  [T.UINT16, 16],
  [T.INT32, 32],
  [T.UINT32, 32],
])

/** Operators that move numbers and change none: what was taken off its scale before them still is. */
const moving: ReadonlySet<string> = new Set(words('Concat Dropout Flatten Identity MaxPool Reshape Slice Squeeze Transpose Unsqueeze'))
/** What runtimes put into the rounding that follows, since its range does the same. */
const clipping: ReadonlySet<string> = new Set(['Relu', 'Clip'])
const isQuantize = (node: FileNode): boolean => node.opType === 'QuantizeLinear'
export const isDequantize = (node: FileNode): boolean => node.opType === 'DequantizeLinear'
/** Operators on whole numbers that are several steps here. */
const integerOperators = /^(Q[A-Z]|ConvInteger|MatMulInteger|DynamicQuantize)/

/** How the steps that a node is written as work. */
export interface Steps {
  /** Where what one step hands to the next is. */
  output: LayerDtypes['output']
  /** What products are formed of, where the operator rounds its operands itself. */
  macs?: FileDtype
}

export class ElementTypes {
  readonly #types: Map<string, number>
  /** Tensors of floats that stand for whole numbers at a scale → the type of these. */
  readonly #dequantized = new Map<string, number>()
  /** Floats that are taken off their scale by whoever reads them. */
  readonly #views = new Set<string>()
  /** Tensors that the rounding behind their node takes over. */
  readonly #fused = new Set<string>()

  /**
   * @param given types of inputs and initializers.
   * @param stated the type that the file states of a tensor; 0 for none.
   * @param nodes in the order of the graph.
   */
  constructor(
    nodes: readonly FileNode[],
    given: Iterable<readonly [string, number]>,
    stated: (tensor: string) => number,
    outputs: readonly string[],
  ) {
    this.#types = new Map(given)
    for (const node of nodes) {
      this.add(node, stated)
      if (isDequantize(node) && !outputs.includes(node.outputs[0]!)) this.#views.add(node.outputs[0]!)
    }
    this.#fuse(nodes, outputs)
  }

  /** Works out the types of what a node makes. */
  add(node: FileNode, stated: (tensor: string) => number = () => 0): void {
    const made = this.#rule(node)
    for (let i = 0; i < node.outputs.length; i++) {
      const name = node.outputs[i] as string
      if (name !== '') this.#types.set(name, stated(name) || made[i] || 0)
    }
    this.dequantize(node)
  }

  /** Gives a tensor a type: that of one of the graph that is taken in the place of its node. */
  set(tensor: string, type: number): void {
    if (type !== 0) this.#types.set(tensor, type)
  }

  /** What a tensor of the file holds; undefined for one that is none of the file's. */
  of(tensor: string): FileDtype | undefined {
    return dtypeOf(this.#types.get(tensor))
  }

  /** The same by ONNX's number, 0 where it is not known. */
  codeOf(tensor: string): number {
    return this.#types.get(tensor) ?? 0
  }

  /** Takes note of a node that takes numbers off their scale, or moves such. */
  dequantize(node: FileNode): void {
    const [from = '', output = ''] = [node.inputs[0], node.outputs[0]]
    const type = isDequantize(node) ? this.#types.get(from) : moving.has(node.opType) ? this.#dequantized.get(from) : undefined
    if (type !== undefined && integerBits.has(type)) this.#dequantized.set(output, type)
  }

  /** The types of a layer that makes tensor `output` of a node, which stands by itself, or is one of the `steps` of another one. */
  output(output: string, node: FileNode, steps: Steps | null): LayerDtypes['output'] {
    if (this.#fused.has(output)) return 'fused'
    if (this.#views.has(output) || isDequantize(node)) return 'view'
    return this.#types.has(output) ? this.of(output) : steps?.output
  }

  /** What the steps of a node do. */
  steps(node: FileNode, around: Steps | null): Steps {
    if (isDequantize(node)) return { output: 'view' }
    const accuracy = node.opType === 'MatMulNBits' ? new Attributes(node).int('accuracy_level', 0) : 0
    const macs: FileDtype | undefined = accuracy === 4 || node.opType === 'DynamicQuantizeMatMul' ? 'int8' : around?.macs
    const output = isQuantize(node) || integerOperators.test(node.opType) ? 'fused' : (this.of(node.outputs[0] ?? '') ?? around?.output)
    return { output, ...(macs ? { macs } : {}) }
  }

  /**
   * What a layer's multiply-adds are computed in: whole numbers, where both operands are, or stand for such at a scale;
   * else the type of the first one that is no constant.
   */
  macs(node: FileNode, values: readonly (Value | undefined)[], steps: Steps | null): FileDtype | undefined {
    if (steps?.macs) return steps.macs
    let most: 2 | 4 | 8 | 16 | 32 | undefined
    let whole = true
    for (let at = 0; at < 2; at++) {
      const value = values[at]
      if (value === undefined) continue
      const bits = integerBits.get(this.#product(node.inputs[at]!, value))
      if (bits === undefined) whole = false
      else if (most === undefined || bits > most) most = bits
    }
    if (whole && most !== undefined) return `int${most}`
    const data = values[0]?.kind !== 'activation' && values[1]?.kind === 'activation' ? 1 : 0
    return this.of(node.inputs[data] ?? '') ?? (values[data]?.kind === 'constant' ? storedDtype(values[data] as Constant) : undefined)
  }

  /** What products are formed of: the whole numbers that floats stand for, where they do. */
  #product(name: string, value: Value): number {
    if (value.kind === 'constant') {
      const [source] = value.sources
      if (source && value.sources.every(({ quantized }) => quantized)) return source.dataType ?? 0
    }
    return this.#dequantized.get(name) ?? this.#types.get(name) ?? (value.kind === 'constant' ? (value.dataType ?? 0) : 0)
  }

  #rule(node: FileNode): readonly number[] {
    const input = (at: number): number => this.#types.get(node.inputs[at] ?? '') ?? 0
    const rule = rules.get(operatorOf(node))
    if (rule) return rule({ node, attributes: new Attributes(node), input })
    const first = node.inputs.findIndex((name) => name !== '')
    return node.outputs.map(() => input(first))
  }

  /** Finds what is between numbers taken off their scale and put on one: it is computed on whole numbers in one go. */
  #fuse(nodes: readonly FileNode[], outputs: readonly string[]): void {
    if (!nodes.some(isQuantize)) return
    const readers = new Map<string, number>()
    for (const name of [...outputs, ...nodes.flatMap(({ inputs }) => inputs)]) readers.set(name, (readers.get(name) ?? 0) + 1)
    const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
    for (const node of nodes) {
      if (!isQuantize(node)) continue
      const between: string[] = []
      let tensor = node.inputs[0] ?? ''
      let maker = makers.get(tensor)
      while (maker && readers.get(tensor) === 1) {
        between.push(tensor)
        if (!clipping.has(maker.opType)) break
        tensor = maker.inputs[0] ?? ''
        maker = makers.get(tensor)
      }
      if (maker?.inputs.some((name) => this.#dequantized.has(name)) && !isDequantize(maker))
        for (const name of between) this.#fused.add(name)
    }
  }
}

/** What a constant is stored as in the file: the type of the tensor that most of it comes from. */
export function storedDtype(constant: Constant): FileDtype | undefined {
  let [largest] = constant.sources
  for (const source of constant.sources) if (source.elements > largest!.elements) largest = source
  return dtypeOf(largest?.dataType ?? constant.dataType)
}
