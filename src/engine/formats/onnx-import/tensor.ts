import { widthOf } from './budget.ts'
import type { Constant, Element } from './constant.ts'
import { type ExternalFiles, isExternal, locationOf, type Outside, outsideOf } from './external.ts'
import { invalid, quote } from './fault.ts'
import { type TensorProto, TensorProto_DataType } from './messages.ts'

/** A type of element: what it is, bytes of one in `raw_data`, and how a payload is read. */
interface ElementType {
  element: Element
  /** A half or a quarter where elements are packed, the first in the lowest bits. */
  width: number
  /** Bytes that reading makes for each element; 0 where it is a view of the file wherever that is aligned. */
  made: number
  /** @param length elements that are wanted: the last byte may hold more. */
  raw(bytes: Uint8Array, length: number): ArrayLike<number>
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

/**
 * A float of eight bits or fewer with its sign on top (IEEE 754's way, as ONNX, "Float stored in 8 bits", varies it).
 * @param special what the largest codes mean: infinities and NaN as in IEEE 754, NaN at the one largest (`fn`), no such
 *   number (`none`), or NaN in the place of −0 (`uz`).
 */
function small(exponentBits: number, fractionBits: number, bias: number, special: 'ieee' | 'fn' | 'uz' | 'none') {
  const bits = 1 + exponentBits + fractionBits
  const table = new Float32Array(2 ** bits)
  const top = 2 ** exponentBits - 1
  for (let code = 0; code < table.length; code++) {
    const sign = code >> (bits - 1) ? -1 : 1
    const exponent = (code >> fractionBits) & top
    const fraction = code & (2 ** fractionBits - 1)
    const plain = exponent === 0 ? fraction * 2 ** (1 - bias - fractionBits) : (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias)
    table[code] = sign * plain
    if (special === 'ieee' && exponent === top) table[code] = fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
    if (special === 'fn' && exponent === top && fraction === 2 ** fractionBits - 1) table[code] = Number.NaN
    if (special === 'uz' && code === 2 ** (bits - 1)) table[code] = Number.NaN
  }
  return table
}

/** A type of eight bits or fewer whose codes stand for these numbers. */
function coded<A extends Float32Array | Int8Array | Uint8Array>(element: Element, bits: 2 | 4 | 8, numbers: A): ElementType {
  const [perByte, mask] = [8 / bits, 2 ** bits - 1]
  const raw = (bytes: Uint8Array, length: number): A => {
    const made = new (numbers.constructor as new (length: number) => A)(length)
    for (let i = 0; i < length; i++) made[i] = numbers[(bytes[Math.floor(i / perByte)]! >> ((i % perByte) * bits)) & mask]!
    return made
  }
  return { element, width: bits / 8, made: numbers.BYTES_PER_ELEMENT, raw }
}

const unsigned = (bits: 2 | 4): ElementType =>
  coded(
    'integer',
    bits,
    Uint8Array.from({ length: 2 ** bits }, (_, code) => code),
  )
const signed = (bits: 2 | 4): ElementType =>
  coded(
    'integer',
    bits,
    Int8Array.from({ length: 2 ** bits }, (_, code) => (code < 2 ** (bits - 1) ? code : code - 2 ** bits)),
  )
/** Powers of two without a sign, the last code NaN (OCP, "Microscaling Formats", E8M0). */
const powers = Float32Array.from({ length: 256 }, (_, code) => (code === 255 ? Number.NaN : 2 ** (code - 127)))

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
  [T.UINT4, unsigned(4)],
  [T.INT4, signed(4)],
  [T.UINT2, unsigned(2)],
  [T.INT2, signed(2)],
  [T.FLOAT8E4M3FN, coded('float', 8, small(4, 3, 7, 'fn'))],
  [T.FLOAT8E4M3FNUZ, coded('float', 8, small(4, 3, 8, 'uz'))],
  [T.FLOAT8E5M2, coded('float', 8, small(5, 2, 15, 'ieee'))],
  [T.FLOAT8E5M2FNUZ, coded('float', 8, small(5, 2, 16, 'uz'))],
  [T.FLOAT8E8M0, coded('float', 8, powers)],
  [T.FLOAT4E2M1, coded('float', 4, small(2, 1, 1, 'none'))],
  [T.BOOL, { element: 'boolean', width: 1, made: 1, raw: each(1, (data, i) => (data.getUint8(i) ? 1 : 0), Uint8Array) }],
])

