/**
 * The contract of both lowerings: for every op, in several settings each, onnxruntime on the exported ONNX and TF.js on
 * the lowered layers give the same numbers, and where a formula is at hand, its numbers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Graph } from '../../../src/engine/graph.ts'
import { opOf, ops } from '../../../src/engine/ops/index.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { seededParameter } from '../../../src/engine/weights.ts'
import { type Arrays, distance, graphOf, inputsOf, runOnnx, runTfjs, seed, tolerance } from '../run-graph.ts'
import { anyRank, notRun } from './contract-any-rank.ts'
import { blocks } from './contract-blocks.ts'
import { spatial } from './contract-spatial.ts'
import * as reference from './reference.ts'

const batch = 2
const shape = [6, 11, 9] as const
type Layer = Record<string, unknown> & { type: string }

/** Values of the one layer's parameter, as both runtimes get them. */
function parametersOf(graph: Graph): Record<string, Float32Array> {
  const layer = graph.layers[0]!
  const parameters = opOf(layer.type).parameters?.([[batch, ...graph.inputs[0]!.shape]], layer.attributes) ?? []
  return Object.fromEntries(parameters.map((parameter) => [parameter.name, seededParameter(seed, layer.id, parameter)]))
}

const mapOf = (inputs: Arrays): reference.Map4 => ({ data: inputs.input!, shape: [batch, ...shape] })

const pairOf = (value: any, otherwise: [number, number]): [number, number] =>
  value === undefined ? otherwise : typeof value === 'number' ? [value, value] : value

/** The window as the reference wants it; `pads` are written out where the layer says `same`. */
function windowOf(layer: Layer, pads?: [number, number, number, number]): reference.Window {
  const kernel = pairOf(layer.kernelSize, [1, 1])
  const given = layer.padding ?? 0
  const sides = typeof given === 'number' ? [given, given, given, given] : (given as number[])
  return {
    kernel,
    stride: pairOf(layer.stride, layer.type === 'Conv2d' ? [1, 1] : kernel),
    pads: pads ?? ((sides.length === 2 ? [...sides, ...sides] : sides) as [number, number, number, number]),
    dilation: pairOf(layer.dilation, [1, 1]),
    ceil: layer.ceilMode === true,
  }
}

type Formula = (layer: Layer, inputs: Arrays, parameters: Record<string, Float32Array>) => Float32Array
const conv =
  (pads?: [number, number, number, number]): Formula =>
  (layer, inputs, p) =>
    reference.conv2d(
      mapOf(inputs),
      p.weight!,
      p.bias ?? null,
      layer.outChannels as number,
      (layer.groups as number) ?? 1,
      windowOf(layer, pads),
    ).data
const maxPool =
  (pads?: [number, number, number, number]): Formula =>
  (layer, inputs) =>
    reference.maxPool2d(mapOf(inputs), windowOf(layer, pads)).data
const avgPool =
  (pads?: [number, number, number, number]): Formula =>
  (layer, inputs) =>
    reference.avgPool2d(mapOf(inputs), windowOf(layer, pads), layer.countIncludePad !== false).data
const adaptive: Formula = (layer, inputs) => reference.adaptiveAvgPool2d(mapOf(inputs), pairOf(layer.outputSize, [1, 1])).data
const norm: Formula = (layer, inputs, p) =>
  reference.batchNorm2d(
    mapOf(inputs),
    { weight: p.weight, bias: p.bias, mean: p.running_mean!, variance: p.running_var! },
    (layer.eps as number) ?? 1e-5,
  ).data
const lrn: Formula = (layer, inputs) =>
  reference.localResponseNorm(
    mapOf(inputs),
    layer.size as number,
    (layer.alpha as number) ?? 1e-4,
    (layer.beta as number) ?? 0.75,
    (layer.k as number) ?? 1,
  ).data
const activation: Formula = (layer, inputs) =>
  inputs.input!.map(reference.activations[layer.approximate === 'tanh' ? 'GELUtanh' : layer.type]!)
