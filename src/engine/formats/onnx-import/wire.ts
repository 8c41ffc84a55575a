import { EngineError } from '../../errors.ts'
import { invalid } from './fault.ts'

/** What a file may hold. */
export interface WireLimits {
  /** Messages of any kind: nodes, attributes, tensors, dims … */
  messages: number
  /** Fields and numbers in lists. */
  fields: number
}

/** Nesting of messages that no real file comes near: model, graph, node, attribute, graph, … */
const deepest = 64

/** Names that are kept to be found again: those of a node's tensors stand in the nodes beside it. */
const slots = 2 ** 11
/** Longer ones are not looked for. */
const longestKept = 80

/**
 * Reads protobuf's wire format (protobuf.dev, "Encoding") from the start to the end, once: what is made is counted before it is
 * made, since two bytes of a file can become an object of hundreds, and payloads are views.
 */
export class WireReader {
  readonly bytes: Uint8Array
  at = 0
  readonly #view: DataView
  readonly #chars: Buffer
  readonly #limits: WireLimits
  readonly #names = new Array<string>(slots).fill('')
  #text: InstanceType<typeof TextDecoder> | undefined
  #messages = 0
  #fields = 0
  #depth = 0

  constructor(bytes: Uint8Array, limits: WireLimits) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#chars = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#limits = limits
  }

  /** @throws EngineError INVALID_ONNX. */
  broken(): never {
    throw invalid(`this is no ONNX file, or not a whole one: its bytes make no protobuf message at offset ${this.at}`)
  }

  /** Takes note of fields or numbers to come. @throws EngineError LIMIT_EXCEEDED. */
  count(fields: number): void {
    this.#fields += fields
    if (this.#fields > this.#limits.fields)
      throw new EngineError(
        'LIMIT_EXCEEDED',
        `the file has more than ${this.#limits.fields} fields outside of its weights, which is the limit`,
      )
  }

  /** Enters a message inside of one that ends at `end`. @returns its own end. @throws EngineError INVALID_ONNX; LIMIT_EXCEEDED. */
  enter(end: number): number {
    const length = this.varint(end)
    if (length > end - this.at) this.broken()
    if (++this.#messages > this.#limits.messages)
      throw new EngineError(
        'LIMIT_EXCEEDED',
        `the file has more than ${this.#limits.messages} nodes, attributes and other parts, which is the limit`,
      )
    if (++this.#depth >= deepest) throw invalid(`the file nests messages deeper than ${deepest}`)
    return this.at + length
  }

  leave(): void {
    this.#depth--
  }

  /** Field number × 8 + wire type. */
  tag(end: number): number {
    this.count(1)
    const byte = this.bytes[this.at] as number
    // One byte is a field below 16.
    if (byte < 0x80 && byte > 7 && this.at < end) {
      this.at++
      return byte
    }
    const tag = this.varint(end)
    if (tag < 8 || tag >= 2 ** 32) this.broken()
    return tag
  }

  /** An unsigned number, exact below 2^53. */
  varint(end: number): number {
    const { bytes } = this
    let value = 0
    for (let factor = 1; factor < 2 ** 70; factor *= 128) {
      if (this.at >= end) this.broken()
      const byte = bytes[this.at++] as number
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
    return this.broken()
  }

  /** A number of 64 bits with a sign, as the nearest double. */
  int64(end: number): number {
    const byte = this.bytes[this.at] as number
    if (byte < 0x80 && this.at < end) {
      this.at++
      return byte
    }
    return this.#wide(end, true)
  }

  /** The same without a sign. */
  uint64 = (end: number): number => this.#wide(end, false)

  #wide(end: number, signed: boolean): number {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= end) this.broken()
      const byte = this.bytes[this.at++] as number
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >> 4
      } else if (shift < 63) high |= bits << (shift - 32)
      else high |= bits << 31
      if (byte < 0x80) return (signed ? high : high >>> 0) * 2 ** 32 + (low >>> 0)
    }
    return this.broken()
  }

  /** A number of 32 bits with a sign: the lowest ones of what is there. */
  int32(end: number): number {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= end) this.broken()
      const byte = this.bytes[this.at++] as number
      if (shift < 35) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    return this.broken()
  }

  float(end: number): number {
    this.at += 4
    if (this.at > end) this.broken()
    return this.#view.getFloat32(this.at - 4, true)
  }

  double(end: number): number {
    this.at += 8
    if (this.at > end) this.broken()
    return this.#view.getFloat64(this.at - 8, true)
  }

  /** Where a run of bytes ends that begins here, its length in front. */
  lengthEnd(end: number): number {
    const length = this.varint(end)
    if (length > end - this.at) this.broken()
    return this.at + length
  }

  /** A run of bytes, as a view. */
  run(end: number): Uint8Array {
    const last = this.lengthEnd(end)
    const view = this.bytes.subarray(this.at, last)
    this.at = last
    return view
  }

  /** Text; one that was read a short while ago is given again. */
  string(end: number): string {
    const last = this.lengthEnd(end)
    const { bytes, at } = this
    this.at = last
    const length = last - at
    if (length === 0) return ''
    if (length > longestKept) return this.#decoded(at, last)
    let hash = length
    for (let i = at; i < last; i++) {
      const byte = bytes[i] as number
      if (byte > 0x7f) return this.#decoded(at, last)
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    const slot = (hash ^ (hash >>> 13)) & (slots - 1)
    const kept = this.#names[slot] as string
    if (kept.length === length && isHere(kept, bytes, at)) return kept
    const text = this.#chars.toString('latin1', at, last)
    this.#names[slot] = text
    return text
  }

  #decoded(from: number, to: number): string {
    this.#text ??= new TextDecoder('utf-8', { ignoreBOM: true })
    return this.#text.decode(this.bytes.subarray(from, to))
  }

  /** Passes by a field that is not read. */
  skip(tag: number, end: number): void {
    const wire = tag % 8
    if (wire === 0) this.varint(end)
    else if (wire === 1) this.at += 8
    else if (wire === 5) this.at += 4
    else if (wire === 2) this.at = this.lengthEnd(end)
    else this.broken() // Groups and undefined wire types: no ONNX file has them.
    if (this.at > end) this.broken()
  }
}

function isHere(text: string, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[at + i]) return false
  return true
}
