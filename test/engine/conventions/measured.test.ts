/** Rules of layers that no network of the zoo has, against what the tools themselves said of each (versions as in `source`). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CountedLayer } from '../../../src/engine/conventions/convention.ts'
import { findConvention } from '../../../src/engine/conventions/index.ts'

const tools = ['fvcore', 'torchinfo', 'ptflops', 'torch', 'onnx', 'thop'] as const
type Figures = readonly [fvcore: number, torchinfo: number, ptflops: number, torch: number, onnx: number, thop: number]

interface Measured {
  /** The module or call that was measured. */
  module: string
  type: string
  attributes?: Record<string, unknown>
  inputs: number[][]
  /** That of the first input where left out. */
  output?: number[]
  params?: number
  quantities?: { macs?: number; biasAdds?: number }
  figures: Figures
}

const tokens = [[2, 5, 8]]
const map = [[2, 8, 3, 5]]
const wide = [[2, 6, 4, 5]]
const plain = { affine: false }

const cases: Measured[] = [
  { module: 'LayerNorm(8)', type: 'LayerNorm', inputs: tokens, params: 16, figures: [400, 32, 80, 0, 0, 320] },
  {
    module: 'LayerNorm(8, elementwise_affine=False)',
    type: 'LayerNorm',
    attributes: plain,
    inputs: tokens,
    figures: [320, 0, 80, 0, 0, 160],
  },
  { module: 'GroupNorm(2, 8)', type: 'GroupNorm', inputs: map, params: 16, figures: [1200, 32, 480, 0, 0, 0] },
  { module: 'GroupNorm(2, 8, affine=False)', type: 'GroupNorm', attributes: plain, inputs: map, figures: [960, 0, 240, 0, 0, 0] },
  { module: 'InstanceNorm2d(8)', type: 'InstanceNorm', attributes: plain, inputs: map, figures: [960, 0, 240, 0, 0, 480] },
  { module: 'InstanceNorm2d(8, affine=True)', type: 'InstanceNorm', inputs: map, params: 16, figures: [1200, 32, 480, 0, 0, 960] },
  { module: 'BatchNorm1d(8)', type: 'BatchNorm1d', inputs: [[2, 8, 5]], params: 16, figures: [160, 32, 160, 0, 0, 320] },
  { module: 'BatchNorm3d(8)', type: 'BatchNorm3d', inputs: [[2, 8, 2, 3, 5]], params: 16, figures: [960, 32, 960, 0, 0, 1920] },
  {
    module: 'Conv1d(6, 4, 3, groups=2)',
    type: 'Conv1d',
    inputs: [[2, 6, 11]],
    output: [2, 4, 9],
    params: 40,
    quantities: { macs: 72 * 9, biasAdds: 72 },
    figures: [648, 720, 720, 1296, 648, 648],
  },
  {
    module: 'Conv3d(6, 4, 3, groups=2)',
    type: 'Conv3d',
    inputs: [[2, 6, 5, 6, 7]],
    output: [2, 4, 3, 4, 5],
    params: 328,
    quantities: { macs: 480 * 81, biasAdds: 480 },
    figures: [38_880, 39_360, 39_360, 77_760, 38_880, 38_880],
  },
  {
    module: 'ConvTranspose2d(6, 4, 3, stride=2, groups=2)',
    type: 'ConvTranspose2d',
    attributes: { groups: 2, kernelSize: [3, 3] },
    inputs: [[2, 6, 5, 7]],
    output: [2, 4, 11, 15],
    params: 112,
    // Every input element meets the 2 output channels of its group in 9 places.
    quantities: { macs: 420 * 2 * 9, biasAdds: 1320 },
    figures: [7560, 36_960, 8880, 15_120, 0, 35_640],
  },
  {
    module: 'ConvTranspose1d(6, 4, 3, stride=2)',
    type: 'ConvTranspose1d',
    attributes: { groups: 1, kernelSize: [3] },
    inputs: [[2, 6, 7]],
    output: [2, 4, 15],
    params: 76,
    quantities: { macs: 84 * 4 * 3, biasAdds: 120 },
    figures: [1008, 2280, 1128, 2016, 0, 2160],
  },
  {
    module: 'Linear(8, 3) over tokens',
    type: 'Linear',
    inputs: tokens,
    output: [2, 5, 3],
    params: 27,
    quantities: { macs: 240, biasAdds: 30 },
    figures: [240, 54, 270, 480, 240, 240],
  },
  {
    module: 'torch.matmul(x, x.transpose(1, 2))',
    type: 'MatMul',
    inputs: [
      [2, 5, 8],
      [2, 8, 5],
    ],
    output: [2, 5, 5],
    quantities: { macs: 400 },
    figures: [400, 0, 400, 800, 400, 0],
  },
  {
    module: 'torch.matmul(torch.ones(4, 5), x)',
    type: 'MatMul',
    inputs: [
      [4, 5],
      [2, 5, 8],
    ],
    output: [2, 4, 8],
    quantities: { macs: 320 },
    figures: [160, 0, 160, 640, 320, 0],
  },
  {
    module: 'scaled_dot_product_attention(x, x, x)',
    type: 'Attention',
    inputs: [
      [2, 4, 5, 8],
      [2, 4, 5, 8],
      [2, 4, 5, 8],
    ],
    quantities: { macs: 2 * (2 * 4 * 5 * 5 * 8) },
    figures: [0, 0, 0, 0, 3200, 0],
  },
  { module: 'MaxPool1d(2)', type: 'MaxPool1d', inputs: [[2, 6, 11]], output: [2, 6, 5], figures: [0, 0, 264, 0, 0, 0] },
  { module: 'MaxPool3d(2)', type: 'MaxPool3d', inputs: [[2, 6, 4, 5, 6]], output: [2, 6, 2, 2, 3], figures: [0, 0, 2880, 0, 0, 0] },
  { module: 'AvgPool1d(2)', type: 'AvgPool1d', inputs: [[2, 6, 11]], output: [2, 6, 5], figures: [0, 0, 264, 0, 0, 60] },
  { module: 'AvgPool3d(2)', type: 'AvgPool3d', inputs: [[2, 6, 4, 5, 6]], output: [2, 6, 2, 2, 3], figures: [0, 0, 2880, 0, 0, 144] },
  { module: 'LeakyReLU()', type: 'LeakyReLU', inputs: wide, figures: [0, 0, 240, 0, 0, 0] },
  { module: 'PReLU(6)', type: 'PReLU', inputs: wide, params: 6, figures: [0, 12, 480, 0, 0, 240] },
  { module: 'ELU()', type: 'ELU', inputs: wide, figures: [0, 0, 480, 0, 0, 0] },
  ...['SELU', 'CELU', 'Softplus', 'Softsign', 'Mish', 'LogSoftmax', 'HardTanh', 'LogSigmoid'].map(
    (type): Measured => ({ module: `${type}()`, type, inputs: wide, figures: [0, 0, 0, 0, 0, 0] }),
  ),
  {
    module: "interpolate(x, scale_factor=2, mode='nearest')",
    type: 'Resize',
    attributes: { mode: 'nearest' },
    inputs: wide,
    output: [2, 6, 8, 10],
    figures: [960, 0, 960, 0, 0, 0],
  },
]

test('each layer counts what its tool said of it', () => {
  for (const { module, type, attributes = {}, inputs, output = inputs[0]!, params = 0, quantities = {}, figures } of cases) {
    const layer: CountedLayer = { type, attributes, inputs, outputs: [output], params, quantities }
    assert.deepEqual(
      tools.map((tool) => findConvention(tool).rule(type).count(layer)),
      figures,
      module,
    )
  }
})

test('a tensor that the network owns is in no module that torchinfo counts', () => {
  const layer = { type: 'Parameter', attributes: {}, inputs: [], outputs: [[1, 768]], params: 768, quantities: {} }
  assert.equal(findConvention('torchinfo').rule('Parameter').count(layer), 0)
})
