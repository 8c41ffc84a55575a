import { create } from '@bufbuild/protobuf'
import { type TensorProto, TensorProto_DataLocation, TensorProto_DataType, TensorProtoSchema } from 'onnx-buf'
import { EngineError } from '../errors.ts'
import { product, sum } from '../exact.ts'
import type { Parameter } from '../op.ts'
import { numel, type Shape } from '../shape.ts'
import { type Filler, inputFiller, parameterFiller } from '../weights.ts'

/** Element type of exported floating-point tensors. */
export type OnnxPrecision = 'float32' | 'float16'
/** Where weights are stored: in the model itself, or in one block beside it (which a model above 2 GiB needs). */
export type OnnxStorage = 'inline' | 'external'

export const onnxFloat = { float32: TensorProto_DataType.FLOAT, float16: TensorProto_DataType.FLOAT16 } as const
const width = { float32: 4, float16: 2 } as const

/** Below this an external tensor is put inline: it costs less than its reference, and readers want small ones at hand. */
const smallestExternal = 1024
/** Offsets at page boundaries, so that a file can be mapped into memory (ONNX, "External Data"). */
const page = 4096
/** Elements of a parameter that are streamed at once. */
const pieceElements = 2 ** 20
/** Protobuf messages end here. */
export const largestMessage = 2 ** 31 - 1

/** The bytes of a typed array, without a copy. */
const bytesOf = (array: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): Uint8Array<ArrayBuffer> =>
  new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength)

/** Hands given values out, piece after piece. */
function copying(values: Float32Array): Filler {
  let at = 0
  return (out) => {
    out.set(values.subarray(at, at + out.length))
    at += out.length
    return out
  }
}

interface Pending {
  shape: Shape
  /** Its values for a seed, row-major: fills arrays, each going on where the last one ended. */
  values: (seed: number) => Filler
  /** Where its bytes begin in the external block; null where they go inline. */
  offset: number | null
  tensor: TensorProto
}

/**
 * The initializers of a model. Parameters are declared first, which lays out the external block, and filled at the end,
 * each straight into its place: weights exist once in memory, or a piece at a time (`stream`).
 */
export class Initializers {
  readonly tensors: TensorProto[] = []
  readonly #pending: Pending[] = []
  readonly #precision: OnnxPrecision
  readonly #storage: OnnxStorage
  readonly #path: string
  readonly #parameterOf: (layerId: string, parameter: Parameter) => Float32Array | null
  #external = 0
  #inline = 0

  /** @param parameterOf values of a parameter, null where it is seeded. */
  constructor(
    precision: OnnxPrecision,
    storage: OnnxStorage,
    path: string,
    parameterOf: (layerId: string, parameter: Parameter) => Float32Array | null = () => null,
  ) {
    this.#parameterOf = parameterOf
    this.#precision = precision
    this.#storage = storage
    this.#path = path
  }

