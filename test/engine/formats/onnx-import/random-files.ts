/** Random ONNX files whose shapes, multiply-adds and weights are known because each step of one is written down with them. */
import fc from 'fast-check'
import { type NodeProto, TensorProto_DataType as T, type TensorProto, type ValueInfoProto } from 'onnx-buf'
import { type AttributeValue, file, floats, graphAttribute, info, ints, node, bytes as oneByte } from '../../../../scripts/onnx-file.ts'

/** A file that is being written: `x` is its latest tensor, batch × `c` × `size` × `size`. */
class Writer {
  readonly nodes: NodeProto[] = []
  readonly initializers: TensorProto[] = []
  readonly stated = new Map<string, ValueInfoProto>()
  readonly #shared = new Map<string, string>()
  x = 'x'
  c = 2
  macs = 0
  floats = 0
  /** Elements of weights that are stored as whole numbers. */
  whole = 0
  quantized = false
  #count = 0
  readonly open: boolean
  readonly size: number
  readonly opset: number

  constructor({ open, size, opset }: Recipe) {
    this.open = open
    this.size = size
    this.opset = opset
  }

  get area(): number {
    return this.size * this.size
  }

  fresh(): string {
    return `t${this.#count++}`
  }

  weight(dims: readonly number[], values?: readonly number[]): string {
    const name = this.fresh()
    this.initializers.push(this.inner(name, dims, values))
    return name
  }

  /** A weight that the graph inside of a node holds. */
  inner(name: string, dims: readonly number[], values?: readonly number[]): TensorProto {
    this.floats += numel(dims)
    return floats(name, dims, values)
  }

  sharedWeight(dims: readonly number[]): string {
    const key = dims.join('x')
    if (!this.#shared.has(key)) this.#shared.set(key, this.weight(dims))
    return this.#shared.get(key)!
  }

  integers(values: readonly number[], dims?: readonly number[]): string {
    const name = this.fresh()
    this.initializers.push(ints(name, values, dims))
    return name
  }

  bytes(type: T.INT8 | T.UINT8, dims: readonly number[], values?: readonly number[]): string {
    const name = this.fresh()
    this.initializers.push(oneByte(name, type, dims, values))
    if (dims.length > 1) this.whole += numel(dims)
    return name
  }

  add(op: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}, domain?: string): string {
    const name = this.fresh()
    this.nodes.push(node(op, inputs, [name], attributes, domain ? { domain } : {}))
    return name
  }

  conv(weight: string, out: number): void {
    this.macs += out * this.c * this.area
    this.c = out
    this.x = this.add('Conv', [this.x, weight], { kernel_shape: [1, 1] })
  }

  /** A product of `from`, batch × tokens × `width`, with a matrix of the file. */
  project(from: string, width: number, out: number): string {
    this.macs += this.area * width * out
    return this.add('MatMul', [from, this.weight([width, out])])
  }

  /** The map as batch × positions × channels. */
  tokens(): string {
    return this.add('Transpose', [this.add('Reshape', [this.x, this.integers([0, this.c, this.area])])], { perm: [0, 2, 1] })
  }

  /** Batch × positions × `width` as the map. */
  ofTokens(from: string, width: number): void {
    this.x = this.add('Reshape', [this.add('Transpose', [from], { perm: [0, 2, 1] }), this.integers([0, width, this.size, this.size])])
    this.c = width
  }

  /** The batch as a list of one number. */
  batch(): string {
    return this.add('Gather', [this.add('Shape', [this.x]), this.integers([0])])
  }

  reduceMean(axes: readonly number[]): string {
    return this.opset < 18
      ? this.add('ReduceMean', [this.x], { axes, keepdims: 1 })
      : this.add('ReduceMean', [this.x, this.integers(axes)], { keepdims: 1 })
  }

