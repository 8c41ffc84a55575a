import { EngineError } from '../errors.ts'
import { type Graph, type GraphInput, graphToJson, type Layer, referencedId, topologicalOrder } from '../graph.ts'
import { inferShapes } from '../infer.ts'
import type { Limits } from '../limits.ts'
import { opOf } from '../ops/index.ts'
import { numel, type Shape } from '../shape.ts'
import { verifyGraph } from '../verify.ts'

/** A layer while it is edited. */
export interface EditableLayer {
  id: string
  type: string
  inputs: string[]
  attributes: Record<string, any>
  weightsOf?: string
  params?: Record<string, number>
}

/** How one parameter follows from parameters of the network before. */
export interface Derivation {
  /** Parameters of the network before, in the order in which `compute` takes their values. */
  from: readonly { layerId: string; parameter: string }[]
  /** Values of the parameter, row-major in its own shape; each source comes in the shape it had. */
  compute(sources: readonly Float32Array[]): Float32Array
  /** Of one that does not keep what the layer computes: how far it is from that, of the whole; null before it was computed. */
  relativeError?(): number | null
}

/** Attributes that state a size of the input: they follow when the input changes. Which dim each is. */
const stated: Readonly<Record<string, number>> = { inChannels: 1, numFeatures: 1, inFeatures: -1 }

/** A verified graph, copied so that it can be changed, with the shapes it had before. */
export class EditableNetwork {
  readonly inputs: GraphInput[]
  readonly layers: Map<string, EditableLayer>
  outputs: string[]
  readonly before: Graph
  /** Parameters that are worked out from others (`weights.ts`), by layer. */
  readonly derivations = new Map<string, Map<string, Derivation>>()
  /** Layers whose weights are new although their shapes may be as before. */
  readonly renewed = new Set<string>()
  readonly #firstInput: ReadonlyMap<string, string>
  readonly #shapes = new Map<string, Shape>()
  readonly #readers = new Map<string, string[]>()
  readonly #sharers = new Map<string, string>()