  /** A constant, always inline: shape inference reads it. */
  constant(name: string, dims: readonly number[], values: Float32Array | BigInt64Array | readonly bigint[]): void {
    this.tensors.push(this.#tensor(name, dims, values))
  }

  /** A tensor of one element to fill others with. */
  scalar(value: number): TensorProto {
    return this.#tensor('', [1], Float32Array.of(value))
  }

  #tensor(name: string, dims: readonly number[], values: Float32Array | BigInt64Array | readonly bigint[]): TensorProto {
    const isFloat = values instanceof Float32Array
    const rawData = isFloat ? this.#encode(values) : bytesOf(values instanceof BigInt64Array ? values : BigInt64Array.from(values))
    const dataType = isFloat ? onnxFloat[this.#precision] : TensorProto_DataType.INT64
    return create(TensorProtoSchema, { name, dataType, dims: dims.map(BigInt), rawData })
  }

  /** Declares a layer's parameter. @throws CountOverflow past 2^53 − 1 bytes. */
  declare(name: string, layerId: string, parameter: Parameter): void {
    this.#declare(name, parameter.shape, (seed) => {
      const given = this.#parameterOf(layerId, parameter)
      return given ? copying(given) : parameterFiller(seed, layerId, parameter)
    })
  }

  /** Declares the seeded input of this name as data of the model. @throws CountOverflow past 2^53 − 1 bytes. */
  declareInput(name: string, input: string, shape: Shape): void {
    this.#declare(name, shape, (seed) => inputFiller(seed, input))
  }

  #declare(name: string, shape: Shape, values: Pending['values']): void {
    const length = product(numel(shape), width[this.#precision])
    const tensor = create(TensorProtoSchema, { name, dataType: onnxFloat[this.#precision], dims: shape.map(BigInt) })
    let offset: number | null = null
    if (this.#storage === 'external' && length >= smallestExternal) {
      offset = product(Math.ceil(this.#external / page), page)
      this.#external = sum(offset, length)
      tensor.dataLocation = TensorProto_DataLocation.EXTERNAL
      tensor.externalData = [
        { $typeName: 'onnx.StringStringEntryProto', key: 'location', value: this.#path },
        { $typeName: 'onnx.StringStringEntryProto', key: 'offset', value: String(offset) },
        { $typeName: 'onnx.StringStringEntryProto', key: 'length', value: String(length) },
      ]
    } else this.#inline = sum(this.#inline, length)
    this.#pending.push({ shape, values, offset, tensor })
    this.tensors.push(tensor)
  }

  /**
   * Fills every declared parameter from `seed`.
   * @returns the external block, or null where everything is inline.
   * @throws EngineError EXPORT_UNSUPPORTED where inline weights pass the 2 GiB of a protobuf message.
   */
  fill(seed: number): Uint8Array<ArrayBuffer> | null {
    this.#checkInline()
    const block = this.#external > 0 ? new ArrayBuffer(this.#external) : null
    for (const { shape, values, offset, tensor } of this.#pending) {
      const fill = values(seed)
      if (block === null || offset === null) tensor.rawData = this.#encode(fill(new Float32Array(numel(shape))))
      else if (this.#precision === 'float32') fill(new Float32Array(block, offset, numel(shape)))
      else new Float16Array(block, offset, numel(shape)).set(fill(new Float32Array(numel(shape))))
    }
    return block === null ? null : new Uint8Array(block)
  }

  /**
   * Every tensor of inline storage with the bytes that its `rawData` is to have; `data` makes them piece by piece, so that
   * a part of one parameter is in memory at a time. @throws EngineError EXPORT_UNSUPPORTED as `fill` does.
   */
  stream(seed: number): { tensor: TensorProto; length: number; data: () => Iterable<Uint8Array> }[] {
    this.#checkInline()
    const pending = new Map(this.#pending.map((each) => [each.tensor, each]))
    return this.tensors.map((tensor) => {
      const own = pending.get(tensor)
      if (!own) return { tensor, length: tensor.rawData.length, data: () => [tensor.rawData] }
      const elements = numel(own.shape)
      return { tensor, length: elements * width[this.#precision], data: () => this.#pieces(own.values(seed), elements) }
    })
  }

  *#pieces(fill: Filler, elements: number): Iterable<Uint8Array> {
    for (let left = elements; left > 0; left -= pieceElements) yield this.#encode(fill(new Float32Array(Math.min(left, pieceElements))))
  }

  #checkInline(): void {
    if (this.#inline <= largestMessage) return
    throw new EngineError(
      'EXPORT_UNSUPPORTED',
      `the weights take ${this.#inline} bytes, but a model with weights inside ends at ${largestMessage}: export without weights, or with weights beside the model`,
    )
  }

  #encode(values: Float32Array): Uint8Array<ArrayBuffer> {
    return bytesOf(this.#precision === 'float16' ? Float16Array.from(values) : values)
  }
}
