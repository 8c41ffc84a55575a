/**
 * Operators that ONNX Runtime's optimizer writes (`com.microsoft`), and forms of ONNX's own that exporters have come to write:
 * each is run by ONNX Runtime as it stands and here as it was imported.
 */
import { test } from 'node:test'
import { floats, ints, node } from '../../../../scripts/onnx-file.ts'
import { holdsOnOnnxRuntime, type RunCase } from './against-onnxruntime.ts'

const microsoft = { domain: 'com.microsoft' }
const map = [3, 8, 8]
const tokens = [5, 12]
const conv = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }
const filters = [floats('w', [4, 3, 3, 3]), floats('b', [4])]
const convMacs = 4 * 64 * 27

const cases: Record<string, RunCase> = {
  ...Object.fromEntries(
    ['Relu', 'Sigmoid', 'Tanh'].map((activation): [string, RunCase] => [
      `FusedConv with ${activation}`,
      {
        shape: map,
        macs: convMacs,
        nodes: [node('FusedConv', ['x', 'w', 'b'], ['y'], { ...conv, activation }, microsoft)],
        initializers: filters,
      },
    ]),
  ),
  'FusedConv with LeakyRelu, no bias': {
    shape: map,
    macs: convMacs,
    nodes: [node('FusedConv', ['x', 'w'], ['y'], { ...conv, activation: 'LeakyRelu', activation_params: { floats: [0.3] } }, microsoft)],
    initializers: filters.slice(0, 1),
  },
  'FusedConv with Clip, a sum before it': {
    shape: map,
    macs: 2 * convMacs,
    nodes: [
      node('Conv', ['x', 'w', 'b'], ['z'], conv),
      node(
        'FusedConv',
        ['x', 'w', 'b', 'z'],
        ['y'],
        { ...conv, activation: 'Clip', activation_params: { floats: [-0.5, 0.75] } },
        microsoft,
      ),
    ],
    initializers: filters,
  },
  FusedGemm: {
    shape: [12],
    macs: 12 * 7,
    nodes: [node('FusedGemm', ['x', 'w', 'b'], ['y'], { transB: 1, activation: 'LeakyRelu', activation_alpha: { float: 0.2 } }, microsoft)],
    initializers: [floats('w', [7, 12]), floats('b', [7])],
  },
  'FusedMatMul, turned and scaled': {
    shape: tokens,
    macs: 2 * 5 * 5 * 12,
    nodes: [
      node('FusedMatMul', ['x', 'x'], ['s'], { transB: 1, alpha: { float: 0.25 } }, microsoft),
      node('FusedMatMul', ['s', 'x'], ['y'], { transA: 1 }, microsoft),
    ],
  },
  'BiasGelu, FastGelu, QuickGelu, Gelu': {
    shape: tokens,
    macs: 0,
    nodes: [
      node('BiasGelu', ['x', 'b'], ['p'], {}, microsoft),
      node('FastGelu', ['p', 'b'], ['q'], {}, microsoft),
      node('QuickGelu', ['q'], ['r'], {}, microsoft),
      node('Gelu', ['r'], ['y'], {}, microsoft),
    ],
    initializers: [floats('b', [12])],
  },
  'SkipLayerNormalization with a bias, its sum read': {
    shape: tokens,
    macs: 0,
    nodes: [
      node('Neg', ['x'], ['n']),
      node('Relu', ['x'], ['r']),
      node('SkipLayerNormalization', ['n', 'r', 'g', 's', 'b'], ['l', '', '', 'sum'], { epsilon: { float: 1e-5 } }, microsoft),
      node('Add', ['l', 'sum'], ['y']),
    ],
    initializers: [floats('g', [12]), floats('s', [12]), floats('b', [12])],
  },
  'SkipSimplifiedLayerNormalization, then SimplifiedLayerNormalization': {
    shape: tokens,
    macs: 0,
    nodes: [
      node('Neg', ['x'], ['n']),
      node('Abs', ['x'], ['r']),
      node('SkipSimplifiedLayerNormalization', ['n', 'r', 'g'], ['l'], { epsilon: { float: 1e-5 } }, microsoft),
      node('SimplifiedLayerNormalization', ['l', 'g'], ['y'], { epsilon: { float: 1e-5 }, axis: -1 }),
    ],
    initializers: [floats('g', [12])],
  },
  'Attention, projections inside': {
    shape: tokens,
    macs: 5 * 12 * 36 + 2 * 5 * 5 * 12,
    nodes: [node('Attention', ['x', 'w', 'b'], ['y'], { num_heads: 3 }, microsoft)],
    initializers: [floats('w', [12, 36]), floats('b', [36])],
  },
  'MultiHeadAttention, causal, with a bias of all three': {
    shape: tokens,
    macs: 2 * 5 * 5 * 12,
    nodes: [
      node('Neg', ['x'], ['k']),
      node('Abs', ['x'], ['v']),
      node('MultiHeadAttention', ['x', 'k', 'v', 'b'], ['y'], { num_heads: 2, unidirectional: 1 }, microsoft),
    ],
    initializers: [floats('b', [36])],
  },
  'GatherND by rows and columns that are picked independently': {
    shape: map,
    macs: 0,
    nodes: [
      node('Transpose', ['x'], ['t'], { perm: [2, 3, 0, 1] }),
      node('GatherND', ['t', 'i'], ['g']),
      node('Transpose', ['g'], ['y'], { perm: [2, 3, 0, 1] }),
    ],
    initializers: [ints('i', [0, 1, 0, 7, 5, 1, 5, 7, -1, 1, -1, 7], [3, 2, 2])],
  },
  'GatherND by positions that go together': {
    shape: map,
    macs: 0,
    nodes: [
      node('Transpose', ['x'], ['t'], { perm: [2, 3, 0, 1] }),
      node('GatherND', ['t', 'i'], ['g']),
      node('Transpose', ['g'], ['y'], { perm: [1, 2, 0] }),
    ],
    initializers: [ints('i', [0, 1, 3, 2, 7, 7, -1, 0, 2, 2], [5, 2])],
  },
  'Where by a mask of the file': {
    shape: map,
    macs: 0,
    nodes: [node('Greater', ['m', 'zero'], ['mask']), node('Where', ['mask', 'x', 'zero'], ['y'])],
    initializers: [floats('m', [8, 1]), floats('zero', [], [0])],
  },
  'Pad with −∞ before a max pooling, pooling with pads of a whole window': {
    shape: map,
    macs: 0,
    nodes: [
      node('Pad', ['x', 'p', 'v'], ['q']),
      node('MaxPool', ['q'], ['r'], { kernel_shape: [3, 3], strides: [2, 2] }),
      node('MaxPool', ['r'], ['s'], { kernel_shape: [3, 3], pads: [2, 2, 2, 2] }),
      node('AveragePool', ['s'], ['y'], { kernel_shape: [2, 3], pads: [1, 2, 0, 1] }),
    ],
    initializers: [ints('p', [0, 0, 1, 1, 0, 0, 1, 1]), floats('v', [], [Number.NEGATIVE_INFINITY])],
  },
  ...Object.fromEntries(
    [0, 1].map((counted): [string, RunCase] => [
      `AveragePool, dilated, padding ${counted ? '' : 'not '}counted`,
      {
        shape: map,
        macs: 0,
        opset: 19,
        nodes: [
          node('AveragePool', ['x'], ['y'], {
            kernel_shape: [3, 2],
            dilations: [2, 3],
            strides: [1, 2],
            pads: [2, 1, 1, 1],
            count_include_pad: counted,
          }),
        ],
      },
    ]),
  ),
  'ConvTranspose to a size beyond what its window reaches': {
    shape: [3, 3, 3],
    macs: 27 * 4 * 9,
    nodes: [node('ConvTranspose', ['x', 'w', 'b'], ['y'], { kernel_shape: [3, 3], strides: [3, 2], output_shape: [10, 8] })],
    initializers: [floats('w', [3, 4, 3, 3]), floats('b', [4])],
  },
  ...Object.fromEntries(
    ['not_larger', 'not_smaller'].map((policy): [string, RunCase] => [
      `Resize along axes, ${policy}`,
      {
        shape: [2, 20, 30],
        macs: 0,
        opset: 18,
        nodes: [node('Resize', ['x', '', '', 's'], ['y'], { axes: [3, 2], keep_aspect_ratio_policy: policy, mode: 'linear' })],
        initializers: [ints('s', [12, 15])],
      },
    ]),
  ),
  'Resize by factors along one axis': {
    shape: map,
    macs: 0,
    opset: 18,
    nodes: [node('Resize', ['x', '', 's'], ['y'], { axes: [-1], mode: 'nearest' })],
    initializers: [floats('s', [1], [1.5])],
  },
  'Resize of opset 10 to a smaller size': {
    shape: [2, 10, 9],
    macs: 0,
    opset: 10,
    nodes: [node('Resize', ['x', 's'], ['y'], { mode: 'nearest' })],
    initializers: [floats('s', [4], [1, 1, 0.45, 0.6])],
  },
}

for (const [name, parts] of Object.entries(cases)) test(name, async () => void (await holdsOnOnnxRuntime(parts)))
