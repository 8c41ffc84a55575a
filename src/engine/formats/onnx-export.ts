import { create, toBinary } from '@bufbuild/protobuf'
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf'
import { type Graph, reference } from '../graph.ts'
import { type InferOptions, type InferredLayer, inferShapes, inputShape } from '../infer.ts'
import type { Parameter } from '../op.ts'
import { opOf } from '../ops/index.ts'
import type { Shape } from '../shape.ts'
import { ownerOf, parametersOf } from '../shared-weights.ts'
import { ConstantBudget } from './constant-budget.ts'
import { mostListed, type OnnxAttribute, type OnnxEmitter } from './onnx-emitter.ts'
import { Initializers, type OnnxPrecision, type OnnxStorage, onnxFloat } from './onnx-initializers.ts'
import { NameSpace, standInShape } from './onnx-names.ts'
import { ResidentEdges } from './onnx-resident.ts'

/**
 * The opset every export is written in, and the IR version that came with it (ONNX 1.12, 2022): the oldest that has
 * every op used here, so that the file opens in as many tools as can be.
 */
export const onnxOpset = 17
const irVersion = 8

export interface OnnxExportOptions extends InferOptions {
  /**
   * `seeded` fills weights from `seed`. `none` leaves them out: every parameter is the output of a ConstantOfShape node
   * (scales and variances 1, all else 0), so the file stays small, passes ONNX's checker and loads anywhere; what it
   * computes means nothing.
   */
  weights?: 'seeded' | 'none'
  /** Seed of the weights. Default 0. */
  seed?: number
  /** Values of a layer’s parameter, asked for when they are written; null where it is seeded. Default: all are. */
  parameterOf?: (layerId: string, parameter: Parameter) => Float32Array | null
  /**
   * Type of weights, constants and everything between the layers. Default float32. A float16 model still takes and
   * gives float32 and casts at its edges, as onnxruntime's own converter writes it (`keep_io_types`), so that it takes
   * the same input; see `castEdges`.
   */
  precision?: OnnxPrecision
  /** false: a float16 model takes and gives float16. Default true, and false where it is resident. */
  castEdges?: boolean
  /**
   * Keeps input and output on the device: the seeded input is data of the model, multiplied by the scalar input `scale`
   * so that nothing can be computed ahead, and the largest element of each output is one more output. Default false.
   */
  resident?: boolean
  /** Where seeded weights are stored. Default `external`, which copies nothing. */
  storage?: OnnxStorage
}

export interface OnnxTensorInfo {
  name: string
  /** Id of the graph's input, where the file has another name for it. */
  id?: string
  shape: Shape
  /** Of a user's file: ONNX's number of the type that it takes, and what its whole numbers are below where they pick rows of a table. */
  element?: { type: number; below: number | null }
}

export interface OnnxExport {
  /** The model file. */
  model: Uint8Array<ArrayBuffer>
  /** Files the model refers to, by the path it names; onnxruntime's session option of the same name takes this list. */
  externalData: { path: string; data: Uint8Array<ArrayBuffer> }[]
  /** The network's inputs and outputs, batch first, in graph order. */
  inputs: OnnxTensorInfo[]
  outputs: OnnxTensorInfo[]
  /** Node name → id of the layer it was written for, to read a profile by. */
  layerOfNode: ReadonlyMap<string, string>
  /**
   * Where input and output stay on the device: the remaining input, the scalars to fetch, and a description of what was
   * added.
   */
  resident: { scale: string; scalars: string[]; addedOps: string[] } | null
}

/** Path that external weights are named by inside the model. */
export const onnxWeightsPath = 'weights.bin'

/**
 * Writes a graph as ONNX, batch and sizes fixed, in the graph's own order. A layer's only node bears the layer's id,
 * several bear `id/hint`; tensors bear the graph's references, parameters `id.name`.
 * @throws EngineError INVALID_RESOLUTION where the resolution does not go through the network; EXPORT_UNSUPPORTED where
 *   weights are to lie inside a model that would pass 2 GiB, or its constants would take too much.
 */
export function exportOnnx(graph: Graph, options: OnnxExportOptions = {}): OnnxExport {
  const { model, initializers, inputs, outputs, layerOfNode, resident } = draftOnnx(graph, options)
  const block = initializers.fill(options.seed ?? 0)
  return {
    model: toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>,
    externalData: block ? [{ path: onnxWeightsPath, data: block }] : [],
    inputs,
    outputs,
    layerOfNode,
    resident,
  }
}

