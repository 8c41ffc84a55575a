import type { LayerDtypes } from '../../dtypes.ts'
import type { AnyOp } from '../../op.ts'
import type { Shape } from '../../shape.ts'
import type { OnnxLayer } from '../onnx-node.ts'
import { batchDim, placeOf } from './batch.ts'
import { type Budget, bytesOf, checkParameter } from './budget.ts'
import type { Activation, Constant, Value } from './constant.ts'
import { storedDtype } from './element-types.ts'
import { BatchLost, invalid, quote } from './fault.ts'
import { broadcastSteps, mostElements, pick } from './fold/folding.ts'
import type { Translation } from './layer.ts'
import type { Use } from './learning.ts'
import { type FileNode, nodeName } from './model.ts'
import { numelOfDims } from './shapes.ts'

/** Numbers that a graph carries itself (`ops/parameter.ts`); more come from the file. */
const mostValues = 1024

const firstInput: readonly number[] = [0]

/** Makes the data inputs of layers: constants among them become `Parameter` layers, those that lack the batch are repeated. */
export class Operands {
  /** Inputs of the network: what a tensor is repeated over the batch by. */
  readonly inputs: Activation[] = []
  readonly #to: Translation
  /** Constant → the layer that holds it. */
  readonly #stored = new Map<Constant, Activation>()
  /** Constant that is repeated over the batch → what it holds for one image. */
  readonly #bases = new Map<Constant, Constant>()
  /** Constant → the same without its leading sizes of 1. */
  readonly #stripped = new Map<Constant, Constant>()

  constructor(to: Translation) {
    this.#to = to
  }

  of(node: FileNode, op: AnyOp, values: readonly (Value | undefined)[], layer: OnnxLayer): Activation[] {
    const { inputs = firstInput } = layer
    const wanted = new Array<Value>(inputs.length)
    let constants = 0
    for (let i = 0; i < inputs.length; i++) {
      const value = values[inputs[i] as number]
      if (!value) throw invalid(`${node.opType} node ${quote(nodeName(node))} lacks its input ${inputs[i]}`, nodeName(node))
      if (value.kind === 'constant') constants++
      wanted[i] = value
    }
    // Nothing to store, and nothing to repeat.
    if (constants === 0 && op.type !== 'Concat') return wanted as Activation[]
    return this.#stand(node, op, wanted, layer)
  }

  /** Data inputs some of which may be constants. */
  #stand(node: FileNode, op: AnyOp, wanted: readonly Value[], layer: OnnxLayer): Activation[] {
    const carrier = wanted.find((value): value is Activation => value.kind === 'activation' && batchDim(value.shape, value.wide) !== null)
    const use: Use = !layer.broadcasts
      ? 'other'
      : wanted.some((value) => value.kind === 'activation' && this.inputs.includes(value))
        ? 'onInput'
        : 'elementwise'
    // What a product of constants alone multiplies by a weight is a table like any other, as of coordinates.
    const coordinates = node.opType === 'MatMul' && wanted.every(({ kind }) => kind === 'constant')
    const ranks = wanted.map((value) => value.shape.length)
    const uneven = layer.broadcasts === true && ranks.some((rank) => rank !== ranks[0])
    return wanted.map((value, i) => {
      const own = coordinates && i === 0 ? 'elementwise' : use
      const stored = value.kind === 'activation' ? value : this.#store(uneven && !value.wide ? this.#strip(value) : value, carrier, own)
      return op.type === 'Concat' && carrier ? this.#repeat(stored, carrier) : stored
    })
  }

  #strip(constant: Constant): Constant {
    const there = this.#stripped.get(constant)
    if (there) return there
    const first = constant.shape.findIndex((size) => size !== 1)
    const stripped = first === 0 ? constant : { ...constant, shape: first < 0 ? [] : constant.shape.slice(first) }
    this.#stripped.set(constant, stripped)
    return stripped
  }

  /** A constant as a layer; once for all its readers. */
  #store(constant: Constant, carrier: Activation | undefined, use: Use): Activation {
    if (constant.wide) return this.#spread(constant, constant.wide, carrier, use)
    const there = this.#stored.get(constant)
    if (there) return there
    const id = this.#to.ids.fresh([constant.name], 'constant')
    const scalar = numelOfDims(constant.shape) === 1
    const learned = this.#to.learning.ofOperand(constant, use)
    const written = !learned && numelOfDims(constant.shape) <= mostValues
    const value = written ? writtenValue(this.#to.budget.read(constant)) : null
    // Its numbers are computed when a run asks for them.
    if (value === null && !constant.blank && !constant.absent) checkParameter(constant, `tensor ${quote(constant.name)}`)
    if (value !== null)
      for (const source of constant.sources)
        this.#to.fates.set(
          source.tensor,
          scalar || source.elements === 1
            ? 'a scalar on a data operand: a constant, no weight'
            : (this.#to.learning.fixed(source) ?? 'a fixed table, no parameter'),
        )
    this.#to.layers.push({
      id,
      type: 'Parameter',
      inputs: [],
      attributes: { shape: [...constant.shape], learned, ...(value === null ? {} : { value }) },
      slots: new Map(value === null ? [['tensor', { constant, transposed: false, factor: 1 }]] : []),
      parameters: value === null ? [{ name: 'tensor', shape: constant.shape, init: 'shift', trainable: learned }] : [],
      dtypes: typesOf(constant, value === null),
    })
    const stored = { kind: 'activation' as const, name: constant.name, reference: id, shape: constant.shape, wide: constant.shape }
    this.#stored.set(constant, stored)
    return stored
  }

  /** A constant that is repeated over the batch: what is repeated, and an `Expand` by a tensor that holds the batch there. */
  #spread(constant: Constant, wide: Constant, carrier: Activation | undefined, use: Use): Activation {
    const dim = batchDim(constant.shape, wide.shape)
    const lost = (why: string): never => {
      throw new BatchLost(`tensor ${quote(constant.name)} ${why}`)
    }
    if (dim === null) return lost('holds numbers that depend on the batch')
    let base = this.#bases.get(constant)
    if (!base) {
      base = oneImage(constant, wide, dim, this.#to.budget) ?? lost('does not hold the same for each image')
      this.#bases.set(constant, base)
    }
    const like = [...this.inputs, carrier].find((value) => value && holdsAt(value, dim, constant.shape[dim]!, wide.shape[dim]!))
    if (!like) return lost(`is repeated over the batch in dim ${dim}, where no input of the network holds it`)
    return this.#repeat(this.#store(base, carrier, use), like, dim)
  }

  /** A tensor that holds no batch, repeated for each image along a dim of size 1. @throws BatchLost where no input holds the batch there. */
  overBatch(value: Activation, dim: number): Activation {
    const like = this.inputs.find((input) => placeOf(input)?.dim === dim)
    if (!like)
      throw new BatchLost(`tensor ${quote(value.name)} is repeated over the batch in dim ${dim}, where no input of the network holds it`)
    return this.#repeat(value, like, dim)
  }

  /** A tensor without the batch, repeated along the dim in which `like` has it. Itself, where nothing is to be repeated. */
  #repeat(value: Activation, like: Activation, along?: number): Activation {
    const dim = along ?? batchDim(like.shape, like.wide)
    if (dim === null || batchDim(value.shape, value.wide) !== null || value.shape[dim] !== 1) return value
    if (along === undefined && value.shape.length !== like.shape.length) return value
    const id = this.#to.ids.fresh([`${value.reference}/expand`], 'expand')
    this.#to.layers.push({
      id,
      type: 'Expand',
      inputs: [value.reference, like.reference],
      attributes: { dims: [dim] },
      slots: new Map(),
      parameters: [],
    })
    const to = (shape: Shape, from: Shape) => shape.map((size, i) => (i === dim ? from[dim]! : size))
    return {
      kind: 'activation',
      name: value.name,
      reference: id,
      ...(like.outer === undefined ? {} : { outer: like.outer }),
      shape: to(value.shape, like.shape),
      wide: to(value.wide, like.wide),
    }
  }
}

