import { create, toBinary } from '@bufbuild/protobuf'
import {
  AttributeProto_AttributeType as A,
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  FunctionProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  TensorProto_DataType as T,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf'

/** Writes small ONNX files, for tests and for `npm run test:hostile`. */

export type AttributeValue =
  | number
  | readonly number[]
  | string
  | { float: number }
  | { floats: readonly number[] }
  | { tensor: TensorProto }
  | { ref: string; type: A }
  | { graph: GraphProto }

export function attribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, type: A.INT, i: BigInt(value) })
  if (typeof value === 'string') return create(AttributeProtoSchema, { name, type: A.STRING, s: new TextEncoder().encode(value) })
  if ('float' in value) return create(AttributeProtoSchema, { name, type: A.FLOAT, f: value.float })
  if ('floats' in value) return create(AttributeProtoSchema, { name, type: A.FLOATS, floats: [...value.floats] })
  if ('tensor' in value) return create(AttributeProtoSchema, { name, type: A.TENSOR, t: value.tensor })
  if ('graph' in value) return create(AttributeProtoSchema, { name, type: A.GRAPH, g: value.graph })
  if ('ref' in value) return create(AttributeProtoSchema, { name, type: value.type, refAttrName: value.ref })
  return create(AttributeProtoSchema, { name, type: A.INTS, ints: value.map(BigInt) })
}

/** `inputs -> outputs` by names; `''` is an input left out. */
export const node = (
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Record<string, AttributeValue> = {},
  more: { name?: string; domain?: string } = {},
): NodeProto =>
  create(NodeProtoSchema, {
    opType,
    input: [...input],
    output: [...output],
    attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    ...more,
  })

export const ints = (name: string, values: readonly (number | bigint)[], dims: readonly number[] = [values.length]): TensorProto =>
  create(TensorProtoSchema, { name, dataType: T.INT64, dims: dims.map(BigInt), int64Data: values.map(BigInt) })

/** Whole numbers of one byte each, as quantized tensors hold them. */
export const bytes = (name: string, dataType: T.INT8 | T.UINT8, dims: readonly number[], values?: readonly number[]): TensorProto => {
  const length = dims.reduce((a, b) => a * b, 1)
  const numbers = values ?? Array.from({ length }, (_, i) => ((i * 37) % 101) - (dataType === T.INT8 ? 50 : 0))
  return create(TensorProtoSchema, { name, dataType, dims: dims.map(BigInt), rawData: Uint8Array.from(numbers, (n) => n & 255) })
}

export const floats = (name: string, dims: readonly number[], values?: readonly number[]): TensorProto => {
  const length = dims.reduce((a, b) => a * b, 1)
  const data = Float32Array.from(values ?? Array.from({ length }, (_, i) => ((i * 37) % 19) / 19 - 0.5))
  return create(TensorProtoSchema, { name, dataType: T.FLOAT, dims: dims.map(BigInt), rawData: new Uint8Array(data.buffer) })
}

export const info = (name: string, dims: readonly (number | bigint | string)[], elemType: number = T.FLOAT): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: {
          elemType,
          shape: {
            dim: dims.map((dim) => ({
              value:
                typeof dim === 'string' ? { case: 'dimParam' as const, value: dim } : { case: 'dimValue' as const, value: BigInt(dim) },
            })),
          },
        },
      },
    },
  })

export const localFunction = (
  name: string,
  input: readonly string[],
  output: readonly string[],
  nodes: readonly NodeProto[],
  attributes: readonly string[] = [],
): FunctionProto =>
  create(FunctionProtoSchema, {
    name,
    domain: 'local',
    input: [...input],
    output: [...output],
    node: [...nodes],
    attribute: [...attributes],
    opsetImport: [
      { domain: '', version: 17n },
      { domain: 'local', version: 1n },
    ],
  })

/** A graph inside of a node, as `If` has two. */
export const graphAttribute = (
  nodes: readonly NodeProto[],
  outputs: readonly string[],
  initializers: readonly TensorProto[] = [],
): { graph: GraphProto } => ({
  graph: create(GraphProtoSchema, {
    name: 'inside',
    node: [...nodes],
    output: outputs.map((name) => create(ValueInfoProtoSchema, { name })),
    initializer: [...initializers],
  }),
})

export interface Parts {
  nodes: readonly NodeProto[]
  inputs?: readonly ValueInfoProto[]
  outputs?: readonly string[]
  initializers?: readonly TensorProto[]
  valueInfo?: readonly ValueInfoProto[]
  functions?: readonly FunctionProto[]
  opset?: number
  /** Versions of operator sets beside ONNX's own. */
  domains?: Readonly<Record<string, number>>
  irVersion?: number
}

/** A file. By default its input is `x`, one map of 3×8×8, and its output `y`. */
export function file({
  nodes,
  inputs = [info('x', [1, 3, 8, 8])],
  outputs = ['y'],
  initializers = [],
  valueInfo = [],
  functions = [],
  opset = 17,
  domains = { local: 1, 'com.microsoft': 1 },
  irVersion = 8,
}: Parts): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(irVersion),
      opsetImport: [
        { domain: '', version: BigInt(opset) },
        ...Object.entries(domains).map(([domain, version]) => ({ domain, version: BigInt(version) })),
      ],
      functions: [...functions],
      graph: create(GraphProtoSchema, {
        name: 'test',
        node: [...nodes],
        input: [...inputs],
        output: outputs.map((name) => create(ValueInfoProtoSchema, { name })),
        initializer: [...initializers],
        valueInfo: [...valueInfo],
      }),
    }),
  )
}