/** Types of eight bits or fewer that are looked up. */
const tables: ReadonlySet<number> = new Set(
  [...types].filter(([, { width, element }]) => width < 1 || (width === 1 && element === 'float')).map(([type]) => type),
)

/** What elements of a type of the file are; types without arithmetic here (text, complex) are `text`. */
export const elementOf = (dataType: number): Element => types.get(dataType)?.element ?? 'text'

/** A size or an index out of a file. @throws EngineError INVALID_ONNX where it is no size that a tensor can have. */
export function sizeOf(value: number, tensor: string): number {
  if (value < 0 || value >= 2 ** 31)
    throw invalid(
      `tensor ${quote(tensor)} has a dim of ${Number.isSafeInteger(value) ? value : `${value < 0 ? 'less than −' : 'more than '}2^53`}: the sizes of a tensor are 0 to 2147483647`,
    )
  return value
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
  const outside = external && type ? outsideOf(tensor, name, Math.ceil(elements * type.width), files) : null
  if (!external && type) {
    const there = heldBy(tensor, type)
    // Of elements that are packed the last byte may hold some that are none.
    if (type.width < 1 ? Math.ceil(elements * type.width) !== there * type.width : there !== elements)
      throw invalid(
        `tensor ${quote(name)} of ${shape.join('×') || 'a scalar'} has ${elements} elements, but the file holds ${there} of them`,
      )
  }
  const held = type && (!external || outside) ? { type, outside } : null
  const read = () => held && (held.outside ? held.type.raw(partOf(held.outside), elements) : payload(tensor, held.type, elements))
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
    sources:
      element === 'float'
        ? [
            {
              tensor: name,
              elements,
              initializer,
              dataType: tensor.dataType,
              ...(type!.width < 2 ? { quantized: true as const } : {}),
              read,
              readBytes,
            },
          ]
        : [],
    wide: null,
    ...(absent ? { absent: { location: locationOf(tensor) } } : {}),
  }
}

const partOf = ({ file, offset, length }: Outside): Uint8Array => file.read(offset, length)

function heldBy(tensor: TensorProto, type: ElementType): number {
  const held = tensor.rawData.length > 0 ? tensor.rawData.length : listOf(tensor).length
  return tensor.rawData.length > 0 || type.width < 1 ? held / type.width : held
}

/** The typed list that holds the elements where `raw_data` does not. */
function listOf(tensor: TensorProto): readonly number[] {
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

function payload(tensor: TensorProto, type: ElementType, elements: number): ArrayLike<number> {
  if (tensor.rawData.length > 0) return type.raw(tensor.rawData.bytes(), elements)
  const list = listOf(tensor)
  // A code, or a byte of several, in each number of the list.
  if (tables.has(tensor.dataType)) return type.raw(Uint8Array.from(list), elements)
  if (tensor.dataType === T.FLOAT16) return Float32Array.from(list, half)
  if (tensor.dataType === T.BFLOAT16) return Float32Array.from(list, brain)
  if (type.element === 'float') return Float32Array.from(list)
  return Float64Array.from(list)
}

/** What reading a payload makes, bytes. */
function payloadBytes({ rawData }: TensorProto, { element, width, made }: ElementType, elements: number): number {
  if (rawData.length === 0) return widthOf(element) * elements
  return made > 0 ? made * elements : rawData.offset % width === 0 ? 0 : rawData.length
}
