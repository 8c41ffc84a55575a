import { EngineError } from '../../errors.ts'
import { invalid } from './fault.ts'
import type { Payload } from './messages.ts'

/** A model's file, or one beside it that tensors lie in. Read in parts, since it may be larger than memory. */
export interface ExternalFile {
  /** Bytes. */
  readonly length: number
  read(offset: number, length: number): Uint8Array
}

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
const slots = 2 ** 9
/** Longer ones are not looked for. */
const longestKept = 80

/** What is read of a file at once, bytes, where it is not in memory. */
const window = 2 ** 16
/** What a tag and the number or the length behind it take at most. */
const longestHead = 20
/** Payloads up to this size are kept as they are passed by: tables that an import looks at are mostly small. */
const smallPayload = 2 ** 12

/**
 * Reads protobuf's wire format (protobuf.dev, "Encoding") from the start to the end, once: what is made is counted before it is
 * made, since two bytes of a file can become an object of hundreds. Payloads are views of bytes in memory; those of a file are
 * passed by, and read from it when they are asked for.
 */
export class WireReader {
  /** Of the whole file, bytes. */
  readonly length: number
  /** Where the next byte is in the file. */
  at = 0
  /** The bytes in memory, and where in the file they begin and end; no end where they are all. */
  #bytes: Uint8Array = new Uint8Array()
  #base = 0
  #end = 0
  #view: DataView = new DataView(this.#bytes.buffer)
  #chars: Buffer = Buffer.from(this.#bytes.buffer)
  readonly #source: Uint8Array | ExternalFile
  readonly #limits: WireLimits
  readonly #names = new Array<string>(slots).fill('')
  #text: InstanceType<typeof TextDecoder> | undefined
  #messages = 0
  #fields = 0
  #depth = 0

  constructor(source: Uint8Array | ExternalFile, limits: WireLimits) {
    this.length = source.length
    this.#source = source
    this.#limits = limits
    if (source instanceof Uint8Array) {
      this.#place(source)
      this.#end = Number.POSITIVE_INFINITY
    }
  }

  #place(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#chars = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Brings the next bytes into memory, as many as are there. */
  hold(bytes: number): void {
    if (this.at + bytes <= this.#end) return
    const size = Math.min(Math.max(bytes, window), this.length - this.at)
    this.#base = this.at
    this.#end = this.at + size === this.length ? Number.POSITIVE_INFINITY : this.at + size
    this.#place((this.#source as ExternalFile).read(this.at, size))
  }

  /** Goes on elsewhere. */
  seek(at: number): void {
    // What lies before the bytes in memory is read anew.
    if (at < this.#base) this.#end = 0
    this.at = at
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
    this.hold(longestHead)
    const byte = this.#bytes[this.at - this.#base] as number
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
    let value = 0
    for (let factor = 1; factor < 2 ** 70; factor *= 128) {
      if (this.at >= end) this.broken()
      const byte = this.#bytes[this.at++ - this.#base] as number
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
    return this.broken()
  }

  /** A number of 64 bits with a sign, as the nearest double. */
  int64(end: number): number {
    const byte = this.#bytes[this.at - this.#base] as number
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
      const byte = this.#bytes[this.at++ - this.#base] as number
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
      const byte = this.#bytes[this.at++ - this.#base] as number
      if (shift < 35) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    return this.broken()
  }

  float(end: number): number {
    this.at += 4
    if (this.at > end) this.broken()
    return this.#view.getFloat32(this.at - 4 - this.#base, true)
  }

  double(end: number): number {
    this.at += 8
    if (this.at > end) this.broken()
    return this.#view.getFloat64(this.at - 8 - this.#base, true)
  }

  /** Where a run of bytes ends that begins here, its length in front. */
  lengthEnd(end: number): number {
    const length = this.varint(end)
    if (length > end - this.at) this.broken()
    return this.at + length
  }

  /** A packed list that begins here, brought into memory. @returns where it ends. */
  listEnd(end: number): number {
    const last = this.lengthEnd(end)
    this.hold(last - this.at)
    return last
  }

  /** A run of bytes, as a view. */
  run(end: number): Uint8Array {
    const last = this.listEnd(end)
    const view = this.#bytes.subarray(this.at - this.#base, last - this.#base)
    this.at = last
    return view
  }

  /** The payload from one place of the file to another; what comes next stays what it was. */
  payload(start: number, end: number): Payload {
    const source = this.#source
    if (source instanceof Uint8Array)
      return { length: end - start, offset: source.byteOffset + start, bytes: () => source.subarray(start, end) }
    const kept = end - start <= smallPayload && end <= this.#end && start >= this.#base
    const bytes = kept ? this.#bytes.slice(start - this.#base, end - this.#base) : undefined
    return { length: end - start, offset: start, bytes: () => bytes ?? source.read(start, end - start) }
  }

  /** Text; one that was read a short while ago is given again. */
  string(end: number): string {
    const last = this.listEnd(end)
    const bytes = this.#bytes
    const at = this.at - this.#base
    this.at = last
    const length = last - this.#base - at
    if (length === 0) return ''
    if (length > longestKept) return this.#decoded(at, at + length)
    let hash = length
    for (let i = at; i < at + length; i++) {
      const byte = bytes[i] as number
      if (byte > 0x7f) return this.#decoded(at, at + length)
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    const slot = (hash ^ (hash >>> 13)) & (slots - 1)
    const kept = this.#names[slot] as string
    if (kept.length === length && isHere(kept, bytes, at)) return kept
    const text = this.#chars.toString('latin1', at, at + length)
    this.#names[slot] = text
    return text
  }

  /** Text from one place of the bytes in memory to another. */
  #decoded(from: number, to: number): string {
    this.#text ??= new TextDecoder('utf-8', { ignoreBOM: true })
    return this.#text.decode(this.#bytes.subarray(from, to))
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
