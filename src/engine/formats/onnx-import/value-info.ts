import type { Element } from './constant.ts'
import { invalid, quote } from './fault.ts'
import type { GraphProto, ValueInfoProto } from './messages.ts'
import { type FileNode, nodeName } from './model.ts'
import { elementOf, sizeOf } from './tensor.ts'

export type Dim = { size: number } | { name: string }

/** The dims that the file states of a tensor; undefined where it states none. */
export function dimsOf(info: ValueInfoProto): Dim[] | undefined {
  const type = info.type?.value
  if (type?.case !== 'tensorType' || !type.value.shape) return undefined
  return type.value.shape.dim.map(({ value }) =>
    // Some exporters write −1 for a dim that is open.
    value.case === 'dimValue' && value.value !== -1
      ? { size: sizeOf(value.value, info.name) }
      : { name: value.case === 'dimParam' ? value.value : '' },
  )
}

/** The batch that the inputs state: the first dim of each. @throws EngineError INVALID_ONNX where they differ. */
export function symbolicBatch(inputs: readonly ValueInfoProto[]): 'symbolic' | number {
  let batch: 'symbolic' | number | undefined
  for (const input of inputs) {
    const first = dimsOf(input)?.[0]
    const own = first && 'size' in first ? first.size : 'symbolic'
    if (batch !== undefined && own !== batch)
      throw invalid(`the inputs do not share their first dim, the batch: input ${quote(input.name)} has ${own}, another ${batch}`)
    batch = own
  }
  if (batch === 0) throw invalid('the batch, the first dim of the inputs, is 0: export the network with a batch of 1')
  return batch ?? 1
}

/** The first dims of inputs that have more: sizes, and names where they are open. */
export function batchesOf(inputs: readonly ValueInfoProto[]): ReadonlySet<string | number> {
  const firsts = inputs.flatMap((input) => {
    const [first, second] = dimsOf(input) ?? []
    return !first || !second || ('name' in first && first.name === '') ? [] : ['size' in first ? first.size : first.name]
  })
  return new Set(firsts)
}

/** Dims of an image and no more; the verifier takes no longer shape. */
const mostDims = 7

/**
 * Shape of one image of a graph input, without the batch.
 * @param sizes of open dims by their names.
 * @param given the whole shape, where it was asked for.
 * @param batches the first dims of inputs that have more dims: what an input's only dim must be one of, so that it is the batch and no length.
 * @throws EngineError INVALID_ONNX where it is no tensor of numbers, or a size is left open.
 */
export function inputShape(
  input: ValueInfoProto,
  sizes: ReadonlyMap<string, number> = new Map(),
  given?: readonly number[],
  batches: ReadonlySet<string | number> = new Set(),
): number[] {
  const type = input.type?.value
  if (type?.case !== 'tensorType')
    throw invalid(`input ${quote(input.name)} is no tensor, but a sequence, a map or without a type: only tensors are read`)
  if (elementOf(type.value.elemType) === 'text')
    throw invalid(`input ${quote(input.name)} holds no numbers: only tensors of numbers are read`)
  const dims = dimsOf(input)
  if (!dims && given) return [...given]
  if (!dims)
    throw invalid(
      `the file states no shape of input ${quote(input.name)}: give it as inputShape, or export the network with an example input`,
    )
  const only = dims.length === 1 ? dims[0]! : undefined
  if (only && batches.has('size' in only ? only.size : only.name)) return []
  if (dims.length < 2 || dims.length > mostDims + 1)
    throw invalid(`input ${quote(input.name)} has ${dims.length} dims: the first is the batch, and one image has 1 to ${mostDims}`)
  return dims.slice(1).map((dim, i) => {
    if ('size' in dim && dim.size > 0) return dim.size
    const size = ('name' in dim ? sizes.get(dim.name) : undefined) ?? given?.[i]
    if (size !== undefined) return size
    const open = 'size' in dim ? '0' : `left open${dim.name ? ` (${quote(dim.name)})` : ''}`
    throw invalid(
      `size ${i + 1} of input ${quote(input.name)} is ${open}: give it, ${'name' in dim && dim.name ? `as dims=${dim.name}:224 or ` : ''}as the whole inputShape, or export the network with fixed sizes`,
    )
  })
}

/** ONNX's number of the type of an input; that of float32 where it is no tensor. */
export const typeCode = ({ type }: ValueInfoProto): number => (type?.value.case === 'tensorType' ? type.value.value.elemType : 1)