  /** Each is another one, by parts of no whole number: a result halfway between two steps is rounded to either. */
  scale(value: number): string {
    return this.weight([], [value * (1 + 0.0137 * Math.SQRT2 * this.#count)])
  }

  zero(): string {
    return this.bytes(T.UINT8, [], [120])
  }

  state(): void {
    if (this.x !== 'x') this.stated.set(this.x, info(this.x, [this.open ? 'N' : 1, this.c, this.size, this.size]))
  }
}

const numel = (dims: readonly number[]): number => dims.reduce((left, right) => left * right, 1)
const microsoft = 'com.microsoft'

/** LSTM and GRU over the positions of the map, forward and, where `n` is even, backward too; 3 begins from zeros, 4 adds the last state. */
const recurrent =
  (op: string, gates: number) =>
  (to: Writer, n: number): void => {
    const directions = n % 2 === 0 ? 2 : 1
    const steps = to.add('Transpose', [to.tokens()], { perm: [1, 0, 2] })
    const inputs = [steps, to.weight([directions, gates * n, to.c]), to.weight([directions, gates * n, n])]
    if (n !== 1) inputs.push(to.weight([directions, 2 * gates * n]))
    if (n === 3) {
      const shape = to.add('Concat', [to.integers([directions]), to.batch(), to.integers([n])], { axis: 0 })
      inputs.push('', to.add('ConstantOfShape', [shape]))
    }
    const [all, last] = [to.fresh(), to.fresh()]
    const attributes = { hidden_size: n, direction: directions === 2 ? 'bidirectional' : 'forward' }
    to.nodes.push(node(op, inputs, [all, last], { ...attributes, ...(op === 'GRU' && n > 2 ? { linear_before_reset: 1 } : {}) }))
    to.macs += to.area * directions * gates * n * (to.c + n)
    const images = to.add('Transpose', [all], { perm: [2, 1, 3, 0] })
    to.c = directions * n
    to.x = to.add('Reshape', [images, to.integers([0, to.c, to.size, to.size])])
    if (n !== 4) return
    const ends = to.add('Transpose', [last], { perm: [1, 0, 2] })
    to.x = to.add('Add', [to.x, to.add('Reshape', [ends, to.integers([0, to.c, 1, 1])])])
  }

const steps = {
  conv: (to, n) => to.conv(to.weight([n, to.c, 1, 1]), n),
  sharedConv: (to, n) => to.conv(to.sharedWeight([n, to.c, 1, 1]), n),
  computedConv(to, n) {
    const scaled = to.add('Mul', [to.weight([n, to.c]), to.weight([n, 1])])
    to.conv(to.add('Reshape', [scaled, to.integers([n, to.c, 1, 1])]), n)
  },
  relu(to) {
    to.x = to.add('Relu', [to.x])
  },
  zeros(to) {
    to.x = to.add('Add', [to.x, to.add('ConstantOfShape', [to.add('Shape', [to.x])])])
  },
  expanded(to) {
    to.x = to.add('Mul', [to.x, to.add('Expand', [to.weight([1, to.c, 1, 1]), to.add('Shape', [to.x])])])
  },
  flattened(to) {
    const first = to.batch()
    const flat = to.add('Reshape', [to.x, to.add('Concat', [first, to.integers([-1])], { axis: 0 })])
    to.x = to.add('Reshape', [flat, to.add('Concat', [first, to.integers([to.c, to.size, to.size])], { axis: 0 })])
  },
  allPicked(to, n) {
    if (to.open) return
    const all = to.c * to.area
    const flat = to.add('Reshape', [to.x, to.integers([-1])])
    const order = Array.from({ length: all }, (_, i) => (i * (n === 2 ? 1 : all - 1)) % all)
    to.x = to.add('Reshape', [to.add('Gather', [flat, to.integers(order)]), to.integers([1, to.c, to.size, to.size])])
  },
  channelsPicked(to, n) {
    const picked = Array.from({ length: n }, (_, i) => (i * 3) % to.c)
    to.x = to.add('Gather', [to.x, to.integers(picked)], { axis: 1 })
    to.c = n
  },
  matrix(to) {
    to.x = to.add('MatMul', [to.x, to.weight([to.size, to.size])])
    to.macs += to.c * to.size ** 3
  },
  joined(to) {
    if (to.c >= 16) return
    to.x = to.add('Concat', [to.x, to.add('Relu', [to.x])], { axis: 1 })
    to.c *= 2
  },
  /** Added: behind an attention maps are nearly constant, and their difference from the mean is rounding alone. */
  mean(to) {
    to.x = to.add('Add', [to.x, to.reduceMean([2, 3])])
  },
  table(to) {
    to.x = to.add('Add', [to.x, to.weight([1, to.c, to.size, to.size])])
  },
  sliced(to) {
    if (to.c < 2) return
    to.x = to.add('Slice', [to.x, to.integers([1]), to.integers([to.c]), to.integers([1])])
    to.c -= 1
  },
  shapedTwice(to) {
    const shape = to.add('Shape', [to.x])
    const last = to.add('Transpose', [to.x], { perm: [0, 2, 3, 1] })
    to.x = to.add('Reshape', [to.add('Transpose', [last], { perm: [0, 3, 1, 2] }), shape])
  },
  lstm: recurrent('LSTM', 4),
  gru: recurrent('GRU', 3),
  /** A branch by the number of channels, each with weights of its own; what the other one would give differs. */
  branched(to, n) {
    const channels = to.add('Gather', [to.add('Shape', [to.x]), to.integers([1], [])])
    const condition = to.add('Greater', [channels, to.integers([n], [])])
    const taken = to.c > n
    const [x, from] = [to.fresh(), to.c]
    const branch = (name: string, out: number) =>
      graphAttribute(
        [node('Conv', [to.x, name], [`${name}y`], { kernel_shape: [1, 1] })],
        [`${name}y`],
        [to.inner(name, [out, from, 1, 1])],
      )
    const inside = to.fresh()
    to.nodes.push(node('If', [condition], [x], { then_branch: branch(`${inside}a`, n), else_branch: branch(`${inside}b`, n + 1) }))
    to.x = x
    to.c = taken ? n : n + 1
    to.macs += to.c * from * to.area
  },
  /** A branch by the data, each with weights of its own for as many channels: a batch is then refused. */
  undecided(to, n) {
    const condition = to.add('Greater', [to.add('ReduceMax', [to.x], { keepdims: 0 }), to.weight([], [0])])
    const [x, inside, from] = [to.fresh(), to.fresh(), to.c]
    const branch = (name: string) =>
      graphAttribute([node('Conv', [to.x, name], [`${name}y`], { kernel_shape: [1, 1] })], [`${name}y`], [to.inner(name, [n, from, 1, 1])])
    to.nodes.push(node('If', [condition], [x], { then_branch: branch(`${inside}a`), else_branch: branch(`${inside}b`) }))
    to.x = x
    to.c = n
    to.macs += n * from * to.area
  },
  /** com.microsoft's Attention: one matrix for queries, keys and values. */
  attention(to, n) {
    const width = 2 * n
    const inputs = [to.tokens(), to.weight([to.c, 3 * width]), to.weight([3 * width])]
    to.macs += to.area * to.c * 3 * width + 2 * to.area * to.area * width
    to.ofTokens(to.add('Attention', inputs, { num_heads: 1 + (n % 2) }, microsoft), width)
  },
  multiHeadAttention(to, n) {
    const width = 2 * n
    const tokens = to.tokens()
    const projected = [0, 1, 2].map(() => to.project(tokens, to.c, width))
    to.macs += 2 * to.area * to.area * width
    to.ofTokens(to.add('MultiHeadAttention', projected, { num_heads: 1 + (n % 2) }, microsoft), width)
  },
  /** ONNX's own, with as many heads of keys as of queries or with one alone. */
  groupedAttention(to, n) {
    if (to.opset < 24) return
    const [heads, keys] = [2, 1 + (n % 2)]
    const tokens = to.tokens()
    const projected = [heads, keys, keys].map((each) => to.project(tokens, to.c, each * n))
    to.macs += 2 * to.area * to.area * heads * n
    to.ofTokens(to.add('Attention', projected, { q_num_heads: heads, kv_num_heads: keys, is_causal: n > 2 ? 1 : 0 }), heads * n)
  },
  /** QuantizeLinear and DequantizeLinear around a convolution whose weights have a scale for each channel. */
  qdq(to, n) {
    const [scale, zero] = [to.scale(0.05), to.zero()]
    const through = (x: string) => to.add('DequantizeLinear', [to.add('QuantizeLinear', [x, scale, zero]), scale, zero])
    const scales = to.weight(
      [n],
      Array.from({ length: n }, (_, i) => 0.0137 + i / 700),
    )
    const zeros = to.bytes(T.INT8, [n], new Array(n).fill(0))
    to.x = through(to.x)
    to.conv(to.add('DequantizeLinear', [to.bytes(T.INT8, [n, to.c, 1, 1]), scales, zeros], { axis: 0 }), n)
    to.x = through(to.x)
    to.quantized = true
  },
  qlinearConv(to, n) {
    const [scale, zero, weightZero] = [to.scale(0.05), to.zero(), to.bytes(T.INT8, [], [0])]
    const kept = to.add('QuantizeLinear', [to.x, scale, zero])
    const weights = [to.bytes(T.INT8, [n, to.c, 1, 1]), to.scale(0.0137), weightZero]
    const made = to.add('QLinearConv', [kept, scale, zero, ...weights, scale, zero], { kernel_shape: [1, 1] })
    to.macs += n * to.c * to.area
    to.c = n
    to.x = to.add('DequantizeLinear', [made, scale, zero])
    to.quantized = true
  },
  /** Weights of four bits in blocks of 16, most of which a row of so few leaves empty. */
  matMulNBits(to) {
    const inputs = [to.x, to.bytes(T.UINT8, [to.size, 1, 8]), to.weight([to.size])]
    to.whole += 8 * to.size
    to.x = to.add('MatMulNBits', inputs, { K: to.size, N: to.size, bits: 4, block_size: 16 }, microsoft)
    to.macs += to.c * to.size ** 3
  },
} satisfies Record<string, (to: Writer, n: number) => void>

type Kind = keyof typeof steps
const kinds = Object.keys(steps) as Kind[]

export interface Recipe {
  /** Whether the batch is a name. */
  open: boolean
  size: number
  opset: number
  /** Sizes are chosen by `n`. */
  steps: { kind: Kind; n: number }[]
}

export const recipes: fc.Arbitrary<Recipe> = fc.record({
  open: fc.boolean(),
  size: fc.integer({ min: 2, max: 5 }),
  opset: fc.constantFrom(17, 24),
  steps: fc.array(fc.record({ kind: fc.constantFrom(...kinds), n: fc.integer({ min: 1, max: 4 }) }), { minLength: 1, maxLength: 7 }),
})

export interface Made {
  bytes: Uint8Array
  /** Elements of float initializers, and of weights that are stored as whole numbers. */
  floats: number
  whole: number
  macs: number
  shape: [number, number, number]
  quantized: boolean
  open: boolean
  /** Tensors whose shapes are stated, the output last. */
  stated: string[]
}

/**
 * Writes a recipe down: a file that states the shape of the tensor behind each step.
 * @param lie the tensor of which it states one row more than there is.
 */
export function written(recipe: Recipe, lie?: string): Made {
  const to = new Writer(recipe)
  for (const { kind, n } of recipe.steps) {
    steps[kind](to, n)
    to.state()
  }
  to.nodes.push(node('Neg', [to.x], ['y']))
  to.x = 'y'
  to.state()
  const { size, open, opset } = recipe
  const batch = open ? 'N' : 1
  if (lie !== undefined) {
    const dims = to.stated.get(lie)!.type!.value
    if (dims.case === 'tensorType') dims.value.shape!.dim[2]!.value = { case: 'dimValue', value: BigInt(size + 1) }
  }
  const { nodes, initializers, stated, macs, quantized } = to
  const inputs = [info('x', [batch, 2, size, size])]
  return {
    bytes: file({ nodes, inputs, initializers, valueInfo: [...stated.values()], opset, irVersion: opset < 18 ? 8 : 10 }),
    ...{ floats: to.floats, whole: to.whole, macs, quantized, open, stated: [...stated.keys()] },
    shape: [2, size, size],
  }
}
