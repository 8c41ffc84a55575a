/** Types of a file's tensors: what multiply-adds are computed in, what weights are stored as, how wide activations are. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { TensorProto_DataType as T, type TensorProto, TensorProtoSchema } from 'onnx-buf'
import { bytes, file, floats, info, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { decodeTensor } from '../../../../src/engine/formats/onnx-import/decode.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { constantOf } from '../../../../src/engine/formats/onnx-import/tensor.ts'
import { graphToJson } from '../../../../src/engine/graph.ts'
import { verifyGraph } from '../../../../src/engine/verify.ts'
import { holdsOnOnnxRuntime } from './against-onnxruntime.ts'

const fixture = (name: string) => importOnnx(readFileSync(new URL(`../../../fixtures/onnx-cases/${name}`, import.meta.url))).graph
const packed = (name: string, dataType: T, dims: readonly number[], rawData: Uint8Array<ArrayBuffer>): TensorProto =>
  create(TensorProtoSchema, { name, dataType, dims: dims.map(BigInt), rawData })
const read = (tensor: TensorProto) => constantOf(decodeTensor(toBinary(TensorProtoSchema, tensor))).read()!

/** Outputs of its ten QuantizeLinear, by hand: what lies in memory of a network that is computed on whole numbers. */
const quantizedMaps = 3 * 32 ** 2 + 3 * 8 * 16 ** 2 + 3 * 16 * 16 ** 2 + 16 * 8 ** 2 + 16 + 10

test('one network, in both ways to write it quantized: the same multiply-adds, all on whole numbers, and the same bytes', () => {
  for (const name of ['ort_qdq.onnx', 'ort_qoperator.onnx']) {
    const { dtype, totals } = computeCosts(fixture(name))
    assert.equal(dtype, 'file')
    // expected.json has the sum; nothing of the network multiplies but convolutions and one matrix.
    assert.deepEqual(totals.macsByPrecision, { int8: 139_424 })
    // 762 learned numbers, 58 of which are biases, kept in 32 bits.
    assert.equal(totals.weightBytes, 762 - 58 + 4 * 58)
    // The result is given out in float32.
    assert.equal(totals.memoryKiB * 1024, quantizedMaps + 4 * 10)
  }
  const { totals } = computeCosts(fixture('ort_qdq.onnx'), { dtype: 'float32' })
  assert.deepEqual(totals.macsByPrecision, { int8: 139_424 })
  assert.equal(totals.weightBytes, 4 * 762)
})

test('float16 throughout, and weights of four bits under float activations', () => {
  const half = computeCosts(fixture('fp16_io.onnx')).totals
  assert.deepEqual([half.macsByPrecision, half.weightBytes], [{ float16: 3888 }, 2 * 108])
  const nibbles = computeCosts(fixture('matmulnbits.onnx')).totals
  assert.deepEqual([nibbles.macsByPrecision, nibbles.weightBytes], [{ float32: 20_480 }, 2048 / 2])
})

test('a network with nothing said of types is float32', () => {
  const { dtype, totals } = computeCosts(fixture('fusedconv.onnx'))
  assert.deepEqual([dtype, totals.macsByPrecision], ['float32', { float32: totals.macs }])
})

const matrix = { shape: [6], macs: 6 * 4 }
const scaled = (weight: TensorProto): Parts => ({
  nodes: [node('DequantizeLinear', ['w', 's'], ['f']), node('MatMul', ['x', 'f'], ['y'])],
  inputs: [info('x', ['N', 6])],
  initializers: [weight, floats('s', [], [0.25])],
  opset: 23,
})

test('weights of four bits and of eight-bit floats give on ONNX Runtime what they give here', async () => {
  const raw = Uint8Array.from({ length: 24 }, (_, i) => (i * 53 + 7) & 0x77)
  const cases: [T, Uint8Array<ArrayBuffer>, number][] = [
    [T.INT4, raw.slice(0, 12), 12],
    [T.UINT4, raw.slice(0, 12), 12],
    [T.FLOAT8E4M3FN, raw, 24],
    [T.FLOAT8E5M2, raw, 24],
  ]
  for (const [type, data, stored] of cases) {
    // ONNX Runtime makes a MatMulNBits of it that rounds the other operand to eight bits.
    const within = 0.01
    const { graph } = await holdsOnOnnxRuntime({ ...matrix, within, ...scaled(packed('w', type, [6, 4], data)) })
    const { params, weightBytes, macsByPrecision } = computeCosts(graph).totals
    assert.deepEqual([params, weightBytes, macsByPrecision], [24, stored, { float32: 24 }])
  }
})

