/** Makes messages of a file's bytes. Tags are field number × 8 + wire type: 0 a number, 1 eight bytes, 2 a run of bytes, 5 four bytes. */
import {
  type AttributeProto,
  type Dimension,
  emptyAttribute,
  emptyTensor,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type OperatorSetIdProto,
  type SparseTensorProto,
  type StringStringEntryProto,
  TensorProto_DataType as T,
  type TensorProto,
  type TensorType,
  type TypeProto,
  type ValueInfoProto,
} from './messages.ts'
import { type ExternalFile, type WireLimits, WireReader } from './wire.ts'

/** Fields of a message, up to where it ends. */
type Fill<M> = (from: WireReader, message: M, end: number) => void

/** A message that stands next. One of which a part was read before takes the rest in: that is what protobuf means by a field that comes twice. */
function inner<M>(from: WireReader, end: number, message: M, fill: Fill<M>): M {
  const last = from.enter(end)
  fill(from, message, last)
  from.leave()
  return message
}

/** Numbers of a list: one, or a packed run of them. */
function numbers(from: WireReader, packed: boolean, end: number, list: number[], next: (end: number) => number): void {
  if (!packed) {
    list.push(next(end))
    return
  }
  const last = from.listEnd(end)
  while (from.at < last) {
    from.count(1)
    list.push(next(last))
  }
}

/** A list of a message that is its own: at first all share an empty one. */
const own = <E>(list: readonly E[]): E[] => (list.length === 0 ? [] : (list as E[]))

/** A short list with one more: an array that is pushed to takes room for 17. */
function and<E>(list: E[], last: E): E[] {
  if (list.length === 0) return [last]
  if (list.length === 1) return [list[0] as E, last]
  if (list.length === 2) return [list[0] as E, list[1] as E, last]
  list.push(last)
  return list
}

/** The same with one more in it. */
function longer<E>(list: readonly E[], last: E): readonly E[] {
  const all = own(list)
  all.push(last)
  return all
}

/**
 * A model of a file's bytes, in memory or on disk.
 * @throws EngineError INVALID_ONNX where they are no protobuf message; LIMIT_EXCEEDED past the limits.
 */
export function decodeModel(file: Uint8Array | ExternalFile, limits: WireLimits): ModelProto {
  const from = new WireReader(file, limits)
  const model: ModelProto = { irVersion: 0, producerName: '', producerVersion: '', opsetImport: [], graph: undefined, functions: [] }
  const end = from.length
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 8) model.irVersion = from.int64(end)
    else if (tag === 18) model.producerName = from.string(end)
    else if (tag === 26) model.producerVersion = from.string(end)
    else if (tag === 58) model.graph = inner(from, end, model.graph ?? emptyGraph(), fillGraph)
    else if (tag === 66) model.opsetImport.push(inner(from, end, emptyOpset(), fillOpset))
    else if (tag === 202) model.functions.push(inner(from, end, emptyFunction(), fillFunction))
    else from.skip(tag, end)
  }
  return model
}

/** One tensor of the bytes of a `TensorProto`, as ONNX's own test data are stored. @throws EngineError as `decodeModel`. */
export function decodeTensor(bytes: Uint8Array): TensorProto {
  const tensor = emptyTensor()
  fillTensor(new WireReader(bytes, { messages: bytes.length, fields: bytes.length }), tensor, bytes.length)
  return tensor
}

const emptyOpset = (): OperatorSetIdProto => ({ domain: '', version: 0 })

function fillOpset(from: WireReader, opset: OperatorSetIdProto, end: number): void {
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 10) opset.domain = from.string(end)
    else if (tag === 16) opset.version = from.int64(end)
    else from.skip(tag, end)
  }
}

const emptyFunction = (): FunctionProto => ({
  ...{ name: '', domain: '', overload: '' },
  ...{ input: [], output: [], node: [], attributeProto: [], opsetImport: [] },
})

function fillFunction(from: WireReader, callee: FunctionProto, end: number): void {
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 10) callee.name = from.string(end)
    else if (tag === 34) callee.input.push(from.string(end))
    else if (tag === 42) callee.output.push(from.string(end))
    else if (tag === 58) callee.node.push(inner(from, end, emptyNode(), fillNode))
    else if (tag === 74) callee.opsetImport.push(inner(from, end, emptyOpset(), fillOpset))
    else if (tag === 82) callee.domain = from.string(end)
    else if (tag === 90) callee.attributeProto.push(inner(from, end, emptyAttribute(), fillAttribute))
    else if (tag === 106) callee.overload = from.string(end)
    else from.skip(tag, end)
  }
}