/** A model with every parameter declared and none filled. */
export interface OnnxDraft extends Pick<OnnxExport, 'inputs' | 'outputs' | 'layerOfNode' | 'resident'> {
  model: ModelProto
  /** Those of `model`. */
  initializers: Initializers
}

/** The first half of `exportOnnx`. @throws EngineError INVALID_RESOLUTION as it does, EXPORT_UNSUPPORTED for its constants. */
export function draftOnnx(graph: Graph, options: OnnxExportOptions): OnnxDraft {
  const { weights = 'seeded', precision = 'float32', castEdges = !options.resident } = options
  const layers = inferShapes(graph, options)
  const initializers = new Initializers(precision, options.storage ?? 'external', onnxWeightsPath, options.parameterOf)
  const constants = new ConstantBudget()
  const tensorNames = new NameSpace()
  const nodeNames = new NameSpace()
  tensorNames.reserve(graph.inputs.map((input) => input.id))
  nodeNames.reserve(graph.layers.map((layer) => layer.id))
  const shapes = new Map<string, Shape>()
  for (const { layer, outputs } of layers) outputs.forEach((shape, i) => shapes.set(reference(layer.id, i), shape))
  tensorNames.reserve(shapes.keys())

  // Under float16 with casts the names that callers know belong to float32 tensors; inside, a cast one stands for each.
  const inside = new Map<string, string>()
  const edges = precision === 'float16' && castEdges ? 'float32' : precision
  if (edges !== precision)
    for (const name of [...graph.inputs.map((input) => input.id), ...graph.outputs]) inside.set(name, tensorNames.fresh(`${name}/float16`))
  const insideName = (name: string): string => inside.get(name) ?? name
  const cast = (from: string, to: string, name: string, type: number): NodeProto =>
    create(NodeProtoSchema, {
      opType: 'Cast',
      name: nodeNames.fresh(`${name}/cast`),
      input: [from],
      output: [to],
      attribute: [encodeAttribute('to', type)],
    })

  const nodes: NodeProto[] = []
  // Owner and parameter → the initializer that holds it, for every layer that shares it.
  const declared = new Map<string, string>()
  const layerOfNode = new Map<string, string>()
  const inputs = graph.inputs.map((input) => ({ name: input.id, shape: inputShape(input, options) }))
  const outputs = graph.outputs.map((name) => ({ name, shape: shapes.get(name) as Shape }))
  const fresh = { tensor: (name: string) => tensorNames.fresh(name), node: (name: string) => nodeNames.fresh(name) }
  const resident = options.resident ? new ResidentEdges(inputs, outputs, fresh) : null
  if (resident) nodes.push(...resident.before(initializers))
  for (const { id } of graph.inputs) if (inside.has(id)) nodes.push(cast(id, insideName(id), id, onnxFloat.float16))
  for (const inferred of layers) {
    const emitter = new LayerEmitter(inferred, initializers, constants, tensorNames, declared, insideName, weights === 'none')
    opOf(inferred.layer.type).onnx(emitter, inferred, inferred.layer.attributes)
    const { id } = inferred.layer
    for (const [name, node] of emitter.weights) {
      node.name = nodeNames.fresh(`${id}/${name}`)
      layerOfNode.set(node.name, id)
      nodes.push(node)
    }
    for (const node of emitter.nodes) {
      node.name = emitter.nodes.length === 1 ? id : nodeNames.fresh(`${id}/${node.opType}`)
      layerOfNode.set(node.name, id)
      nodes.push(node)
    }
  }
  for (const name of graph.outputs) if (inside.has(name)) nodes.push(cast(insideName(name), name, name, onnxFloat.float32))
  if (resident) nodes.push(...resident.after())
  const isOutput = new Set(graph.outputs)
  const inner = [...shapes].filter(([name]) => !isOutput.has(name)).map(([name, shape]) => ({ name, shape }))
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(irVersion),
    producerName: 'archmeter',
    opsetImport: [{ domain: '', version: BigInt(onnxOpset) }],
    graph: create(GraphProtoSchema, {
      name: 'archmeter',
      node: nodes,
      initializer: initializers.tensors,
      input: (resident?.inputs ?? inputs).map((info) => valueInfo(info, onnxFloat[edges])),
      output: [...(resident?.outputs ?? []), ...outputs].map((info) => valueInfo(info, onnxFloat[edges])),
      valueInfo: inner.map((info) => valueInfo(info, onnxFloat[precision])),
    }),
  })
  const ends = resident && {
    scale: resident.inputs[0].name,
    scalars: resident.outputs.map(({ name }) => name),
    addedOps: resident.addedOps,
  }
  return { model, initializers, inputs, outputs, layerOfNode, resident: ends }
}

