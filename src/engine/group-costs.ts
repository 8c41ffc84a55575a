import { type CostOptions, computeCosts } from './cost.ts'
import { sum } from './exact.ts'
import { type Graph, reference } from './graph.ts'
import { type InferredLayer, inferShapes, inputShape } from './infer.ts'
import { numel } from './shape.ts'
import { ownerOf, parametersOf } from './shared-weights.ts'
import { defaultDtype, type Widths, widthsOf } from './widths.ts'

/** What a group of layers costs where it runs as one kernel. Exact integers, for the whole batch. */
export interface GroupCost {
  layerIds: string[]
  /** Of the layers, in their order. */
  types: string[]
  macs: number
  /** By the convention asked for. */
  flops: number
  /** What the group reads of tensors made outside it, and its parameters and running statistics: each once. */
  bytesRead: number
  /** What it makes that somebody else reads, that nobody reads, or that the network gives out: each once. */
  bytesWritten: number
}

/**
 * Costs of groups of layers that are executed as one: macs and flops are the sums over the layers, while a tensor that lives
 * between layers of a group is neither read nor written. A view moves nothing and has no tensor of its own: a layer that
 * reads it reads the tensor behind it. A group of one layer moves the bytes that `computeCosts` states, but for a tensor
 * that the layer reads twice, which counts once here.
 * @param groups ids of layers; every layer belongs to one group at most.
 * @throws EngineError as `computeCosts` does.
 */
export function groupCosts(graph: Graph, groups: readonly (readonly string[])[], options: CostOptions = {}): GroupCost[] {
  const costs = new Map(computeCosts(graph, options).layers.map((layer) => [layer.id, layer]))
  const widths = widthsOf(graph, options.dtype ?? defaultDtype(graph))
  const inferred = inferShapes(graph, options)
  const layers = new Map(inferred.map((each) => [each.layer.id, each]))
  const buffers = buffersOf(graph, inferred, options, widths)
  return groups.map((layerIds) => {
    const members = layerIds.map((id) => layers.get(id) as InferredLayer)
    const inside = new Set(layerIds)
    const read = new Map<string, number>()
    const written = new Map<string, number>()
    for (const member of members) {
      const { layer, op, inputs, outputs } = member
      // A stored tensor moves where it is read.
      if (widths.isView(member) || op.stored) continue
      for (const name of layer.inputs) {
        const buffer = buffers.get(name) as Buffer
        if (buffer.maker === null || !inside.has(buffer.maker)) read.set(buffer.name, buffer.bytes)
      }
      for (const { name, shape } of parametersOf(layer, inputs))
        read.set(`${ownerOf(layer)}/${name}`, widths.parameterBytes(layer, name, numel(shape)))
      for (let i = 0; i < outputs.length; i++) {
        const buffer = buffers.get(reference(layer.id, i)) as Buffer
        const { readers, given } = buffer
        if (given || readers.size === 0 || [...readers].some((reader) => !inside.has(reader))) written.set(buffer.name, buffer.bytes)
      }
    }
    return {
      layerIds: [...layerIds],
      types: members.map(({ layer }) => layer.type),
      macs: sum(...layerIds.map((id) => costs.get(id)!.macs)),
      flops: sum(...layerIds.map((id) => costs.get(id)!.flops)),
      bytesRead: sum(...read.values()),
      bytesWritten: sum(...written.values()),
    }
  })
}

/** Memory that holds a tensor, and who uses it; views of it are itself. */
interface Buffer {
  /** Reference of the tensor that it was made as. */
  name: string
  bytes: number
  /** The layer that makes it; null for a network input or a stored tensor, which come from outside every group. */
  maker: string | null
  /** Layers that read it, views passed by. */
  readers: Set<string>
  /** Whether the network gives it out. */
  given: boolean
}

/** The buffer behind each reference. */
function buffersOf(graph: Graph, layers: readonly InferredLayer[], options: CostOptions, widths: Widths): ReadonlyMap<string, Buffer> {
  const buffers = new Map<string, Buffer>()
  const make = (name: string, elements: number, maker: string | null) =>
    buffers.set(name, { name, bytes: widths.outputBytes(name, elements), maker, readers: new Set(), given: false })
  for (const input of graph.inputs) make(input.id, numel(inputShape(input, options)), null)
  for (const inferred of layers) {
    const { layer, op, outputs } = inferred
    const view = widths.isView(inferred)
    outputs.forEach((shape, i) => {
      const name = reference(layer.id, i)
      if (view) buffers.set(name, buffers.get(layer.inputs[0]!) as Buffer)
      else make(name, numel(shape), op.stored ? null : layer.id)
    })
    if (!view) for (const name of layer.inputs) buffers.get(name)!.readers.add(layer.id)
  }
  for (const name of graph.outputs) buffers.get(name)!.given = true
  return buffers
}
