/** Numbers that lie in files beside the model: counted without them where dims do, read from them where they came. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema, TensorProto_DataLocation, TensorProto_DataType } from 'onnx-buf'
import { attribute, file, floats, info, ints, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { type ExternalFile, importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { holdsImageByImage } from './batch-law.ts'

const folder = new URL('../../../fixtures/onnx-cases/', import.meta.url)

/** A file as torch writes it with external_data=True and no least size: every initializer in one file beside it. */
function outside(bytes: Uint8Array, location = 'model.onnx.data'): { model: Uint8Array; data: Uint8Array } {
  const model = fromBinary(ModelProtoSchema, bytes)
  const parts: Uint8Array[] = []
  let offset = 0
  for (const tensor of model.graph!.initializer) {
    const raw =
      tensor.dataType === TensorProto_DataType.INT64 && tensor.rawData.length === 0
        ? new Uint8Array(BigInt64Array.from(tensor.int64Data).buffer)
        : tensor.rawData
    const entries = { location, offset: String(offset), length: String(raw.length) }
    tensor.externalData = Object.entries(entries).map(([key, value]) => ({ $typeName: 'onnx.StringStringEntryProto', key, value }))
    tensor.dataLocation = TensorProto_DataLocation.EXTERNAL
    tensor.rawData = new Uint8Array()
    tensor.int64Data = []
    parts.push(raw)
    offset += raw.length
  }
  return { model: toBinary(ModelProtoSchema, model), data: new Uint8Array(Buffer.concat(parts)) }
}

const held = (data: Uint8Array): ExternalFile => ({ length: data.length, read: (offset, length) => data.slice(offset, offset + length) })

const strided: Parts = {
  inputs: [info('x', [1, 3, 16, 16])],
  nodes: [
    node('GlobalAveragePool', ['x'], ['p']),
    node('Reshape', ['p', 'flat'], ['f']),
    node('Gather', ['f', 'all'], ['g']),
    node('Reshape', ['g', 'rows'], ['r']),
    node('Gemm', ['r', 'w'], ['y'], { transB: 1 }),
  ],
  initializers: [ints('flat', [-1]), ints('all', [0, 1, 2], [1, 3, 1, 1]), ints('rows', [1, 3]), floats('w', [5, 3])],
  valueInfo: [info('f', [3]), info('g', [1, 3, 1, 1]), info('r', [1, 3])],
}

test('without the file: a gather has the dims of its indices, a reshape those that the file states', () => {
  const { model } = outside(file(strided))
  const { graph, report } = importOnnx(model)
  assert.deepEqual([computeCosts(graph).totals.macs, computeCosts(graph, { batch: 2 }).totals.macs], [15, 30])
  assert.deepEqual(computeCosts(graph).uncounted, [])
  assert.deepEqual([report.weights, report.externalData], ['none', ['model.onnx.data']])
  assert.match(report.notes.join(), /files that were not sent.*"model\.onnx\.data"|"model\.onnx\.data".*files that were not sent/)
})

test('where dims do not suffice the refusal asks for the file by its name', () => {
  const parts: Parts = {
    nodes: [node('Slice', ['x', 's', 'e', 'a'], ['c']), node('Conv', ['c', 'w'], ['y'])],
    initializers: [ints('s', [1]), ints('e', [7]), ints('a', [2]), floats('w', [4, 3, 3, 3])],
  }
  const { model, data } = outside(file(parts))
  assert.throws(() => importOnnx(model), {
    code: 'INVALID_ONNX',
    message: /needs the numbers of "s", which lie in the file "model\.onnx\.data"/,
  })
  assert.equal(computeCosts(importOnnx(model, { files: () => held(data) }).graph).totals.macs, 4 * 6 * 4 * 27)
  // Stated, the shape does: what the slice takes is none of the count.
  const stated = importOnnx(outside(file({ ...parts, valueInfo: [info('c', [1, 3, 6, 8])] })).model)
  assert.equal(computeCosts(stated.graph).totals.macs, 4 * 4 * 6 * 27)
  assert.equal(computeCosts(stated.graph).totals.partial, false)
})

test('with the file beside it everything is as if it lay inside', async () => {
  const { model, data } = outside(file(strided))
  const files = (location: string) => (location === 'model.onnx.data' ? held(data) : undefined)
  const read = importOnnx(model, { files })
  const whole = importOnnx(file(strided))
  assert.deepEqual(read.graph, whole.graph)
  assert.equal(read.report.weights, 'all')
  assert.deepEqual(read.report.parameters, whole.report.parameters)
  assert.deepEqual(
    read.parameterOf('y', { name: 'weight', shape: [5, 3], init: 'he', trainable: true }),
    whole.parameterOf('y', { name: 'weight', shape: [5, 3], init: 'he', trainable: true }),
  )
})

test('torch’s own two files', async () => {
  const [model, data] = ['torch_as_strided_outside.onnx', 'torch_as_strided_outside.onnx.data'].map((name) =>
    readFileSync(new URL(name, folder)),
  )
  const files = (location: string) => (location === 'torch_as_strided_outside.onnx.data' ? held(data!) : undefined)
  assert.equal(importOnnx(model!, { files }).report.weights, 'all')
  await holdsImageByImage(model!, { x: [3, 16, 16] }, { beside: [{ path: 'torch_as_strided_outside.onnx.data', data: data! }] })
})

test('a part that the file beside it does not have, and places that are none', () => {
  const { model, data } = outside(file(strided))
  assert.throws(() => importOnnx(model, { files: () => held(data.slice(0, 40)) }), {
    message: /lies at .* of "model\.onnx\.data", but the one sent has 40 bytes/,
  })
  const broken = (key: string, value: string) => {
    const other = fromBinary(ModelProtoSchema, model)
    other.graph!.initializer[3]!.externalData.find((entry) => entry.key === key)!.value = value
    return () => importOnnx(toBinary(ModelProtoSchema, other), { files: () => held(data) })
  }
  for (const [key, value] of [
    ['offset', '-8'],
    ['offset', '1e9'],
    ['length', '7'],
    ['offset', '99999999999999999999'],
  ] as const)
    assert.throws(broken(key, value), { code: 'INVALID_ONNX' }, `${key} ${value}`)
})

test('a tensor anywhere in the model that lies outside of it keeps the model from being run as it is', () => {
  const hidden = floats('', [2])
  hidden.dataLocation = TensorProto_DataLocation.EXTERNAL
  hidden.externalData = [{ $typeName: 'onnx.StringStringEntryProto', key: 'location', value: 'elsewhere' }]
  const inside = node('Conv', ['x', 'w'], ['y'])
  const bytes = file({ nodes: [inside], initializers: [floats('w', [4, 3, 3, 3])] })
  const model = fromBinary(ModelProtoSchema, bytes)
  model.graph!.node[0]!.attribute.push(attribute('odd', { tensor: hidden }))
  const { report } = importOnnx(toBinary(ModelProtoSchema, model))
  assert.deepEqual([report.weights, report.externalData], ['some', ['elsewhere']])
})
