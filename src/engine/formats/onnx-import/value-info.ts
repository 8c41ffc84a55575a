import type { GraphProto, ValueInfoProto } from 'onnx-buf'
import { invalid, quote } from './fault.ts'
import { elementOf, sizeOf } from './tensor.ts'

type Dim = { size: number } | { name: string }

/** The dims that the file states of a tensor; undefined where it states none. */
function dimsOf(info: ValueInfoProto): Dim[] | undefined {
  const type = info.type?.value
  if (type?.case !== 'tensorType' || !type.value.shape) return undefined
  return type.value.shape.dim.map(({ value }) =>
    value.case === 'dimValue' ? { size: sizeOf(value.value, info.name) } : { name: value.case === 'dimParam' ? value.value : '' },
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

/** Dims of an image and no more; the verifier takes no longer shape. */
const mostDims = 7

/**
 * Shape of one image of a graph input, without the batch.
 * @throws EngineError INVALID_ONNX where it is no tensor of numbers, or a size is left open.
 */
export function inputShape(input: ValueInfoProto): number[] {
  const type = input.type?.value
  if (type?.case !== 'tensorType')
    throw invalid(`input ${quote(input.name)} is no tensor, but a sequence, a map or without a type: only tensors are read`)
  if (elementOf(type.value.elemType) === 'text')
    throw invalid(`input ${quote(input.name)} holds no numbers: only tensors of numbers are read`)
  const dims = dimsOf(input)
  if (!dims) throw invalid(`the file states no shape of input ${quote(input.name)}: export the network with an example input`)
  if (dims.length < 2 || dims.length > mostDims + 1)
    throw invalid(`input ${quote(input.name)} has ${dims.length} dims: the first is the batch, and one image has 1 to ${mostDims}`)
  return dims.slice(1).map((dim, i) => {
    if ('size' in dim && dim.size > 0) return dim.size
    const open = 'size' in dim ? '0' : `left open${dim.name ? ` (${quote(dim.name)})` : ''}`
    throw invalid(
      `size ${i + 1} of input ${quote(input.name)} is ${open}: only the first dim, the batch, may be open; export the network with fixed sizes`,
    )
  })
}

/**
 * The shapes that the file states of its tensors, at its own batch: a first dim that is named as the batch is stands for
 * it. A tensor with another open dim has no stated shape. Looked up on demand.
 */
export function statedShapes(
  graph: GraphProto,
  inputs: readonly ValueInfoProto[],
  batch: number,
): (tensor: string) => readonly number[] | undefined {
  let infos: Map<string, ValueInfoProto> | undefined
  const names = new Set<string>()
  for (const input of inputs) {
    const first = dimsOf(input)?.[0]
    if (first && 'name' in first && first.name !== '') names.add(first.name)
  }
  return (tensor) => {
    infos ??= new Map([...graph.valueInfo, ...graph.output].map((info) => [info.name, info]))
    const info = infos.get(tensor)
    const dims = info && dimsOf(info)
    if (!dims) return undefined
    const shape = dims.map((dim) => ('size' in dim ? dim.size : names.has(dim.name) ? batch : 0))
    return shape.every((size) => size > 0) ? shape : undefined
  }
}
