/** Quantized operators and Einsum: run by ONNX Runtime as they stand, and here as they were imported. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TensorProto_DataType as T } from 'onnx-buf'
import { bytes, floats, node } from '../../../../scripts/onnx-file.ts'
import { holdsOnOnnxRuntime, type RunCase } from './against-onnxruntime.ts'

const microsoft = { domain: 'com.microsoft' }
const map = [3, 8, 8]
const scale = (name: string, value: number) => floats(name, [], [value])
const zero = (name: string, value: number) => bytes(name, T.UINT8, [], [value])
const input = [scale('xs', 0.02), zero('xz', 120)]
const output = [scale('ys', 0.05), zero('yz', 110)]
const filters = [bytes('w', T.INT8, [4, 3, 3, 3]), floats('ws', [4], [0.01, 0.02, 0.005, 0.015]), bytes('wz', T.INT8, [4], [0, 0, 0, 0])]
const conv = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }
const convMacs = 4 * 64 * 27
const quantized = node('QuantizeLinear', ['x', 'xs', 'xz'], ['q'])
// A sum that lies halfway between two steps may be rounded to either: one step, of the some hundred that outputs span.
const within = 0.02

const cases: Record<string, RunCase> = {
  'QDQ, weights by channel': {
    shape: map,
    macs: convMacs,
    within,
    nodes: [
      quantized,
      node('DequantizeLinear', ['q', 'xs', 'xz'], ['d']),
      node('DequantizeLinear', ['w', 'ws', 'wz'], ['f'], { axis: 0 }),
      node('Conv', ['d', 'f'], ['c'], conv),
      node('QuantizeLinear', ['c', 'ys', 'yz'], ['p']),
      node('DequantizeLinear', ['p', 'ys', 'yz'], ['y']),
    ],
    initializers: [...input, ...output, ...filters],
  },
  'QLinearConv, QLinearAdd, QLinearGlobalAveragePool': {
    shape: map,
    macs: convMacs,
    within,
    nodes: [
      quantized,
      node('QLinearConv', ['q', 'xs', 'xz', 'w', 'ws', 'wz', 'ys', 'yz'], ['c'], conv),
      node('QLinearAdd', ['c', 'ys', 'yz', 'c', 'ys', 'yz', 'ss', 'yz'], ['s'], {}, microsoft),
      node('QLinearGlobalAveragePool', ['s', 'ss', 'yz', 'ys', 'yz'], ['g'], { channels_last: 0 }, microsoft),
      node('DequantizeLinear', ['g', 'ys', 'yz'], ['y']),
    ],
    initializers: [...input, ...output, ...filters, scale('ss', 0.1)],
  },
  QLinearMatMul: {
    shape: [5, 12],
    macs: 5 * 12 * 7,
    within,
    nodes: [
      quantized,
      node('QLinearMatMul', ['q', 'xs', 'xz', 'm', 'ms', 'mz', 'ys', 'yz'], ['p']),
      node('DequantizeLinear', ['p', 'ys', 'yz'], ['y']),
    ],
    initializers: [...input, ...output, bytes('m', T.INT8, [12, 7]), scale('ms', 0.01), bytes('mz', T.INT8, [], [3])],
  },
  ConvInteger: {
    shape: map,
    macs: convMacs,
    nodes: [quantized, node('ConvInteger', ['q', 'w', 'xz'], ['i'], conv), node('Cast', ['i'], ['y'], { to: 1 })],
    initializers: [...input, filters[0]!],
  },
  MatMulInteger: {
    shape: [5, 12],
    macs: 5 * 12 * 7,
    nodes: [quantized, node('MatMulInteger', ['q', 'm', 'xz', 'mz'], ['i']), node('Cast', ['i'], ['y'], { to: 1 })],
    initializers: [...input, bytes('m', T.INT8, [12, 7]), bytes('mz', T.INT8, [], [3])],
  },
  'DynamicQuantizeLinear before MatMulInteger': {
    shape: [5, 12],
    macs: 5 * 12 * 7,
    within,
    nodes: [
      node('DynamicQuantizeLinear', ['x'], ['q', 'qs', 'qz']),
      node('MatMulInteger', ['q', 'm', 'qz', 'mz'], ['i']),
      node('Cast', ['i'], ['f'], { to: 1 }),
      node('Mul', ['qs', 'ms'], ['s']),
      node('Mul', ['f', 's'], ['y']),
    ],
    initializers: [bytes('m', T.INT8, [12, 7]), bytes('mz', T.INT8, [], [0]), scale('ms', 0.01)],
  },
  'MatMulNBits of four bits': {
    shape: [5, 64],
    macs: 5 * 64 * 8,
    within: 1e-3,
    nodes: [node('MatMulNBits', ['x', 'b', 's', 'z'], ['y'], { K: 64, N: 8, bits: 4, block_size: 32 }, microsoft)],
    initializers: [
      bytes(
        'b',
        T.UINT8,
        [8, 2, 16],
        Array.from({ length: 256 }, (_, i) => (i * 53) % 256),
      ),
      floats('s', [16]),
      bytes(
        'z',
        T.UINT8,
        [8],
        Array.from({ length: 8 }, (_, i) => (i * 29) % 256),
      ),
    ],
  },
  'Einsum with a matrix of the file, of tokens with themselves': {
    shape: [5, 12],
    macs: 5 * 12 * 8 + 5 * 5 * 8 + 5 * 5 * 8,
    nodes: [
      node('Einsum', ['x', 'w'], ['p'], { equation: 'bti,io->bto' }),
      node('Einsum', ['p', 'p'], ['s'], { equation: 'bqd,bkd->bqk' }),
      node('Einsum', ['s', 'p'], ['y'], { equation: 'bqk,bkd->bdq' }),
    ],
    initializers: [floats('w', [12, 8])],
  },
}

for (const [name, parts] of Object.entries(cases)) test(name, async () => void (await holdsOnOnnxRuntime(parts)))

test('weights kept as whole numbers are what is learned, scales are not', async () => {
  const { report } = await holdsOnOnnxRuntime(cases.QLinearMatMul!)
  assert.equal(report.parameters.params, 84)
})