/** The types of a layer that holds a constant. */
function typesOf(constant: Constant, held: boolean): LayerDtypes {
  const dtype = storedDtype(constant)
  return dtype ? { output: dtype, ...(held ? { params: { tensor: dtype } } : {}) } : {}
}

/** Whether a tensor has these sizes in a dim, at the file's batch and at the one probed with. */
const holdsAt = ({ shape, wide }: Activation, dim: number, size: number, more: number): boolean => shape[dim] === size && wide[dim] === more

/** A part of a constant that is broadcast to a shape. */
function broadcast(from: Constant, shape: readonly number[]): Constant {
  const { steps: _, repeats: _repeats, ...rest } = from
  return {
    ...rest,
    shape,
    readBytes: from.readBytes + bytesOf(from.element, shape),
    read: () => {
      const numbers = from.read()
      return numbers && pick(numbers, shape, broadcastSteps(from.shape, shape))
    },
  }
}

/** What a constant holds at the first place of a dim, where it holds the same at every other one; else null. */
function oneImage(constant: Constant, wide: Constant, dim: number, budget: Budget): Constant | null {
  const shape = constant.shape.map((size, i) => (i === dim ? 1 : size))
  const { repeats } = constant
  if (repeats && repeats.shape.length === shape.length && repeats.shape[dim] === 1)
    return broadcast({ ...repeats, name: constant.name, sources: constant.sources, element: constant.element }, shape)
  if (numelOfDims(wide.shape) > mostElements) return null
  const [numbers, more] = [budget.read(constant), budget.read(wide)]
  if (!numbers || !more) return null
  const inner = numelOfDims(shape.slice(dim + 1))
  const first = (of: ArrayLike<number>, size: number, i: number): number => of[Math.floor(i / inner / size) * size * inner + (i % inner)]!
  const [own, other] = [constant.shape[dim]!, wide.shape[dim]!]
  for (let i = 0; i < numbers.length; i++) if (numbers[i] !== first(numbers, own, i)) return null
  for (let i = 0; i < more.length; i++)
    if (more[i] !== first(numbers, own, Math.floor(i / inner / other) * own * inner + (i % inner))) return null
  const { steps: _, repeats: _repeats, ...rest } = constant
  budget.keep(bytesOf(constant.element, shape), `tensor ${quote(constant.name)}`)
  const picked = pick(
    numbers,
    shape,
    shape.map((_size, i) => numelOfDims(constant.shape.slice(i + 1))),
  )
  return { ...rest, shape, wide: null, readBytes: 0, read: () => picked }
}

/** Numbers as the value of a `Parameter`: one for all, or each; null where they are too many to be written down. */
function writtenValue(numbers: ArrayLike<number> | null): number | number[] | null {
  if (!numbers || numbers.length === 0) return null
  const list = Array.from(numbers)
  if (list.some((number) => !Number.isFinite(number))) return null
  return list.every((number) => number === list[0]) ? list[0]! : list
}