const shuffle: Formula = (layer, inputs) => reference.channelShuffle(mapOf(inputs), layer.groups as number).data
const border: Formula = (layer, inputs) => reference.pad(mapOf(inputs), layer.padding as number[], layer.value as number).data
const permuted: Formula = (layer, inputs) => reference.transpose(mapOf(inputs), layer.dims as number[]).data
const softmax =
  (dim: 1 | 2 | 3): Formula =>
  (_layer, inputs) =>
    reference.softmax(mapOf(inputs), dim).data
const unchanged: Formula = (_layer, inputs) => inputs.input!

const single: [why: string, layer: Layer, formula?: Formula][] = [
  ['plain', { type: 'Conv2d', outChannels: 4, kernelSize: 3 }, conv()],
  [
    'other padding on every side, even kernel, no bias',
    { type: 'Conv2d', outChannels: 4, kernelSize: [3, 2], stride: [2, 1], padding: [2, 0, 1, 3], bias: false },
    conv(),
  ],
  // 11 rows, stride 2: 6 outputs need (6 − 1)·2 + 5 − 11 = 4 pads; 9 columns: 5 outputs need (5 − 1)·2 + 5 − 9 = 4.
  [
    'stride and dilation at once, padding as TensorFlow',
    { type: 'Conv2d', outChannels: 4, kernelSize: 3, stride: 2, dilation: 2, padding: 'same' },
    conv([2, 2, 2, 2]),
  ],
  // 4 rows at stride 2 over 11: 6 outputs need 10 + 4 − 11 = 3 pads, one above and two below; 9 columns: 8 + 4 − 9 = 3.
  [
    'same with an odd pad: the larger side comes last',
    { type: 'Conv2d', outChannels: 8, kernelSize: 4, stride: 2, padding: 'same' },
    conv([1, 1, 2, 2]),
  ],
  ['groups', { type: 'Conv2d', outChannels: 9, kernelSize: [1, 3], groups: 3, padding: [0, 1] }, conv()],
  ['depthwise', { type: 'Conv2d', outChannels: 6, kernelSize: 3, groups: 6, padding: 1, stride: 2 }, conv()],
  ['depthwise with a multiplier', { type: 'Conv2d', outChannels: 12, kernelSize: 3, groups: 6, padding: 1 }, conv()],
  [
    'depthwise, two strides and uneven padding',
    { type: 'Conv2d', outChannels: 6, kernelSize: [3, 5], groups: 6, padding: [0, 3, 2, 1], stride: [1, 2] },
    conv(),
  ],
  [
    'depthwise, stride and dilation',
    { type: 'Conv2d', outChannels: 6, kernelSize: 3, groups: 6, padding: 2, stride: 2, dilation: [2, 1] },
    conv(),
  ],
  ['depthwise, dilation alone', { type: 'Conv2d', outChannels: 6, kernelSize: 3, groups: 6, padding: 2, dilation: 2 }, conv()],
  ['pointwise with stride', { type: 'Conv2d', outChannels: 8, kernelSize: 1, stride: 2 }, conv()],
  ['ResNet stem', { type: 'MaxPool2d', kernelSize: 3, stride: 2, padding: 1 }, maxPool()],
  ['ceil mode with an overhang', { type: 'MaxPool2d', kernelSize: 2, stride: 2, ceilMode: true }, maxPool()],
  ['uneven padding, ceil mode', { type: 'MaxPool2d', kernelSize: 2, stride: 2, padding: [0, 1, 1, 0], ceilMode: true }, maxPool()],
  ['dilation and stride', { type: 'MaxPool2d', kernelSize: 3, stride: 2, dilation: 2, padding: 1 }, maxPool()],
  ['dilation along one axis', { type: 'MaxPool2d', kernelSize: 2, stride: 1, dilation: [1, 3] }, maxPool()],
  ['no window starts in the tail padding', { type: 'MaxPool2d', kernelSize: 2, stride: 3, padding: 1, ceilMode: true }, maxPool()],
  // 11 rows at stride 3: 4 outputs need 9 + 2 − 11 = 0 pads; 9 columns: 3 outputs need 6 + 3 − 9 = 0.
  ['same that needs none', { type: 'MaxPool2d', kernelSize: [2, 3], stride: 3, padding: 'same' }, maxPool([0, 0, 0, 0])],
  ['same that needs one', { type: 'MaxPool2d', kernelSize: 2, stride: 2, padding: 'same' }, maxPool([0, 0, 1, 1])],
  ...[true, false].flatMap((countIncludePad): [string, Layer, Formula][] => [
    [
      `padding, countIncludePad ${countIncludePad}`,
      { type: 'AvgPool2d', kernelSize: 3, stride: 2, padding: 1, countIncludePad },
      avgPool(),
    ],
    [
      `ceil mode overhang never counts, countIncludePad ${countIncludePad}`,
      { type: 'AvgPool2d', kernelSize: 2, stride: 2, ceilMode: true, countIncludePad },
      avgPool(),
    ],
    [
      `uneven padding, overhang, countIncludePad ${countIncludePad}`,
      { type: 'AvgPool2d', kernelSize: 2, stride: 3, padding: [1, 0, 0, 1], ceilMode: true, countIncludePad },
      avgPool(),
    ],
    // 4 rows at stride 2 over 11: 3 pads, 1 and 2; 3 columns at stride 1 over 9: 2 pads.
    [
      `same, even kernel, countIncludePad ${countIncludePad}`,
      { type: 'AvgPool2d', kernelSize: [4, 3], stride: [2, 1], padding: 'same', countIncludePad },
      avgPool([1, 1, 2, 1]),
    ],
  ]),
  ['to one position', { type: 'AdaptiveAvgPool2d', outputSize: 1 }, adaptive],
  ['output divides the input', { type: 'AdaptiveAvgPool2d', outputSize: [11, 3] }, adaptive],
  ['output does not divide the input', { type: 'AdaptiveAvgPool2d', outputSize: [4, 5] }, adaptive],
  ['output larger than the input', { type: 'AdaptiveAvgPool2d', outputSize: [13, 9] }, adaptive],
  ['mean of the map', { type: 'GlobalAvgPool2d' }, adaptive],
  ['affine', { type: 'BatchNorm2d' }, norm],
  ['a shift alone', { type: 'BatchNorm2d', scale: false }, norm],
  ['a scale alone', { type: 'BatchNorm2d', shift: false }, norm],
  ['without scale and shift, other eps', { type: 'BatchNorm2d', affine: false, eps: 0.1 }, norm],
  ['defaults', { type: 'LocalResponseNorm', size: 5 }, lrn],
  ['AlexNet 2012: k 2, α as PyTorch states it', { type: 'LocalResponseNorm', size: 5, alpha: 0.5, beta: 0.75, k: 2 }, lrn],
  ['even window: one channel more before than after', { type: 'LocalResponseNorm', size: 4, alpha: 1, beta: 0.6, k: 2 }, lrn],
  ['window wider than the channels', { type: 'LocalResponseNorm', size: 15, alpha: 1 }, lrn],
  ...['ReLU', 'ReLU6', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'SiLU', 'GELU', 'Tanh'].map((type): [string, Layer, Formula] => [
    'by its definition',
    { type },
    activation,
  ]),
  ['tanh form', { type: 'GELU', approximate: 'tanh' }, activation],
  ['over channels', { type: 'Softmax' }, softmax(1)],
  ['over rows', { type: 'Softmax', dim: 2 }, softmax(2)],
  ['over columns', { type: 'Softmax', dim: -1 }, softmax(3)],
  ['three groups', { type: 'ChannelShuffle', groups: 3 }, shuffle],
  ['channels from both ends', { type: 'Slice', start: 1, end: -1 }],
  ['rows with a step', { type: 'Slice', dim: 2, start: 1, step: 3 }, (_layer, inputs) => reference.rows(mapOf(inputs), [1, 4, 7, 10]).data],
  ['columns counted from the end', { type: 'Slice', dim: -1, start: -4 }],
  ['other border on every side, other value', { type: 'Pad', padding: [1, 2, 3, 0], value: -1.5 }, border],
  ['map to map', { type: 'Reshape', shape: [3, 2, 9, 11] }],
  ['map to map, a size worked out', { type: 'Reshape', shape: [11, -1, 6] }],
  ['map to matrix', { type: 'Reshape', shape: [-1, 33] }],
  ['whole image', { type: 'Flatten' }, unchanged],
  ['rows and columns', { type: 'Flatten', startDim: 2 }, unchanged],
  ['channels last', { type: 'Transpose', dims: [0, 2, 3, 1] }, permuted],
  ['rows against columns', { type: 'Transpose', dims: [0, 1, 3, 2] }, permuted],
  ['all three', { type: 'Transpose', dims: [0, 3, 1, 2] }, permuted],
  ['training only', { type: 'Dropout', p: 0.3 }, unchanged],
  ['nothing', { type: 'Identity' }, unchanged],
]

