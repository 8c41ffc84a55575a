import type { DescMessage } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import { EngineError } from '../../errors.ts'
import { invalid } from './fault.ts'

/**
 * A walk over the wire format before anything is made of it, since two bytes of a file can become an object of hundreds:
 * counts messages, fields and packed numbers, and skips payloads by their length. Linear in the file without its payloads.
 */
export interface ScanLimits {
  /** Messages of any kind: nodes, attributes, tensors, dims … */
  messages: number
  /** Fields and numbers in packed lists. */
  fields: number
}

interface Kind {
  message: Plan | null
  /** A packed list of variable-length numbers. */
  varints: boolean
  /** Bytes of one number in a packed list of fixed width, or 0. */
  width: number
}
type Plan = ReadonlyMap<number, Kind>

const plans = new Map<DescMessage, Map<number, Kind>>()
/** protobuf.dev's numbers of scalar types with fixed width: double, fixed64, fixed32, float, sfixed32, sfixed64. */
const widths: Readonly<Record<number, number>> = { 1: 8, 6: 8, 7: 4, 2: 4, 15: 4, 16: 8 }
/** Strings and bytes are no numbers. */
const texts: ReadonlySet<number> = new Set([9, 12])

function planOf(message: DescMessage): Plan {
  const there = plans.get(message)
  if (there) return there
  const plan = new Map<number, Kind>()
  plans.set(message, plan)
  for (const field of message.fields) {
    const inner = field.fieldKind === 'message' || (field.fieldKind === 'list' && field.listKind === 'message') ? field.message : undefined
    const scalar = field.fieldKind === 'list' && field.listKind === 'scalar' ? field.scalar : undefined
    const isEnum = field.fieldKind === 'list' && field.listKind === 'enum'
    plan.set(field.number, {
      message: inner ? planOf(inner) : null,
      varints: isEnum || (scalar !== undefined && widths[scalar] === undefined && !texts.has(scalar)),
      width: scalar === undefined ? 0 : (widths[scalar] ?? 0),
    })
  }
  return plan
}

/** Nesting of messages that no real file comes near: model, graph, node, attribute, graph, … */
const deepest = 64

/**
 * Walks through a model.
 * @throws EngineError INVALID_ONNX where it is no protobuf message; LIMIT_EXCEEDED past the limits.
 */
export function scan(bytes: Uint8Array, limits: ScanLimits): void {
  let at = 0
  let messages = 0
  let fields = 0
  const broken = (): never => {
    throw invalid(`this is no ONNX file, or not a whole one: its bytes make no protobuf message at offset ${at}`)
  }
  const count = (numbers: number): void => {
    fields += numbers
    if (fields > limits.fields)
      throw new EngineError('LIMIT_EXCEEDED', `the file has more than ${limits.fields} fields outside of its weights, which is the limit`)
  }
  const varint = (end: number): number => {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) broken()
      const byte = bytes[at++] as number
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    return broken()
  }
  // Messages that are open: what their fields are, and where they end. A stack of its own, since files are hostile.
  const open: { plan: Plan; end: number }[] = [{ plan: planOf(ModelProtoSchema), end: bytes.length }]
  while (open.length > 0) {
    const { plan, end } = open[open.length - 1] as { plan: Plan; end: number }
    if (at >= end) {
      open.pop()
      continue
    }
    const tag = varint(end)
    const field = Math.floor(tag / 8)
    count(1)
    if (field === 0 || field >= 2 ** 29) broken()
    const wire = tag % 8
    if (wire === 0) varint(end)
    else if (wire === 1) at += 8
    else if (wire === 5) at += 4
    else if (wire === 2) {
      const length = varint(end)
      if (length > end - at) broken()
      const kind = plan.get(field)
      if (kind?.message) {
        if (++messages > limits.messages)
          throw new EngineError(
            'LIMIT_EXCEEDED',
            `the file has more than ${limits.messages} nodes, attributes and other parts, which is the limit`,
          )
        if (open.length >= deepest) throw invalid(`the file nests messages deeper than ${deepest}`)
        open.push({ plan: kind.message, end: at + length })
        continue
      }
      const last = at + length
      if (kind?.varints) {
        let numbers = 0
        for (; at < last; at++) if ((bytes[at] as number) < 0x80) numbers++
        count(numbers)
      } else if (kind?.width) count(length / kind.width / 16)
      at = last
    } else broken() // Groups and what is not defined: no ONNX file has one.
    if (at > end) broken()
  }
}
