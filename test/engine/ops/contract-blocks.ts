/** Cases of the contract for normalization by groups, attention and resampling: graphs, each named for the op that it is there for. */
import type { Graph } from '../../../src/engine/graph.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { graphOf } from '../run-graph.ts'

type Case = [why: string, op: string, graph: Graph]
const over =
  (shape: readonly number[]) =>
  (why: string, layer: Record<string, unknown> & { type: string }): Case => [why, layer.type, graphOf(shape, [layer])]
const line = over([6, 23])
const map = over([6, 7, 5])
const volume = over([4, 6, 7, 5])

/** Attention of inputs of the given shapes, `q k v` and a mask where there is a fourth. */
const attention = (why: string, shapes: number[][], attributes: Record<string, unknown> = {}): Case => [
  why,
  'Attention',
  verifyGraph({
    inputs: ['q', 'k', 'v', 'mask'].slice(0, shapes.length).map((id, i) => ({ id, shape: shapes[i] })),
    layers: [{ type: 'Attention', inputs: ['q', 'k', 'v', 'mask'].slice(0, shapes.length), ...attributes }],
  }),
]

const resizes: Record<string, unknown>[] = [
  { scale: 2 },
  { scale: [1.5, 3] },
  { scale: [0.4, 0.7] },
  { size: [10, 4] },
  { size: [14, 3], coordinates: 'halfPixel' },
  { size: [3, 15], coordinates: 'halfPixel', rounding: 'roundPreferFloor' },
  { size: [13, 9], coordinates: 'alignCorners', rounding: 'ceil' },
  { scale: 2, mode: 'linear' },
  { scale: [1.3, 0.6], mode: 'linear' },
  { size: [13, 1], mode: 'linear', coordinates: 'alignCorners' },
  { size: [14, 4], mode: 'linear', coordinates: 'asymmetric' },
  { size: [7, 10], mode: 'linear' },
]

/** Where, by a condition that is 0 at some places: what the first input has above 0. */
const where = (why: string, shapes: readonly number[][]): Case => [
  why,
  'Where',
  verifyGraph({
    inputs: ['c', 'a', 'b'].map((id, i) => ({ id, shape: shapes[i] })),
    layers: [
      { id: 'condition', type: 'ReLU', inputs: ['c'] },
      { type: 'Where', inputs: ['condition', 'a', 'b'] },
    ],
  }),
]

export const blocks: Case[] = [
  where('maps', [
    [3, 5, 4],
    [3, 5, 4],
    [3, 5, 4],
  ]),
  where('a condition of one channel, one column of the third', [
    [1, 5, 4],
    [3, 5, 4],
    [3, 5, 1],
  ]),

  map('two groups', { type: 'GroupNorm', groups: 2 }),
  map('all channels together, nothing learned', { type: 'GroupNorm', groups: 1, affine: false, eps: 0.1 }),
  line('a sequence, a group a channel', { type: 'GroupNorm', groups: 6 }),
  volume('a volume', { type: 'GroupNorm', groups: 2 }),
  over([12])('a vector', { type: 'GroupNorm', groups: 3 }),
  map('a map', { type: 'InstanceNorm' }),
  map('a map, affine, other eps', { type: 'InstanceNorm', affine: true, eps: 0.1 }),
  line('a sequence', { type: 'InstanceNorm', affine: true }),
  volume('a volume', { type: 'InstanceNorm', affine: true }),

  attention('heads apart', [
    [3, 5, 8],
    [3, 7, 8],
    [3, 7, 4],
  ]),
  attention(
    'causal',
    [
      [3, 5, 8],
      [3, 5, 8],
      [3, 5, 8],
    ],
    { causal: true },
  ),
  attention(
    'more keys than queries, causal, own scale',
    [
      [3, 4, 8],
      [3, 6, 8],
      [3, 6, 8],
    ],
    { causal: true, scale: 0.2 },
  ),
  attention('a mask for every head', [
    [3, 5, 8],
    [3, 7, 8],
    [3, 7, 4],
    [1, 5, 7],
  ]),
  attention(
    'grouped heads',
    [
      [6, 5, 8],
      [2, 7, 8],
      [2, 7, 4],
    ],
    {},
  ),
  attention(
    'heads side by side',
    [
      [5, 24],
      [7, 24],
      [7, 12],
    ],
    { heads: 3 },
  ),
  attention(
    'grouped heads side by side, causal',
    [
      [5, 24],
      [5, 12],
      [5, 8],
    ],
    { heads: 4, kvHeads: 2, causal: true },
  ),

  ...resizes.map((attributes) => map(JSON.stringify(attributes), { type: 'Resize', ...attributes })),
  line('a sequence, nearest', { type: 'Resize', scale: 1.7 }),
  line('a sequence, linear', { type: 'Resize', size: 40, mode: 'linear' }),
  volume('a volume, nearest', { type: 'Resize', scale: [2, 1, 0.5] }),
  volume('a volume, linear', { type: 'Resize', scale: 2, mode: 'linear' }),

  over([3, 6, 4])('as PixelUnshuffle', { type: 'SpaceToDepth', blockSize: 2 }),
  over([3, 6, 4])('as ONNX', { type: 'SpaceToDepth', blockSize: 2, mode: 'DCR' }),
  [
    'there and back',
    'SpaceToDepth',
    graphOf(
      [3, 6, 4],
      [
        { type: 'SpaceToDepth', blockSize: 2 },
        { type: 'DepthToSpace', blockSize: 2 },
      ],
    ),
  ],
  map('rows and columns', { type: 'Tile', repeats: [2, 3] }),
  map('channels', { type: 'Tile', repeats: [2, 1, 1] }),
  over([5])('a vector', { type: 'Tile', repeats: [3] }),
  map('a map', { type: 'GlobalMaxPool2d' }),
  ...['reflect', 'edge'].map((mode) => map(`rows and columns, ${mode}`, { type: 'Pad', padding: [1, 2, 3, 0], mode })),
  map('channels and columns', { type: 'Pad', padding: [2, 1, 0, 3], dims: [1, 3], mode: 'edge' }),
  map('channels, one value', { type: 'Pad', padding: [2, 1], dims: [1], value: 3 }),
  line('a sequence', { type: 'Pad', padding: 4, dims: [2], mode: 'reflect' }),
  volume('a volume', { type: 'Pad', padding: 1, dims: [2, 3, 4], mode: 'reflect' }),
  ...['Sin', 'Cos', 'Round', 'Mish', 'LogSigmoid'].map((type) => map('on a map', { type })),
  map('channels', { type: 'GLU', dim: 1 }),
  over([5, 8])('the last dim', { type: 'GLU' }),
]