const emptyGraph = (): GraphProto => ({ node: [], initializer: [], sparseInitializer: [], input: [], output: [], valueInfo: [] })

function fillGraph(from: WireReader, graph: GraphProto, end: number): void {
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 10) graph.node.push(inner(from, end, emptyNode(), fillNode))
    else if (tag === 42) graph.initializer.push(inner(from, end, emptyTensor(), fillTensor))
    else if (tag === 90) graph.input.push(inner(from, end, emptyInfo(), fillInfo))
    else if (tag === 98) graph.output.push(inner(from, end, emptyInfo(), fillInfo))
    else if (tag === 106) graph.valueInfo.push(inner(from, end, emptyInfo(), fillInfo))
    else if (tag === 122) graph.sparseInitializer.push(inner(from, end, emptySparse(), fillSparse))
    else from.skip(tag, end)
  }
}

const emptyNode = (): NodeProto => ({ input: [], output: [], name: '', opType: '', domain: '', overload: '', attribute: [] })

function fillNode(from: WireReader, node: NodeProto, end: number): void {
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 10) node.input = and(node.input, from.string(end))
    else if (tag === 18) node.output = and(node.output, from.string(end))
    else if (tag === 26) node.name = from.string(end)
    else if (tag === 34) node.opType = from.string(end)
    else if (tag === 42) node.attribute = and(node.attribute, inner(from, end, emptyAttribute(), fillAttribute))
    else if (tag === 58) node.domain = from.string(end)
    else if (tag === 66) node.overload = from.string(end)
    else from.skip(tag, end)
  }
}

/** The types that onnx.proto knows of an attribute. */
const attributeTypes = 15

function fillAttribute(from: WireReader, attribute: AttributeProto, end: number): void {
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 10) attribute.name = from.string(end)
    else if (tag === 21) attribute.f = from.float(end)
    else if (tag === 24) attribute.i = from.int64(end)
    else if (tag === 34) attribute.s = from.run(end)
    else if (tag === 42) attribute.t = inner(from, end, attribute.t ?? emptyTensor(), fillTensor)
    else if (tag === 50) attribute.g = inner(from, end, attribute.g ?? emptyGraph(), fillGraph)
    else if (tag === 58 || tag === 61) {
      const list = own(attribute.floats)
      attribute.floats = list
      numbers(from, tag === 58, end, list, (last) => from.float(last))
    } else if (tag === 64 || tag === 66) {
      const list = own(attribute.ints)
      attribute.ints = list
      numbers(from, tag === 66, end, list, (last) => from.int64(last))
    } else if (tag === 82) attribute.tensors = longer(attribute.tensors, inner(from, end, emptyTensor(), fillTensor))
    else if (tag === 90) attribute.graphs = longer(attribute.graphs, inner(from, end, emptyGraph(), fillGraph))
    else if (tag === 160) {
      const type = from.int32(end)
      if (type >= 0 && type < attributeTypes) attribute.type = type
    } else if (tag === 170) attribute.refAttrName = from.string(end)
    else if (tag === 178) attribute.sparseTensor = inner(from, end, attribute.sparseTensor ?? emptySparse(), fillSparse)
    else if (tag === 186) attribute.sparseTensors = longer(attribute.sparseTensors, inner(from, end, emptySparse(), fillSparse))
    else from.skip(tag, end)
  }
}

const emptyInfo = (): ValueInfoProto => ({ name: '', type: undefined })

function fillInfo(from: WireReader, info: ValueInfoProto, end: number): void {
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 10) info.name = from.string(end)
    else if (tag === 18) info.type = inner(from, end, info.type ?? { value: { case: undefined } }, fillType)
    else from.skip(tag, end)
  }
}

function fillType(from: WireReader, type: TypeProto, end: number): void {
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 10) {
      const there = type.value.case === 'tensorType' ? type.value.value : { elemType: 0, shape: undefined }
      type.value = { case: 'tensorType', value: inner(from, end, there, fillTensorType) }
    } else {
      // Sequence, map, sparse tensor, optional.
      if (tag === 34 || tag === 42 || tag === 66 || tag === 74) type.value = { case: 'other' }
      from.skip(tag, end)
    }
  }
}

function fillTensorType(from: WireReader, type: TensorType, end: number): void {
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 8) type.elemType = from.int32(end)
    else if (tag === 18) type.shape = inner(from, end, type.shape ?? { dim: [] }, fillShape)
    else from.skip(tag, end)
  }
}

