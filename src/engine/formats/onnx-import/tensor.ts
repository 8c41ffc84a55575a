import { type TensorProto, TensorProto_DataType } from 'onnx-buf'
import { widthOf } from './budget.ts'
import type { Constant, Element } from './constant.ts'
import { type ExternalFiles, isExternal, locationOf, type Outside, outsideOf } from './external.ts'
import { invalid, quote } from './fault.ts'

/** A type of element: what it is, its bytes in `raw_data`, and how a payload is read. */
interface ElementType {
  element: Element
  width: number
  /** Bytes that reading makes for each element; 0 where it is a view of the file wherever that is aligned. */
  made: number
  raw(bytes: Uint8Array): ArrayLike<number>
}

const each =
  <A extends Float32Array | Float64Array | Uint8Array>(
    width: number,
    at: (data: DataView, offset: number) => number,
    Made: new (length: number) => A,
  ) =>
  (bytes: Uint8Array): A => {
    const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const numbers = new Made(bytes.length / width)
    for (let i = 0; i < numbers.length; i++) numbers[i] = at(data, i * width)
    return numbers
  }

/** Little-endian numbers, as the machine has them, without a copy where they lie at a multiple of their width. */
const viewed =
  <A>(width: number, View: new (buffer: ArrayBufferLike, offset: number, length: number) => A) =>
  (bytes: Uint8Array): A => {
    if (isAligned(bytes, width)) return new View(bytes.buffer, bytes.byteOffset, bytes.length / width)
    // Not the method of Node’s Buffer, which copies nothing.
    return new View(Uint8Array.prototype.slice.call(bytes).buffer, 0, bytes.length / width)
  }

const isAligned = (bytes: Uint8Array, width: number): boolean => bytes.byteOffset % width === 0

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const widened = new DataView(new ArrayBuffer(4))
function brain(bits: number): number {
  widened.setUint32(0, bits << 16)
  return widened.getFloat32(0)
}

const T = TensorProto_DataType
const types: ReadonlyMap<number, ElementType> = new Map<number, ElementType>([
  [T.FLOAT, { element: 'float', width: 4, made: 0, raw: viewed(4, Float32Array) }],
  [T.DOUBLE, { element: 'float', width: 8, made: 4, raw: each(8, (data, i) => data.getFloat64(i, true), Float32Array) }],
  [T.FLOAT16, { element: 'float', width: 2, made: 4, raw: each(2, (data, i) => half(data.getUint16(i, true)), Float32Array) }],
  [T.BFLOAT16, { element: 'float', width: 2, made: 4, raw: each(2, (data, i) => brain(data.getUint16(i, true)), Float32Array) }],
  [T.INT64, { element: 'integer', width: 8, made: 8, raw: each(8, (data, i) => Number(data.getBigInt64(i, true)), Float64Array) }],
  [T.UINT64, { element: 'integer', width: 8, made: 8, raw: each(8, (data, i) => Number(data.getBigUint64(i, true)), Float64Array) }],
  [T.INT32, { element: 'integer', width: 4, made: 0, raw: viewed(4, Int32Array) }],
  [T.UINT32, { element: 'integer', width: 4, made: 0, raw: viewed(4, Uint32Array) }],
  [T.INT16, { element: 'integer', width: 2, made: 0, raw: viewed(2, Int16Array) }],
  [T.UINT16, { element: 'integer', width: 2, made: 0, raw: viewed(2, Uint16Array) }],
  [T.INT8, { element: 'integer', width: 1, made: 0, raw: viewed(1, Int8Array) }],
  [T.UINT8, { element: 'integer', width: 1, made: 0, raw: viewed(1, Uint8Array) }],
  [T.BOOL, { element: 'boolean', width: 1, made: 1, raw: each(1, (data, i) => (data.getUint8(i) ? 1 : 0), Uint8Array) }],
])

/** What elements of a type of the file are; types without arithmetic here (text, four bits, complex) are `text`. */
export const elementOf = (dataType: number): Element => types.get(dataType)?.element ?? 'text'