const two = (layers: Layer[], a: number[] = [...shape], b: number[] = [...shape], outputs?: string[]): Graph =>
  verifyGraph({
    inputs: [
      { id: 'a', shape: a },
      { id: 'b', shape: b },
    ],
    layers,
    ...(outputs ? { outputs } : {}),
  })

const line = (layer: Layer): Graph => graphOf([6, 23], [layer])
/** Graphs that one layer on one map does not make. */
const whole: [why: string, op: string, graph: Graph][] = [
  ['residual sum', 'Add', two([{ type: 'Add', inputs: ['a', 'b'] }])],
  ['three, one twice', 'Add', two([{ type: 'Add', inputs: ['a', 'b', 'a'] }])],
  ['squeeze and excitation: a channel’s factor', 'Mul', two([{ type: 'Mul', inputs: ['a', 'b'] }], [...shape], [6, 1, 1])],
  ['three factors', 'Mul', two([{ type: 'Mul', inputs: ['a', 'b', 'b'] }])],
  ['channels, of unlike counts', 'Concat', two([{ type: 'Concat', inputs: ['a', 'b', 'a'] }], [...shape], [2, 11, 9])],
  ['rows', 'Concat', two([{ type: 'Concat', dim: 2, inputs: ['b', 'a'] }], [...shape], [6, 3, 9])],
  ['vectors', 'Concat', two([{ type: 'Concat', inputs: ['a', 'b'] }], [5], [7])],
  [
    'by sizes, outputs in any order',
    'Split',
    graphOf(
      shape,
      [
        { type: 'Split', id: 's', sizes: [1, 3, 2] },
        { type: 'Identity', id: 'last', inputs: ['s:2'] },
      ],
      ['s:1', 'last', 's'],
    ),
  ],
  ['rows in chunks', 'Split', graphOf([6, 12, 9], [{ type: 'Split', id: 's', dim: 2, chunks: 3 }], ['s', 's:1', 's:2'])],
  ['plain', 'Conv1d', line({ type: 'Conv1d', outChannels: 4, kernelSize: 3 })],
  [
    'uneven padding, stride and dilation',
    'Conv1d',
    line({ type: 'Conv1d', outChannels: 4, kernelSize: 4, stride: 3, padding: [1, 4], dilation: 2 }),
  ],
  [
    'groups, as TensorFlow',
    'Conv1d',
    line({ type: 'Conv1d', outChannels: 9, kernelSize: 4, stride: 2, groups: 3, padding: 'same', bias: false }),
  ],
  ['depthwise', 'Conv1d', line({ type: 'Conv1d', outChannels: 12, kernelSize: 3, stride: 2, groups: 6, padding: 1 })],
  ['ceil mode with an overhang', 'MaxPool1d', line({ type: 'MaxPool1d', kernelSize: 3, stride: 3, ceilMode: true })],
  ['uneven padding, dilation and stride', 'MaxPool1d', line({ type: 'MaxPool1d', kernelSize: 3, stride: 2, padding: [1, 2], dilation: 2 })],
  ['features', 'Linear', graphOf([37], [{ type: 'Linear', outFeatures: 19 }])],
  ['features without bias', 'Linear', graphOf([37], [{ type: 'Linear', outFeatures: 19, bias: false }])],
  ['vector', 'Softmax', graphOf([37], [{ type: 'Softmax' }])],
  [
    'order of elements through a map and back',
    'Reshape',
    graphOf(shape, [
      { type: 'Reshape', shape: [594] },
      { type: 'Reshape', shape: [9, 11, 6] },
      { type: 'Transpose', dims: [0, 3, 2, 1] },
    ]),
  ],
  [
    'five dims, a channel shuffle written out',
    'Transpose',
    graphOf(shape, [
      { type: 'Reshape', shape: [3, 2, 11, 9] },
      { type: 'Transpose', dims: [0, 2, 1, 3, 4] },
      { type: 'Reshape', shape: [...shape] },
    ]),
  ],
  [
    'an input read by a view and by a layer, both outputs',
    'Dropout',
    graphOf(
      shape,
      [
        { type: 'Dropout', id: 'd' },
        { type: 'ReLU', id: 'r', inputs: ['d'] },
        { type: 'Add', id: 's', inputs: ['d', 'r'] },
      ],
      ['d', 's'],
    ),
  ],
]