/** From the tables of the OCP's and ONNX's papers on these formats: the smallest, one, the largest, and what is no number. */
test('codes of small types stand for the numbers that their papers state', () => {
  const table: [T, Record<number, number>][] = [
    [T.FLOAT8E4M3FN, { 1: 2 ** -9, 56: 1, 126: 448, 254: -448, 127: Number.NaN }],
    [T.FLOAT8E4M3FNUZ, { 1: 2 ** -10, 64: 1, 127: 240, 128: Number.NaN }],
    [T.FLOAT8E5M2, { 1: 2 ** -16, 60: 1, 123: 57_344, 124: Number.POSITIVE_INFINITY, 125: Number.NaN }],
    [T.FLOAT8E5M2FNUZ, { 1: 2 ** -17, 64: 1, 127: 57_344, 128: Number.NaN }],
    [T.FLOAT8E8M0, { 127: 1, 128: 2, 254: 2 ** 127, 255: Number.NaN }],
  ]
  for (const [type, numbers] of table) {
    const codes = Object.keys(numbers).map(Number)
    assert.deepEqual(Array.from(read(packed('t', type, [codes.length], Uint8Array.from(codes)))), Object.values(numbers), T[type])
  }
  assert.deepEqual(Array.from(read(packed('t', T.FLOAT4E2M1, [3], Uint8Array.of(0x21, 0x0f)))), [0.5, 1, -6])
  assert.deepEqual(Array.from(read(packed('t', T.INT4, [3], Uint8Array.of(0xf1, 0x08)))), [1, -1, -8])
  // The last byte of a packed tensor may be half full, and no more.
  assert.throws(() => read(packed('t', T.INT4, [3], Uint8Array.of(1))), /3 has 3 elements, but the file holds 2/)
})

test('products are of the type of their operands; brain floats and products of whole numbers', () => {
  const brain = file({
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    inputs: [info('x', ['N', 6], T.BFLOAT16)],
    initializers: [packed('w', T.BFLOAT16, [6, 4], new Uint8Array(48))],
  })
  const { totals } = computeCosts(importOnnx(brain).graph, { batch: 2 })
  assert.deepEqual([totals.macsByPrecision, totals.weightBytes, totals.bytesWritten], [{ bfloat16: 48 }, 48, 2 * 2 * 4])
  const integers = file({
    nodes: [
      node('DynamicQuantizeLinear', ['x'], ['q', 's', 'z']),
      node('MatMulInteger', ['q', 'w', 'z'], ['p']),
      node('Cast', ['p'], ['c'], { to: T.FLOAT }),
      node('Mul', ['c', 's'], ['y']),
    ],
    inputs: [info('x', ['N', 6])],
    initializers: [bytes('w', T.INT8, [6, 4])],
  })
  assert.deepEqual(computeCosts(importOnnx(integers).graph).totals.macsByPrecision, { int8: 24 })
})

test('types are part of a graph: written, read back, and refused where they are none', () => {
  const graph = fixture('ort_qdq.onnx')
  assert.deepEqual(verifyGraph(graphToJson(graph)), graph)
  const layer = { type: 'Conv2d', outChannels: 2, kernelSize: 1 }
  const of = (dtypes: unknown) => verifyGraph({ input: { shape: [3, 4, 4] }, layers: [{ ...layer, dtypes }] })
  assert.deepEqual(of({ macs: 'float32', params: { weight: 'float32' } }), verifyGraph({ input: { shape: [3, 4, 4] }, layers: [layer] }))
  assert.throws(() => of({ macs: 'int7' }), /dtypes is/)
  assert.throws(() => of({ params: { wieght: 'int8' } }), /no parameter "wieght".*weight/)
  assert.throws(() => verifyGraph({ input: { shape: [3, 4, 4], dtype: 'text' }, layers: [layer] }), /dtype is "text"/)
})
