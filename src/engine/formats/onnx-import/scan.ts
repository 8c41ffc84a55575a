import type { DescMessage } from '@bufbuild/protobuf'
import { ModelProtoSchema, TensorProto_DataType, TensorProtoSchema } from 'onnx-buf'
import { EngineError } from '../../errors.ts'
import { invalid } from './fault.ts'

/** What a walk over the wire format counts. */
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
/** Fields of TensorProto, by onnx.proto. */
const [dataTypeField, floatDataField, rawDataField, doubleDataField] = [2, 4, 9, 10]
const payloadFields: ReadonlySet<number> = new Set([floatDataField, rawDataField, doubleDataField])
/** The tag of a packed list or of bytes; one byte long, as these fields are below 16. */
const tagOf = (field: number): number => (field << 3) | 2
/** Lists that hold the same bytes as `raw_data` does, by the type of the elements: the tag of the list. */
const asRaw: ReadonlyMap<number, number> = new Map([
  [TensorProto_DataType.FLOAT, tagOf(floatDataField)],
  [TensorProto_DataType.DOUBLE, tagOf(doubleDataField)],
])
const rawDataTag = tagOf(rawDataField)

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

const tensorPlan = planOf(TensorProtoSchema)

/** Nesting of messages that no real file comes near: model, graph, node, attribute, graph, … */
const deepest = 64

/** A message that the walk is inside of. */
interface Open {
  plan: Plan
  end: number
  /** Of a tensor: its type, and its payloads of fixed width: how many, where the first one's tag is, numbers in lists. */
  dataType: number
  payloads: number
  tagAt: number
  numbers: number
}

const opened = (plan: Plan, end: number): Open => ({ plan, end, dataType: 0, payloads: 0, tagAt: 0, numbers: 0 })

/**
 * Walks over the wire format before anything is made of it, since two bytes of a file can become an object of hundreds:
 * counts messages, fields and packed numbers, and skips payloads by their length. Linear in the file without its payloads.
 *
 * `bytes` are written to: where a tensor holds its floats in the one list `float_data`, or `double_data`, whose packed
 * bytes are those of `raw_data`, the tag becomes that of `raw_data`. They are then a view of the file; a decoder would make
 * a list of numbers of four times their size.
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
  const open: Open[] = [opened(planOf(ModelProtoSchema), bytes.length)]
  while (open.length > 0) {
    const message = open[open.length - 1] as Open
    const { plan, end } = message
    if (at >= end) {
      // Several lists are one to a decoder, and beside `raw_data` a list does not count: these stay as they are.
      if (message.payloads === 1 && asRaw.get(message.dataType) === bytes[message.tagAt]) bytes[message.tagAt] = rawDataTag
      else count(message.numbers)
      open.pop()
      continue
    }
    const start = at
    const tag = varint(end)
    const field = Math.floor(tag / 8)
    count(1)
    if (field === 0 || field >= 2 ** 29) broken()
    const wire = tag % 8
    const inTensor = plan === tensorPlan
    if (inTensor && payloadFields.has(field)) {
      if (message.payloads++ === 0) message.tagAt = start
    }
    if (wire === 0) {
      const value = varint(end)
      if (inTensor && field === dataTypeField) message.dataType = value
    } else if (wire === 1) at += 8
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
        open.push(opened(kind.message, at + length))
        continue
      }
      const last = at + length
      if (kind?.varints) {
        let numbers = 0
        for (; at < last; at++) if ((bytes[at] as number) < 0x80) numbers++
        count(numbers)
      } else if (kind?.width) {
        if (inTensor) message.numbers += length / kind.width
        else count(length / kind.width)
      }
      at = last
    } else broken() // Groups and undefined wire types: no ONNX file has them.
    if (at > end) broken()
  }
}
