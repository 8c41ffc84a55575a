/**
 * The messages of onnx.proto (ONNX 1.20) as the importer holds them: the fields that it reads, whole numbers of 64 bits as
 * doubles, which no size of a tensor passes. `wire.ts` makes them of a file's bytes.
 */
export { AttributeProto_AttributeType, TensorProto_DataLocation, TensorProto_DataType } from 'onnx-buf'

export interface ModelProto {
  irVersion: number
  producerName: string
  producerVersion: string
  opsetImport: OperatorSetIdProto[]
  graph: GraphProto | undefined
  functions: FunctionProto[]
}

export interface OperatorSetIdProto {
  domain: string
  version: number
}

export interface GraphProto {
  node: NodeProto[]
  initializer: TensorProto[]
  sparseInitializer: SparseTensorProto[]
  input: ValueInfoProto[]
  output: ValueInfoProto[]
  valueInfo: ValueInfoProto[]
}

export interface NodeProto {
  input: string[]
  output: string[]
  name: string
  opType: string
  domain: string
  overload: string
  attribute: AttributeProto[]
}

export interface AttributeProto {
  name: string
  refAttrName: string
  /** One of `AttributeProto_AttributeType`. */
  type: number
  f: number
  i: number
  s: Uint8Array
  t: TensorProto | undefined
  g: GraphProto | undefined
  sparseTensor: SparseTensorProto | undefined
  floats: readonly number[]
  ints: readonly number[]
  tensors: readonly TensorProto[]
  graphs: readonly GraphProto[]
  sparseTensors: readonly SparseTensorProto[]
}

export interface ValueInfoProto {
  name: string
  type: TypeProto | undefined
}

/** `other`: a sequence, a map, an optional or a sparse tensor. */
export interface TypeProto {
  value: { case: 'tensorType'; value: TensorType } | { case: 'other' | undefined }
}

export interface TensorType {
  elemType: number
  shape: { dim: Dimension[] } | undefined
}

export interface Dimension {
  value: { case: 'dimValue'; value: number } | { case: 'dimParam'; value: string } | { case: undefined }
}

export interface TensorProto {
  name: string
  dims: number[]
  dataType: number
  rawData: Payload
  floatData: readonly number[]
  doubleData: readonly number[]
  int32Data: readonly number[]
  int64Data: readonly number[]
  uint64Data: readonly number[]
  externalData: readonly StringStringEntryProto[]
  /** One of `TensorProto_DataLocation`. */
  dataLocation: number
}

/** Bytes of a tensor where they are in the file. */
export interface Payload {
  readonly length: number
  /** Where they begin, in the memory or the file that they are in. */
  readonly offset: number
  /** A view of the file in memory; read anew at each call where it is on disk. */
  bytes(): Uint8Array
}

export interface StringStringEntryProto {
  key: string
  value: string
}

export interface SparseTensorProto {
  values: TensorProto | undefined
  indices: TensorProto | undefined
}

export interface FunctionProto {
  name: string
  domain: string
  overload: string
  input: string[]
  output: string[]
  node: NodeProto[]
  attributeProto: AttributeProto[]
  opsetImport: OperatorSetIdProto[]
}

/** Shared by all messages that lack the field: most attributes have one of nine. */
const none: readonly never[] = []
const noBytes = new Uint8Array()
const noPayload: Payload = { length: 0, offset: 0, bytes: () => noBytes }

/** An attribute with nothing in it. */
export const emptyAttribute = (): AttributeProto => ({
  name: '',
  refAttrName: '',
  type: 0,
  f: 0,
  i: 0,
  s: noBytes,
  t: undefined,
  g: undefined,
  sparseTensor: undefined,
  floats: none,
  ints: none,
  tensors: none,
  graphs: none,
  sparseTensors: none,
})

export const emptyTensor = (): TensorProto => ({
  name: '',
  dims: [],
  dataType: 0,
  rawData: noPayload,
  floatData: none,
  doubleData: none,
  int32Data: none,
  int64Data: none,
  uint64Data: none,
  externalData: none,
  dataLocation: 0,
})
