/** Types of elements that go into a runtime and come out of it: by the numbers of ONNX. */
import type { OnnxTensorInfo } from '../../engine/formats/onnx-export.ts'
import { numel } from '../../engine/shape.ts'
import { seededInput, seededIntegers } from '../../engine/weights.ts'
import type { Precision } from '../contract.ts'

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array<ArrayBuffer> =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)

/** Its upper half, rounded to even; the sign and the size of a float32 stay. */
function brain(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(Float32Array.from(values).buffer)
  return Uint16Array.from(bits, (each) => (each + 0x7fff + ((each >>> 16) & 1)) >>> 16)
}

const unbrained = (own: ArrayBuffer): Float32Array => new Float32Array(Uint32Array.from(new Uint16Array(own), (each) => each << 16).buffer)

interface Element {
  code: number
  bytes: number
  /** Whole numbers that it holds, from `least`, fewer than `count`; absent for floats. */
  whole?: { least: number; count: number }
  encode(values: Float32Array): ArrayBufferView
  decode(own: ArrayBuffer): ArrayLike<number | bigint>
}

const integers = (
  code: number,
  Made: { new (buffer: ArrayBuffer): ArrayLike<number>; from(values: ArrayLike<number>): ArrayBufferView; BYTES_PER_ELEMENT: number },
  least: number,
  count: number,
): Element => ({
  code,
  bytes: Made.BYTES_PER_ELEMENT,
  whole: { least, count },
  encode: (values) => Made.from(values),
  decode: (own) => new Made(own),
})

const most = 2 ** 24
export const elements = {
  float32: { code: 1, bytes: 4, encode: (values) => values, decode: (own) => new Float32Array(own) },
  uint8: integers(2, Uint8Array, 0, 256),
  int8: integers(3, Int8Array, -128, 256),
  uint16: integers(4, Uint16Array, 0, 2 ** 16),
  int16: integers(5, Int16Array, -(2 ** 15), 2 ** 16),
  int32: integers(6, Int32Array, 0, most),
  int64: {
    code: 7,
    bytes: 8,
    whole: { least: 0, count: most },
    encode: (values) => BigInt64Array.from(values, (value) => BigInt(value)),
    decode: (own) => new BigInt64Array(own),
  },
  bool: integers(9, Uint8Array, 0, 2),
  float16: { code: 10, bytes: 2, encode: (values) => Float16Array.from(values), decode: (own) => new Float16Array(own) },
  float64: { code: 11, bytes: 8, encode: (values) => Float64Array.from(values), decode: (own) => new Float64Array(own) },
  uint32: integers(12, Uint32Array, 0, most),
  uint64: {
    code: 13,
    bytes: 8,
    whole: { least: 0, count: most },
    encode: (values) => BigUint64Array.from(values, (value) => BigInt(value)),
    decode: (own) => new BigUint64Array(own),
  },
  bfloat16: { code: 16, bytes: 2, encode: brain, decode: unbrained },
} as const satisfies Record<string, Element>
export type ElementType = keyof typeof elements

/** The type with a number of ONNX's. @throws Error where no tensor of it is fed or read. */
export function elementType(code: number): ElementType {
  const type = (Object.keys(elements) as ElementType[]).find((name) => elements[name].code === code)
  if (!type) throw new Error(`ONNX's element type ${code} is neither fed nor read: ${Object.keys(elements).join(', ')} are`)
  return type
}

/** What an input of a model takes, and seeded values of it. */
export function seededFeed(
  { name, id = name, shape, element }: OnnxTensorInfo,
  seed: number,
  precision: Precision,
): { type: ElementType; values: Float32Array } {
  const type = element ? elementType(element.type) : precision
  const { whole } = elements[type] as Element
  if (!whole) return { type, values: seededInput(seed, id, numel(shape)) }
  const { least, count } = whole
  // What picks rows of a table stays below its end; what counts for nothing known is a small number, or all of a byte.
  const below = element?.below ?? (count > 256 ? 2 : least + count)
  return {
    type,
    values: seededIntegers(seed, id, numel(shape), element?.below == null && count <= 256 ? least : 0, Math.min(below, least + count)),
  }
}

/** Numbers as a tensor of that type holds them. */
export const encoded = (type: ElementType, values: Float32Array): Uint8Array<ArrayBuffer> => bytesOf(elements[type].encode(values))

/** The numbers that bytes of a tensor stand for, in memory of their own; integers beyond 2^24 as the nearest float. */
export function decoded(type: ElementType, bytes: Uint8Array): Float32Array {
  const numbers = (elements[type] as Element).decode(bytes.slice().buffer as ArrayBuffer)
  return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers as ArrayLike<number>, Number)
}