function fillShape(from: WireReader, shape: { dim: Dimension[] }, end: number): void {
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 10) shape.dim.push(inner(from, end, { value: { case: undefined } }, fillDimension))
    else from.skip(tag, end)
  }
}

function fillDimension(from: WireReader, dim: Dimension, end: number): void {
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 8) dim.value = { case: 'dimValue', value: from.int64(end) }
    else if (tag === 18) dim.value = { case: 'dimParam', value: from.string(end) }
    else from.skip(tag, end)
  }
}

const emptyEntry = (): StringStringEntryProto => ({ key: '', value: '' })

function fillEntry(from: WireReader, entry: StringStringEntryProto, end: number): void {
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 10) entry.key = from.string(end)
    else if (tag === 18) entry.value = from.string(end)
    else from.skip(tag, end)
  }
}

const emptySparse = (): SparseTensorProto => ({ values: undefined, indices: undefined })

function fillSparse(from: WireReader, sparse: SparseTensorProto, end: number): void {
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 10) sparse.values = inner(from, end, sparse.values ?? emptyTensor(), fillTensor)
    else if (tag === 18) sparse.indices = inner(from, end, sparse.indices ?? emptyTensor(), fillTensor)
    else from.skip(tag, end)
  }
}

/** A list of floats, where it stands in the file: tag, first byte and end. */
type Run = readonly [tag: number, start: number, end: number]

function fillTensor(from: WireReader, tensor: TensorProto, end: number): void {
  // Floats stay where they are until the type is known.
  let runs: Run[] | undefined
  let payloads = 0
  while (from.at < end) {
    const tag = from.tag(end)
    if (tag === 8 || tag === 10) numbers(from, tag === 10, end, tensor.dims, (last) => from.int64(last))
    else if (tag === 16) tensor.dataType = from.int32(end)
    else if (tag === 66) tensor.name = from.string(end)
    else if (tag === 74) {
      const last = from.lengthEnd(end)
      tensor.rawData = from.payload(from.at, last)
      from.at = last
      payloads++
    } else if (tag === 34 || tag === 82) {
      const last = from.lengthEnd(end)
      runs ??= []
      runs.push([tag, from.at, last])
      from.at = last
      payloads++
    } else if (tag === 37 || tag === 81) {
      runs ??= []
      runs.push([tag === 37 ? 34 : 82, from.at, from.at + (tag === 37 ? 4 : 8)])
      from.skip(tag, end)
      // One by one they are no run of the same bytes as `raw_data`.
      payloads += 2
    } else if (tag === 40 || tag === 42) {
      const list = own(tensor.int32Data)
      tensor.int32Data = list
      numbers(from, tag === 42, end, list, (last) => from.int32(last))
    } else if (tag === 56 || tag === 58) {
      const list = own(tensor.int64Data)
      tensor.int64Data = list
      numbers(from, tag === 58, end, list, (last) => from.int64(last))
    } else if (tag === 88 || tag === 90) {
      const list = own(tensor.uint64Data)
      tensor.uint64Data = list
      numbers(from, tag === 90, end, list, (last) => from.uint64(last))
    } else if (tag === 106) {
      tensor.externalData = longer(tensor.externalData, inner(from, end, emptyEntry(), fillEntry))
    } else if (tag === 112) {
      const location = from.int32(end)
      if (location === 0 || location === 1) tensor.dataLocation = location
    } else from.skip(tag, end)
  }
  if (runs) placeFloats(from, tensor, runs, payloads)
}

/**
 * The one packed list of floats, or of doubles, of a tensor of that type holds the bytes that `raw_data` would: they stay a view,
 * where a list of numbers would take four times as much. Several lists are one, and beside `raw_data` a list does not count.
 */
function placeFloats(from: WireReader, tensor: TensorProto, runs: readonly Run[], payloads: number): void {
  const [tag, start, end] = runs[0] as Run
  if (payloads === 1 && tensor.dataType === (tag === 34 ? T.FLOAT : T.DOUBLE)) {
    tensor.rawData = from.payload(start, end)
    return
  }
  const back = from.at
  const [floats, doubles] = [own(tensor.floatData), own(tensor.doubleData)]
  tensor.floatData = floats
  tensor.doubleData = doubles
  for (const [tag, start, end] of runs) {
    from.count((end - start) / (tag === 34 ? 4 : 8))
    from.seek(start)
    const list = tag === 34 ? floats : doubles
    from.hold(end - start)
    while (from.at < end) list.push(tag === 34 ? from.float(end) : from.double(end))
  }
  from.seek(back)
}
