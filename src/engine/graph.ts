/**
 * The graph of an architecture, verified and canonical: every reference resolves, there is no cycle, every layer
 * leads to an output, attributes are written out in full. Made by `verify.ts` only; everything else trusts it.
 */
import type { FileDtype, LayerDtypes } from './dtypes.ts'

export interface GraphInput {
  id: string
  /** One image, C×H×W; the batch is on top. */
  shape: readonly number[]
  /** What its file takes; float32 where absent. */
  dtype?: FileDtype
}

export interface Layer {
  id: string
  type: string
  /** References: `id` is a layer's first output, `id:1` its second. */
  inputs: readonly string[]
  /** Canonical attributes of the op `type`. */
  attributes: Readonly<Record<string, unknown>>
  /** The layer whose parameters this one computes with (`shared-weights.ts`); absent where it has its own. */
  weightsOf?: string
  /**
   * Elements that are counted for a parameter, by its name, where it is not filled by a tensor of its own size and its own
   * alone: 0 where another layer has counted the tensor.
   */
  params?: Readonly<Record<string, number>>
  /** Types of its tensors where its file has others than float32. */
  dtypes?: LayerDtypes
}

export interface Graph {
  inputs: readonly GraphInput[]
  /** In canonical topological order (`topologicalOrder`). */
  layers: readonly Layer[]
  outputs: readonly string[]
  /** Set where the network works at one image a call alone, since a layer mixes the images of a batch. */
  fixedBatch?: 1
}

/** The id a reference points at: `split:1` → `split`. */
export function referencedId(reference: string): string {
  const colon = reference.lastIndexOf(':')
  return colon < 0 ? reference : reference.slice(0, colon)
}

/** The output a reference points at, 0 where it does not say. */
export function referencedOutput(reference: string): number {
  const colon = reference.lastIndexOf(':')
  return colon < 0 ? 0 : Number(reference.slice(colon + 1))
}

/** The canonical spelling of a reference: `a:0` and `a` are one tensor. */
export const reference = (id: string, output: number): string => (output === 0 ? id : `${id}:${output}`)

interface Node {
  id: string
  inputs: readonly string[]
}

/**
 * Depth-first post-order from the outputs, inputs first: an order that depends on the graph alone, never on how its
 * layers were listed, so that permuting a file changes no figure. Iterative, since graphs are deeper than the stack.
 * @returns the layers that lead to an output, and the first cycle met as a list of ids, or null.
 */
export function topologicalOrder<T extends Node>(layers: readonly T[], outputs: readonly string[]): { order: T[]; cycle: string[] | null } {
  /** By its id: the place of a layer in the list. */
  const places = new Map<string, number>()
  for (let i = 0; i < layers.length; i++) places.set((layers[i] as T).id, i)
  /** 0 for a layer that was not met, `open` while what it needs is, `done` after it. */
  const states = new Uint8Array(layers.length)
  const [open, done] = [1, 2]
  const order: T[] = []
  // Layers that are open, and which of their inputs is next.
  const stack: number[] = []
  const next: number[] = []
  const enter = (name: string): string[] | null => {
    // A name without a colon is an id, as nearly all are.
    const at = places.get(name) ?? places.get(referencedId(name))
    if (at === undefined || states[at] === done) return null
    if (states[at] === open) {
      const path = stack.map((place) => (layers[place] as T).id)
      const { id } = layers[at] as T
      return [...path.slice(path.indexOf(id)), id]
    }
    states[at] = open
    stack.push(at)
    next.push(0)
    return null
  }
  for (const output of outputs) {
    enter(output)
    while (stack.length > 0) {
      const top = stack.length - 1
      const at = stack[top] as number
      const layer = layers[at] as T
      const input = layer.inputs[next[top] as number]
      if (input === undefined) {
        states[at] = done
        order.push(layer)
        stack.pop()
        next.pop()
        continue
      }
      next[top]!++
      const cycle = enter(input)
      if (cycle) return { order, cycle: cycle.reverse() }
    }
  }
  return { order, cycle: null }
}

/** The graph as users write it: attributes beside id and type. Reads back through `verify.ts` to the same graph. */
export function graphToJson(graph: Graph): {
  inputs: GraphInput[]
  layers: Record<string, unknown>[]
  outputs: string[]
  fixedBatch?: 1
} {
  return {
    inputs: graph.inputs.map(({ id, shape, dtype }) => ({ id, shape: [...shape], ...(dtype === undefined ? {} : { dtype }) })),
    layers: graph.layers.map(({ id, type, inputs, attributes, weightsOf, params, dtypes }) => ({
      id,
      type,
      inputs: [...inputs],
      ...(weightsOf === undefined ? {} : { weightsOf }),
      ...(params === undefined ? {} : { params: { ...params } }),
      ...(dtypes === undefined ? {} : { dtypes }),
      ...attributes,
    })),
    outputs: [...graph.outputs],
    ...(graph.fixedBatch === undefined ? {} : { fixedBatch: graph.fixedBatch }),
  }
}
