import { EngineError } from './errors.ts'
import { CountOverflow } from './exact.ts'
import type { Graph, GraphInput, Layer } from './graph.ts'
import { reference } from './graph.ts'
import type { AnyOp, LayerShapes } from './op.ts'
import { opOf } from './ops/index.ts'
import type { Shape } from './shape.ts'
import { parametersOf, whyNotShared } from './shared-weights.ts'

export interface InferOptions {
  /** Images per call, at least 1. Default 1. */
  batch?: number
  /** Replaces height and width of every C×H×W input: [height, width]. */
  resolution?: readonly [number, number]
}

/**
 * A layer with the shapes it works on, batch first. Tensors are numbered, so that what follows them needs no names: network
 * inputs from 0 on, then the outputs of each layer in graph order.
 */
export interface InferredLayer extends LayerShapes {
  layer: Layer
  op: AnyOp
  /** Numbers of the tensors that it reads, in the order of its inputs. */
  reads: readonly number[]
  /** Number of its first output; its others follow. */
  first: number
}

/** How many tensors there are: network inputs and outputs of layers. */
export function tensorCount(graph: Graph, layers: readonly InferredLayer[]): number {
  const last = layers.at(-1)
  return last ? last.first + last.outputs.length : graph.inputs.length
}

const invalidBatch = (message: string, layerId: string | null = null): EngineError =>
  new EngineError('INVALID_BATCH', message, [{ path: '/batch', layerId, message }])

/** Whether it is the batch, and nothing else that was asked for, that the network does not take. */
function worksAtOne(graph: Graph, options: InferOptions): boolean {
  try {
    inferShapes(graph, { ...options, batch: 1 })
    return true
  } catch {
    return false
  }
}

/** The shape of a graph input with the batch on top, at the resolution asked for. */
export function inputShape(input: GraphInput, { batch = 1, resolution }: InferOptions): Shape {
  if (resolution && input.shape.length === 3) return [batch, input.shape[0] as number, ...resolution]
  return [batch, ...input.shape]
}

/** The refusal of a count past 2^53 − 1, naming the layer, or null where it is the total's. */
export function costOverflow(layerId: string | null, cause: CountOverflow): EngineError {
  const where = layerId === null ? 'the totals of this network' : `layer ${layerId}`
  const message = `${where}: ${cause.message}; use a smaller batch, resolution or width`
  return new EngineError('COST_OVERFLOW', message, [{ path: '', layerId, message }])
}

/**
 * Shapes of every layer, in graph order.
 * @throws EngineError INVALID_BATCH where the network does not work at the batch asked for, INVALID_RESOLUTION where the
 *   resolution asked for does not go through it, naming the layer; COST_OVERFLOW where a size passes 2^53 − 1.
 */
export function inferShapes(graph: Graph, options: InferOptions = {}): InferredLayer[] {
  const { batch = 1, resolution } = options
  if (graph.fixedBatch !== undefined && batch !== graph.fixedBatch)
    throw invalidBatch(
      `the network works at a batch of ${graph.fixedBatch} alone, since a layer mixes the images of a batch: leave batch out`,
    )
  const shapes: Shape[] = []
  const numbers = new Map<string, number>()
  for (const input of graph.inputs) {
    numbers.set(input.id, shapes.length)
    shapes.push(inputShape(input, options))
  }
  const refused = (layerId: string, message: string) => {
    const at = resolution ? ` at resolution ${resolution.join('x')}` : ''
    if (batch !== 1 && worksAtOne(graph, options))
      return invalidBatch(`layer ${layerId} does not work at a batch of ${batch}: ${message}; at a batch of 1 it does`, layerId)
    return new EngineError('INVALID_RESOLUTION', `layer ${layerId} does not work${at}: ${message}`, [
      { path: '/resolution', layerId, message },
    ])
  }
  const inferred: InferredLayer[] = new Array(graph.layers.length)
  for (let i = 0; i < inferred.length; i++) {
    const layer = graph.layers[i] as Layer
    const op = opOf(layer.type)
    // Made at their length: an array that is pushed to takes room for 17.
    const reads = new Array<number>(layer.inputs.length)
    const inputs = new Array<Shape>(layer.inputs.length)
    for (let j = 0; j < reads.length; j++) {
      const read = numbers.get(layer.inputs[j] as string) as number
      reads[j] = read
      inputs[j] = shapes[read] as Shape
    }
    let outputs: Shape[]
    try {
      outputs = op.shape(inputs, layer.attributes)
    } catch (cause) {
      if (cause instanceof CountOverflow) throw costOverflow(layer.id, cause)
      throw refused(layer.id, (cause as Error).message)
    }
    const first = shapes.length
    for (let j = 0; j < outputs.length; j++) {
      numbers.set(reference(layer.id, j), first + j)
      shapes.push(outputs[j] as Shape)
    }
    inferred[i] = { layer, op, inputs, outputs, reads, first }
  }
  // At the resolution registered the verifier has seen to it.
  const sharers = options.resolution ? inferred.filter(({ layer }) => layer.weightsOf !== undefined) : []
  if (sharers.length === 0) return inferred
  const byId = new Map(inferred.map((each) => [each.layer.id, each]))
  for (const { layer, inputs } of sharers) {
    const owner = byId.get(layer.weightsOf as string) as InferredLayer
    const reason = whyNotShared(parametersOf(owner.layer, owner.inputs), parametersOf(layer, inputs), owner.layer.id)
    if (reason) throw refused(layer.id, reason)
  }
  return inferred
}