  constructor(graph: Graph) {
    this.before = graph
    this.inputs = graph.inputs.map(({ id, shape }) => ({ id, shape: [...shape] }))
    this.layers = new Map(
      graph.layers.map(({ attributes, inputs, ...layer }) => [
        layer.id,
        { ...layer, inputs: [...inputs], attributes: structuredClone(attributes) as Record<string, any> } as EditableLayer,
      ]),
    )
    this.outputs = [...graph.outputs]
    this.#firstInput = new Map(graph.layers.map(({ id, inputs }) => [id, inputs[0] as string]))
    for (const { id, shape } of graph.inputs) this.#shapes.set(id, [1, ...shape])
    for (const { layer, outputs } of inferShapes(graph)) {
      outputs.forEach((shape, i) => this.#shapes.set(i === 0 ? layer.id : `${layer.id}:${i}`, shape))
      for (const name of layer.inputs) {
        const readers = this.#readers.get(name)
        if (readers) readers.push(layer.id)
        else this.#readers.set(name, [layer.id])
      }
      if (layer.weightsOf !== undefined) this.#sharers.set(layer.weightsOf, layer.id)
    }
  }

  /** Layers of the graph before, of a type or of all. */
  each(type?: string): Layer[] {
    return type === undefined ? [...this.before.layers] : this.before.layers.filter((layer) => layer.type === type)
  }

  get(id: string): EditableLayer {
    return this.layers.get(id) as EditableLayer
  }

  /** The layer of the graph before that makes a tensor, or undefined where it is an input. */
  maker(reference: string): EditableLayer | undefined {
    return this.layers.get(referencedId(reference))
  }

  /** Shape of a tensor of the graph before, batch first. */
  shape(reference: string): Shape {
    return this.#shapes.get(reference) as Shape
  }

  /** Shape that a layer of the graph before read first, whatever it reads by now. */
  inputShape(id: string): Shape {
    return this.shape(this.#firstInput.get(id) as string)
  }

  /** Layers of the graph before that read a tensor, once for each time. */
  readers(reference: string): string[] {
    return this.#readers.get(reference) ?? []
  }

  isOutput(reference: string): boolean {
    return this.before.outputs.includes(reference)
  }

  /** The one layer that reads a tensor, or undefined where there are several, or the tensor is an output as well. */
  soleReader(reference: string): EditableLayer | undefined {
    const [first, ...others] = this.readers(reference)
    return first !== undefined && others.length === 0 && !this.isOutput(reference) ? this.layers.get(first) : undefined
  }

  /** Why a layer’s weights are not its own to change, or undefined where they are. */
  sharing(id: string): string | undefined {
    const other = this.get(id).weightsOf ?? this.#sharers.get(id)
    return other === undefined ? undefined : `it shares its weights with ${other}: both would have to change`
  }

  /** Adds a layer under an id that is free: the one asked for, or with a number behind it. Returns its id. */
  add(type: string, id: string, inputs: readonly string[], attributes: Record<string, unknown> = {}): string {
    const taken = (name: string) => this.layers.has(name) || this.#shapes.has(name)
    // An id ends at 200 characters.
    const stem = id.slice(0, 190)
    let free = stem
    for (let n = 2; taken(free); n++) free = `${stem}_${n}`
    this.layers.set(free, { id: free, type, inputs: [...inputs], attributes: { ...attributes } })
    return free
  }

  /** Whoever read one tensor reads another; outputs as well. `except` are layers that go on reading the first. */
  redirect(from: string, to: string, except: ReadonlySet<string> = new Set()): void {
    for (const layer of this.layers.values())
      if (!except.has(layer.id)) layer.inputs = layer.inputs.map((name) => (name === from ? to : name))
    this.outputs = this.outputs.map((name) => (name === from ? to : name))
  }

  /** States how a parameter of a layer follows from parameters of the graph before. */
  derive(layerId: string, parameter: string, derivation: Derivation): void {
    const of = this.derivations.get(layerId) ?? new Map<string, Derivation>()
    this.derivations.set(layerId, of.set(parameter, derivation))
  }

  /**
   * The graph as changed: layers that lead to no output are left out, what a layer states of its input follows the input.
   * @throws EngineError as `verifyGraph` does.
   */
  finish(limits: Limits): Graph {
    const { order, inputs } = this.sweep(() => {})
    const { before } = this
    const layers = order.map(({ attributes, ...layer }) => ({ ...layer, attributes }) as Layer)
    return verifyGraph(
      graphToJson({ inputs, layers, outputs: this.outputs, ...(before.fixedBatch === undefined ? {} : { fixedBatch: 1 }) }),
      limits,
    )
  }

  /**
   * Goes through the layers as they are now, inputs first. `visit` may change a layer before its outputs’ shapes are worked
   * out of those of its inputs. Sizes that a layer states of its input follow the input.
   */
  sweep(visit: (layer: EditableLayer, inputs: readonly Shape[]) => void): { order: EditableLayer[]; inputs: GraphInput[] } {
    const { order } = topologicalOrder([...this.layers.values()], this.outputs)
    const read = new Set(order.flatMap((layer) => layer.inputs.map(referencedId)))
    const inputs = this.inputs.filter(({ id }) => read.has(id))
    const shapes = new Map<string, Shape>(inputs.map(({ id, shape }) => [id, [1, ...shape]]))
    for (const layer of order) {
      const from = layer.inputs.map((name) => shapes.get(name))
      if (from.some((shape) => shape === undefined)) continue
      visit(layer, from as Shape[])
      this.#follow(layer, from as Shape[], shapes)
    }
    return { order, inputs }
  }

  /** Sizes that the layer states of its input become those of its input; its outputs' shapes go into `shapes`. */
  #follow(layer: EditableLayer, inputs: readonly Shape[], shapes: Map<string, Shape>): void {
    for (const [name, dim] of Object.entries(stated))
      if (layer.attributes[name] !== undefined && inputs[0]) layer.attributes[name] = inputs[0].at(dim)
    try {
      const op = opOf(layer.type)
      const outputs = op.shape(inputs, op.canonical(layer.attributes as never))
      outputs.forEach((shape, i) => shapes.set(i === 0 ? layer.id : `${layer.id}:${i}`, shape))
      if (!layer.params) return
      const sizes = new Map((op.parameters?.(inputs, layer.attributes) ?? []).map(({ name, shape }) => [name, numel(shape)]))
      const old = this.before.layers.find(({ id }) => id === layer.id)
      if (old && !this.#sameParameters(old, sizes)) delete layer.params
    } catch (cause) {
      // The verifier says what is wrong, with what stands around it.
      if (cause instanceof EngineError) throw cause
    }
  }

  /** Whether a layer of the graph before had parameters of these sizes: what is counted for them holds no longer otherwise. */
  #sameParameters(old: Layer, sizes: ReadonlyMap<string, number>): boolean {
    const before =
      opOf(old.type).parameters?.(
        old.inputs.map((name) => this.shape(name)),
        old.attributes,
      ) ?? []
    return before.length === sizes.size && before.every(({ name, shape }) => sizes.get(name) === numel(shape))
  }
}