/** A size or an index out of a file. @throws EngineError INVALID_ONNX where it is no size that a tensor can have. */
export function sizeOf(value: bigint, tensor: string): number {
  if (value < 0n || value >= 2n ** 31n)
    throw invalid(`tensor ${quote(tensor)} has a dim of ${value}: the sizes of a tensor are 0 to 2147483647`)
  return Number(value)
}

/** Elements of a tensor of the file; 0 where a dim is. @throws EngineError INVALID_ONNX past 2^53 − 1. */
export function elementsOf(shape: readonly number[], tensor: string): number {
  const elements = shape.reduce((left, right) => left * right, 1)
  if (!Number.isSafeInteger(elements)) throw invalid(`tensor ${quote(tensor)} has more elements than can be counted: ${shape.join('×')}`)
  return elements
}

/** Dims of any tensor of a network. */
export const mostDims = 16

/**
 * A tensor of the file. Its payload is looked at when it is asked for, and then as a view where its type allows; what lies
 * in a file beside the model is read from there.
 * @param initializer false where a Constant node holds it.
 * @param files that came with the model.
 * @throws EngineError INVALID_ONNX where dims and payload do not go together.
 */
export function constantOf(tensor: TensorProto, name = tensor.name, initializer = true, files: ExternalFiles = () => undefined): Constant {
  const shape = tensor.dims.map((dim) => sizeOf(dim, name))
  if (shape.length > mostDims) throw invalid(`tensor ${quote(name)} has ${shape.length} dims: none of a network has more than ${mostDims}`)
  const elements = elementsOf(shape, name)
  const type = types.get(tensor.dataType)
  const element = elementOf(tensor.dataType)
  const external = isExternal(tensor)
  const outside = external && type ? outsideOf(tensor, name, elements * type.width, files) : null
  if (!external && type) {
    const there = heldBy(tensor, type)
    if (there !== elements)
      throw invalid(
        `tensor ${quote(name)} of ${shape.join('×') || 'a scalar'} has ${elements} elements, but the file holds ${there} of them`,
      )
  }
  const held = type && (!external || outside) ? { type, outside } : null
  const read = () => held && (held.outside ? held.type.raw(partOf(held.outside)) : payload(tensor, held.type))
  const readBytes = !held ? 0 : outside ? outside.length + held.type.made * elements : payloadBytes(tensor, held.type, elements)
  const absent = external && !outside
  return {
    kind: 'constant',
    name,
    shape,
    element,
    dataType: tensor.dataType,
    read,
    readBytes,
    sources: element === 'float' ? [{ tensor: name, elements, initializer, read, readBytes }] : [],
    wide: null,
    ...(absent ? { absent: { location: locationOf(tensor) } } : {}),
  }
}

const partOf = ({ file, offset, length }: Outside): Uint8Array => file.read(offset, length)

function heldBy(tensor: TensorProto, type: ElementType): number {
  if (tensor.rawData.length > 0) return tensor.rawData.length / type.width
  return listOf(tensor).length
}

/** The typed list that holds the elements where `raw_data` does not. */
function listOf(tensor: TensorProto): readonly number[] | readonly bigint[] {
  switch (tensor.dataType) {
    case T.FLOAT:
      return tensor.floatData
    case T.DOUBLE:
      return tensor.doubleData
    case T.INT64:
      return tensor.int64Data
    case T.UINT64:
    case T.UINT32:
      return tensor.uint64Data
    default:
      return tensor.int32Data
  }
}

function payload(tensor: TensorProto, type: ElementType): ArrayLike<number> {
  if (tensor.rawData.length > 0) return type.raw(tensor.rawData)
  const list = listOf(tensor)
  if (tensor.dataType === T.FLOAT16) return Float32Array.from(list as readonly number[], half)
  if (tensor.dataType === T.BFLOAT16) return Float32Array.from(list as readonly number[], brain)
  if (type.element === 'float') return Float32Array.from(list as readonly number[])
  return Float64Array.from(list as readonly (number | bigint)[], Number)
}

/** What reading a payload makes, bytes. */
function payloadBytes({ rawData }: TensorProto, { element, width, made }: ElementType, elements: number): number {
  if (rawData.length === 0) return widthOf(element) * elements
  return made > 0 ? made * elements : isAligned(rawData, width) ? 0 : rawData.length
}