/** A shape that an input takes for one image where nobody reads it: 1 for each size that the file leaves open. */
export const anyShape = (input: ValueInfoProto): number[] => (dimsOf(input) ?? []).slice(1).map((dim) => ('size' in dim ? dim.size : 1))

const written = (dims: readonly Dim[]): string => dims.map((dim) => ('size' in dim ? dim.size : dim.name || '?')).join('×') || 'a scalar'

/** The shapes that a file states of its tensors, at its own batch. Looked up on demand. */
export class StatedShapes {
  readonly #graph: GraphProto
  readonly #batch: number
  /** Sizes of open dims that were asked for, by name. */
  readonly #sizes: ReadonlyMap<string, number>
  /** What the first dim of an input is named as: it stands for the batch. */
  readonly #names = new Set<string>()
  #infos: Map<string, ValueInfoProto> | undefined

  constructor(graph: GraphProto, inputs: readonly ValueInfoProto[], batch: number, sizes: ReadonlyMap<string, number>) {
    this.#graph = graph
    this.#sizes = sizes
    this.#batch = batch
    for (const input of inputs) {
      const first = dimsOf(input)?.[0]
      if (first && 'name' in first && first.name !== '') this.#names.add(first.name)
    }
  }

  /** The whole shape of a tensor, where the file states it. */
  readonly shapeOf = (tensor: string): readonly number[] | undefined => {
    const dims = this.#dims(tensor)
    const shape = dims?.map((dim) =>
      'size' in dim ? dim.size : this.#names.has(dim.name) ? this.#batch : (this.#sizes.get(dim.name) ?? 0),
    )
    return shape?.every((size) => size > 0) ? shape : undefined
  }

  /**
   * Holds a shape that was worked out against the one that the file states, as far as it does: dims that it leaves open, 0
   * among them, are anything.
   * @throws EngineError INVALID_ONNX naming both.
   */
  check(tensor: string, shape: readonly number[], node: FileNode): void {
    const info = this.#info(tensor)
    if (!info || this.#isStated(info, shape)) return
    const dims = dimsOf(info)
    if (!dims) return
    const agrees = dims.length === shape.length && dims.every((dim, i) => !('size' in dim) || dim.size === 0 || dim.size === shape[i])
    if (agrees) return
    throw invalid(
      `tensor ${quote(tensor)}, made by ${node.opType} node ${quote(nodeName(node))}, is ${shape.join('×') || 'a scalar'} as worked out from the nodes, but ${written(dims)} as the file states it: one of the two is wrong, and no count can be trusted; run shape inference on the file anew (onnx.shape_inference) or export it again`,
      nodeName(node),
    )
  }

  /** Whether every dim is stated, and as this. */
  #isStated({ type }: ValueInfoProto, shape: readonly number[]): boolean {
    const dims = type?.value.case === 'tensorType' ? type.value.value.shape?.dim : undefined
    if (dims?.length !== shape.length) return false
    for (let i = 0; i < shape.length; i++) {
      const { value } = dims[i]!
      if (value.case !== 'dimValue' || value.value !== shape[i]) return false
    }
    return true
  }

  /** What the file says of the shape of a tensor, as the end of a sentence on why it cannot be known. */
  describe(tensor: string): string {
    const dims = this.#dims(tensor)
    return dims ? `the file states its shape only as ${written(dims)}` : 'the file states no shape of it'
  }

  /** ONNX's number of the type of a tensor; 0 where the file states none. */
  readonly typeOf = (tensor: string): number => {
    const type = this.#info(tensor)?.type?.value
    return type?.case === 'tensorType' ? type.value.elemType : 0
  }

  /** What the elements of a tensor are, where the file states it. */
  elementOf(tensor: string): Element | undefined {
    const type = this.typeOf(tensor)
    return type === 0 ? undefined : elementOf(type)
  }

  #dims(tensor: string): Dim[] | undefined {
    const info = this.#info(tensor)
    return info && dimsOf(info)
  }

  #info(tensor: string): ValueInfoProto | undefined {
    // An output may be stated twice, without a shape in one of the places.
    if (!this.#infos) {
      const { output, valueInfo } = this.#graph
      this.#infos = new Map()
      for (const list of [output, valueInfo, output.filter((info) => dimsOf(info))])
        for (const info of list) this.#infos.set(info.name, info)
    }
    return this.#infos.get(tensor)
  }
}
