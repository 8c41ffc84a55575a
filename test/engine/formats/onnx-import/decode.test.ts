import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { create, type DescField, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema, TensorProtoSchema } from 'onnx-buf'
import { file, floats, info, node } from '../../../../scripts/onnx-file.ts'
import { decodeModel } from '../../../../src/engine/formats/onnx-import/decode.ts'
import { type ExternalFile, importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import type { Payload } from '../../../../src/engine/formats/onnx-import/messages.ts'
import { random } from '../../random.ts'

const limits = { messages: 1e6, fields: 1e7 }
const folder = join(import.meta.dirname, '../../../fixtures/onnx')

/** Fields of ours whose numbers the library may hold as floats in a list while we have them as a view of the file. */
const lists: Readonly<Record<number, string>> = { 1: 'floatData', 11: 'doubleData' }

const bytesOf = (held: unknown): Buffer => Buffer.from(held instanceof Uint8Array ? held : (held as Payload).bytes())

/** Holds a message of ours against the library's: every field that ours has, whole numbers of 64 bits as the nearest double. */
function assertSame(ours: unknown, theirs: unknown, path: string): void {
  if (typeof theirs === 'bigint') assert.equal(ours, Number(theirs), path)
  else if (theirs instanceof Uint8Array) assert.deepEqual(bytesOf(ours), Buffer.from(theirs), path)
  else if (typeof ours !== 'object' || ours === null) assert.deepEqual(ours, theirs, path)
  else if (Array.isArray(ours)) {
    assert.equal(ours.length, (theirs as unknown[]).length, path)
    for (const [i, each] of ours.entries()) assertSame(each, (theirs as unknown[])[i], `${path}/${i}`)
  } else assertSameFields(ours as Record<string, unknown>, theirs as Record<string, unknown>, path)
}

function assertSameFields(mine: Record<string, unknown>, other: Record<string, unknown>, path: string): void {
  if (mine.case === 'other') {
    assert.notEqual(other.case, 'tensorType', path)
    return
  }
  const list = 'rawData' in mine ? (other[lists[other.dataType as number] ?? ''] as number[] | undefined) : undefined
  const viewed = list !== undefined && list.length > 0 && (mine.rawData as Payload).length > (other.rawData as Uint8Array).length
  for (const [key, value] of Object.entries(mine)) {
    if (viewed && key === 'rawData') {
      const bytes = Uint8Array.from(bytesOf(value)).buffer
      assertSame([...(other.dataType === 1 ? new Float32Array(bytes) : new Float64Array(bytes))], list, `${path}/${key}`)
    } else if (!(viewed && key === lists[other.dataType as number])) assertSame(value, other[key], `${path}/${key}`)
  }
}

/** The same bytes as a file that is read in parts. */
const onDisk = (bytes: Uint8Array): ExternalFile => ({
  length: bytes.length,
  read: (offset, length) => {
    assert.ok(offset + length <= bytes.length, 'no more is read than is there')
    return Uint8Array.from(bytes.subarray(offset, offset + length))
  },
})

function same(bytes: Uint8Array, what: string): void {
  const theirs = fromBinary(ModelProtoSchema, bytes)
  assertSame(decodeModel(bytes, limits), theirs, what)
  assertSame(decodeModel(onDisk(bytes), limits), theirs, `${what}, from disk`)
}

test('files decode to what protobuf’s own library makes of them', () => {
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.onnx'))) same(readFileSync(join(folder, name)), name)
})

/** A message with every kind of field somewhere in it; what is random is how much and which. */
function message(schema: DescMessage, from: ReturnType<typeof random>, depth: number): Record<string, unknown> {
  const { below, pick } = from
  const scalar = (type: number): unknown => {
    if (type === 9) return pick<unknown>(['', 'x', 'conv/weight', 'naïve ✓', '\ufeffmark', 'n'.repeat(300)])
    if (type === 12) return Uint8Array.from({ length: 8 * below(9) }, () => below(256))
    if (type === 1 || type === 2) return Math.fround(pick([0, 1.5, -2, 1e30, Number.POSITIVE_INFINITY, below(1e9) / 7]))
    if (type === 3) return pick<unknown>([0n, 1n, -1n, 127n, 128n, 2n ** 31n, -(2n ** 31n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])
    if (type === 4) return pick<unknown>([0n, 300n, 2n ** 63n, 2n ** 64n - 1n])
    if (type === 5) return pick<unknown>([0, 1, 11, 200, -1, 2 ** 31 - 1, -(2 ** 31)])
    throw new Error(`scalar ${type}`)
  }
  const one = (field: DescField & { message?: DescMessage | undefined; scalar?: number | undefined }): unknown =>
    field.message ? message(field.message, from, depth - 1) : field.scalar === undefined ? pick<unknown>([0, 1]) : scalar(field.scalar)
  const made: Record<string, unknown> = {}
  for (const field of schema.fields) {
    if (below(10) < 4 || (field.message && depth === 0)) continue
    const value = field.fieldKind === 'list' ? Array.from({ length: below(3) }, () => one(field)) : one(field)
    if (field.oneof) made[field.oneof.localName] = { case: field.localName, value }
    else made[field.localName] = value
  }
  return made
}

test('messages of every kind decode as by protobuf’s own library', () => {
  const from = random(7)
  for (let i = 0; i < 300; i++) {
    const given = message(ModelProtoSchema, from, 5)
    same(toBinary(ModelProtoSchema, create(ModelProtoSchema, given as never)), `message ${i}: ${JSON.stringify(Object.keys(given))}`)
  }
})

const field = (number: number, wire: number): number[] => {
  const tag = number * 8 + wire
  return tag < 128 ? [tag] : [(tag & 127) | 128, tag >> 7]
}
const run = (number: number, ...bytes: readonly number[]): number[] => [...field(number, 2), bytes.length, ...bytes]
const graph = (...bytes: readonly number[]) => Uint8Array.from(run(7, ...bytes))

test('what an encoder may write another way is the same', () => {
  const ints = [...field(8, 0), 3, ...run(8, 1, 2, 0x80, 1), ...field(8, 0), 5]
  same(graph(...run(1, ...run(5, ...ints))), 'numbers of a list one by one and packed, mixed')
  same(graph(...run(5, ...run(1, 3, 4), ...field(1, 0), 2, ...field(2, 0), 1)), 'dims packed')
  same(graph(...run(5, ...field(4, 5), 0, 0, 128, 63, ...run(4, 0, 0, 0, 64), ...field(2, 0), 1)), 'floats one by one, then packed')
  same(graph(...run(5, ...field(2, 0), 1, ...run(4, 0, 0, 128, 63), ...run(9, 1, 2, 3, 4))), 'a list beside raw data')
  same(graph(...run(5, ...field(2, 0), 11, ...run(4, 0, 0, 128, 63))), 'floats of a tensor of doubles')
  const parts = [...run(1, ...run(5, ...run(5, ...run(8, 97)), ...run(5, ...field(2, 0), 7)))]
  same(graph(...parts), 'a tensor in two parts')
  same(Uint8Array.from([...run(7, ...run(1, ...run(3, 97))), ...run(7, ...run(1, ...run(3, 98)))]), 'a graph in two parts')
  same(graph(...run(1, ...run(5, ...field(20, 0), 99, ...field(20, 0), 2, ...field(20, 0), 77))), 'types that nobody knows')
  same(graph(...run(11, ...run(2, ...run(4)), ...run(2, ...run(1, 8, 1)))), 'a sequence, and then a tensor')
  same(graph(...run(5, ...field(2, 0), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)), 'a negative type in ten bytes')
  same(Uint8Array.from([...field(1, 0), 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1]), 'the lowest number of 64 bits')
  same(Uint8Array.from([...field(99, 1), 1, 2, 3, 4, 5, 6, 7, 8, ...field(98, 5), 1, 2, 3, 4, ...field(97, 0), 200, 1]), 'unknown fields')
})

test('the two tensors of one file keep their floats as views of it', () => {
  const bytes = graph(...run(5, ...run(4, 0, 0, 128, 63), ...field(2, 0), 1), ...run(5, ...run(9, 1, 2, 3, 4)))
  const [listed, raw] = decodeModel(bytes, limits).graph!.initializer
  assert.deepEqual(
    [listed!.floatData, listed!.rawData.bytes().buffer === bytes.buffer, raw!.rawData.bytes().buffer === bytes.buffer],
    [[], true, true],
  )
})

test('of a file on disk nothing but the weights that are asked for is read', () => {
  // Two convolutions of 2.25 MiB of weights each, the second one's in the list of floats.
  const raw = floats('a', [256, 256, 3, 3])
  const listed = create(TensorProtoSchema, { name: 'b', dataType: 1, dims: raw.dims, floatData: [...new Float32Array(raw.rawData.buffer)] })
  const weights = [raw, listed]
  const nodes = [node('Conv', ['x', 'a'], ['y'], { kernel_shape: [3, 3] }), node('Conv', ['y', 'b'], ['z'], { kernel_shape: [3, 3] })]
  const bytes = file({ nodes, inputs: [info('x', ['N', 256, 9, 9])], outputs: ['z'], initializers: weights })
  const whole = onDisk(bytes)
  let read = 0
  const counted: ExternalFile = {
    length: whole.length,
    read: (offset, length) => {
      read += length
      return whole.read(offset, length)
    },
  }
  const [held, inMemory] = [importOnnx(counted), importOnnx(Uint8Array.from(bytes))]
  assert.ok(read < 300_000, `${read} bytes of ${bytes.length}`)
  assert.deepEqual([held.graph, held.report], [inMemory.graph, inMemory.report])
  for (const { id } of held.graph.layers) {
    const parameter = { name: 'weight', shape: [256, 256, 3, 3], init: 'he' as const, trainable: true }
    assert.deepEqual(held.parameterOf(id, parameter), inMemory.parameterOf(id, parameter))
  }
})