/** Both runtimes on one graph; their outputs, compared with each other. */
async function agree(graph: Graph, why: string, scale = 1): Promise<{ inputs: Arrays; onnx: Float32Array[]; tfjs: Float32Array[] }> {
  const inputs = Object.fromEntries(Object.entries(inputsOf(graph, batch)).map(([id, values]) => [id, values.map((x) => x * scale)]))
  const onnx = await runOnnx(graph, inputs, { batch })
  const tfjs = await runTfjs(graph, inputs, { batch })
  assert.equal(tfjs.length, onnx.length, why)
  for (const [i, values] of tfjs.entries()) {
    const apart = distance(values, onnx[i]!)
    assert.ok(apart <= tolerance, `${why}: output ${i} differs by ${apart} between TF.js and onnxruntime`)
  }
  return { inputs, onnx, tfjs }
}

const byOp = Map.groupBy(single, ([, layer]) => layer.type)
for (const [type, cases] of byOp)
  test(`${type}: both runtimes give the formula's numbers`, async () => {
    for (const [why, layer, formula] of cases) {
      const graph = graphOf(shape, [layer])
      // Inputs lie within ±√3; four times that passes every knee of the activations (0, ±3, 6).
      const { inputs, onnx, tfjs } = await agree(graph, why, formula === activation ? 4 : 1)
      if (!formula) continue
      const expected = formula(layer, inputs, parametersOf(graph))
      for (const [runtime, [values]] of Object.entries({ onnx, tfjs })) {
        const apart = distance(values!, expected)
        assert.ok(apart <= tolerance, `${why}: ${runtime} differs from the formula by ${apart}`)
      }
    }
  })

test('several inputs, several outputs, changes of layout: both runtimes agree', async () => {
  for (const [why, op, graph] of [...whole, ...anyRank, ...spatial, ...blocks]) await agree(graph, `${op}, ${why}`)
})

test('every op is under contract', () => {
  const covered = new Set([...byOp.keys(), ...[...whole, ...anyRank, ...spatial, ...blocks].map(([, op]) => op), ...notRun])
  for (const op of ops) if (!op.source) assert.ok(covered.has(op.type), `${op.type} needs a case in this file`)
})

test('a softmax adds up to 1, so a comparison of zeros did not pass', async () => {
  const { onnx } = await agree(graphOf([37], [{ type: 'Softmax' }]), 'softmax')
  const total = onnx[0]!.subarray(0, 37).reduce((a, b) => a + b, 0)
  assert.ok(Math.abs(total - 1) < 1e-5, `${total}`)
})