class LayerEmitter implements OnnxEmitter {
  readonly nodes: NodeProto[] = []
  /** Nodes that stand for parameters left out, by the parameter's name. */
  readonly weights: [string, NodeProto][] = []
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly #layer: InferredLayer
  readonly #initializers: Initializers
  readonly #names: NameSpace
  readonly #declared: Map<string, string>
  readonly #weightless: boolean
  readonly #constants: ConstantBudget

  constructor(
    layer: InferredLayer,
    initializers: Initializers,
    constants: ConstantBudget,
    names: NameSpace,
    declared: Map<string, string>,
    insideName: (name: string) => string,
    weightless: boolean,
  ) {
    this.#weightless = weightless
    this.#constants = constants
    this.#layer = layer
    this.#initializers = initializers
    this.#names = names
    this.#declared = declared
    this.inputs = layer.layer.inputs.map(insideName)
    this.outputs = layer.outputs.map((_, i) => insideName(reference(layer.layer.id, i)))
  }

  node(opType: string, inputs: readonly string[], outputs: readonly string[], attributes: Record<string, OnnxAttribute> = {}): void {
    const attribute = Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value))
    this.nodes.push(create(NodeProtoSchema, { opType, input: [...inputs], output: [...outputs], attribute }))
  }

  parameter(name: string): string {
    const { layer, inputs } = this.#layer
    const owner = ownerOf(layer)
    // No id holds a space.
    const key = `${owner} ${name}`
    const there = this.#declared.get(key)
    if (there !== undefined) return there
    const parameter = parametersOf(layer, inputs).find((each) => each.name === name)
    if (!parameter) throw new Error(`${layer.type} has no parameter ${name}`)
    const initializer = this.#names.fresh(`${owner}.${name}`)
    if (this.#weightless) this.#standIn(initializer, parameter)
    else this.#initializers.declare(initializer, owner, parameter)
    this.#declared.set(key, initializer)
    return initializer
  }

  /** A node that makes a parameter's shape without its values. */
  #standIn(name: string, { name: parameter, shape, init }: Parameter): void {
    const dims = this.#names.fresh(`${name}${standInShape}`)
    this.#initializers.constant(dims, [shape.length], shape.map(BigInt))
    const t = this.#initializers.scalar(init === 'scale' || init === 'variance' ? 1 : 0)
    const value = create(AttributeProtoSchema, { name: 'value', type: AttributeProto_AttributeType.TENSOR, t })
    const node = create(NodeProtoSchema, { opType: 'ConstantOfShape', input: [dims], output: [name], attribute: [value] })
    this.weights.push([parameter, node])
  }

  constant(hint: string, dims: readonly number[], values: Float32Array | readonly bigint[] | (() => Float32Array | BigInt64Array)): string {
    const made = typeof values === 'function'
    if (made) this.#constants.take(dims, this.#layer.layer)
    else if (values.length > mostListed) throw new Error(`a constant of ${values.length} elements is given as what makes it`)
    const name = this.#names.fresh(`${this.#layer.layer.id}/${hint}`)
    this.#initializers.constant(name, dims, made ? values() : values)
    return name
  }

  temporary(hint: string): string {
    return this.#names.fresh(`${this.#layer.layer.id}/${hint}`)
  }
}

function encodeAttribute(name: string, value: OnnxAttribute): AttributeProto {
  const { INT, INTS, FLOAT, STRING } = AttributeProto_AttributeType
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, type: INT, i: BigInt(value) })
  if (typeof value === 'string') return create(AttributeProtoSchema, { name, type: STRING, s: new TextEncoder().encode(value) })
  if ('float' in value) return create(AttributeProtoSchema, { name, type: FLOAT, f: Math.fround(value.float) })
  return create(AttributeProtoSchema, { name, type: INTS, ints: value.map(BigInt) })
}

function valueInfo({ name, shape }: OnnxTensorInfo, elemType: number): ValueInfoProto {
  const dim = shape.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }))
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } } })
}
