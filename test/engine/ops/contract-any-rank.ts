/**
 * Cases of the contract for ops beyond feature maps: graphs, each named for the op that it is there for. They run with
 * a batch of 2 through both runtimes in `contract.test.ts`.
 */
import type { Graph } from '../../../src/engine/graph.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { graphOf } from '../run-graph.ts'

const map = [6, 11, 9]
const positive = { type: 'Softplus' }
const after = (layer: Record<string, unknown>, before: Record<string, unknown>[] = [], shape = map): Graph =>
  graphOf(shape, [...before, layer])
/** An op on two tensors of the given shapes, both made positive. */
const pair = (type: string, a: number[], b: number[]): Graph =>
  verifyGraph({
    inputs: [
      { id: 'a', shape: a },
      { id: 'b', shape: b },
    ],
    layers: [
      { id: 'left', inputs: ['a'], ...positive },
      { id: 'right', inputs: ['b'], ...positive },
      { type, inputs: ['left', 'right'] },
    ],
  })
const withParameter = (type: string, shape: number[], parameter: Record<string, unknown>, first = false): Graph =>
  verifyGraph({
    input: { shape },
    layers: [
      { id: 'p', type: 'Parameter', ...parameter },
      { id: 'y', type, inputs: first ? ['p', 'input'] : ['input', 'p'] },
    ],
  })

export const anyRank: [why: string, op: string, graph: Graph][] = [
  ...[
    'Neg',
    'Abs',
    'Exp',
    'Erf',
    'Softplus',
    'Softsign',
    'Floor',
    'Ceil',
    'SELU',
    'ELU',
    'CELU',
    'LeakyReLU',
    'HardTanh',
    'ThresholdedReLU',
    'PReLU',
  ].map((type): [string, string, Graph] => ['on a map', type, after({ type })]),
  ...['Sqrt', 'Log', 'Reciprocal'].map((type): [string, string, Graph] => ['of what is positive', type, after({ type }, [positive])]),
  ...['Sub', 'Div', 'Pow', 'Min', 'Max'].flatMap((type): [string, string, Graph][] => [
    ['two maps', type, pair(type, map, map)],
    ['a map and a size-1 map', type, pair(type, map, [6, 1, 1])],
  ]),
  ['a scalar constant on the right', 'Parameter', withParameter('Mul', map, { shape: [], value: 0.125 })],
  ['a constant on the left', 'Parameter', withParameter('Sub', [7], { shape: [7], value: [1, 2, 3, 4, 5, 6, 7] }, true)],
  ['a scale of the channels of a map, a rank below it', 'Parameter', withParameter('Mul', map, { shape: [6, 1, 1] })],
  ['a position table over tokens', 'Parameter', withParameter('Add', [5, 8], { shape: [1, 5, 8] })],
  ['a parameter that is a map', 'Parameter', withParameter('Add', map, { shape: [1, 6, 11, 9], learned: false })],
  [
    'read twice',
    'Parameter',
    verifyGraph({
      input: { shape: [4] },
      layers: [
        { id: 'p', type: 'Parameter', shape: [4] },
        { id: 'a', type: 'Add', inputs: ['input', 'p'] },
        { type: 'Mul', inputs: ['a', 'p'] },
      ],
    }),
  ],
  [
    'a class token before the tokens of each image',
    'Expand',
    verifyGraph({
      input: { shape: [5, 8] },
      layers: [
        { id: 'token', type: 'Parameter', shape: [1, 1, 8] },
        { id: 'each', type: 'Expand', inputs: ['token', 'input'] },
        { id: 'all', type: 'Concat', inputs: ['each', 'input'] },
        { type: 'Gather', dim: 1, indices: [0], drop: true },
      ],
    }),
  ],
  ['along the last dim of tokens', 'Linear', graphOf([5, 8], [{ type: 'Linear', outFeatures: 3 }])],
  ['along the last dim of a map', 'Linear', graphOf([4, 5, 8], [{ type: 'Linear', inFeatures: 8, outFeatures: 3, bias: false }])],
  ['tokens', 'LayerNorm', graphOf([5, 8], [{ type: 'LayerNorm' }])],
  ['a whole map', 'LayerNorm', graphOf(map, [{ type: 'LayerNorm', dims: 3, affine: false }])],
  ['no shift, other eps', 'LayerNorm', graphOf(map, [{ type: 'LayerNorm', bias: false, eps: 0.1 }])],
  [
    'over channels of a map, as ConvNeXt does',
    'LayerNorm',
    graphOf(map, [{ type: 'Transpose', dims: [0, 2, 3, 1] }, { type: 'LayerNorm' }]),
  ],
  ['stacks of matrices', 'MatMul', pair('MatMul', [3, 5, 7], [3, 7, 4])],
  ['one stack for another', 'MatMul', pair('MatMul', [3, 5, 7], [1, 7, 4])],
  [
    'attention, written out: heads beside the batch',
    'MatMul',
    verifyGraph({
      input: { shape: [5, 12] },
      layers: [
        { id: 'qkv', type: 'Linear', outFeatures: 36 },
        { id: 'cut', type: 'Reshape', shape: [5, 3, 3, 4] },
        { id: 'moved', type: 'Transpose', dims: [2, 0, 3, 1, 4] },
        ...['q', 'k', 'v'].map((id, i) => ({ id, type: 'Gather', inputs: ['moved'], dim: 0, indices: [i], drop: true })),
        { id: 'kt', type: 'Transpose', inputs: ['k'], dims: [0, 1, 3, 2] },
        { id: 'scores', type: 'MatMul', inputs: ['q', 'kt'] },
        { id: 'weights', type: 'Softmax', dim: -1 },
        { id: 'mixed', type: 'MatMul', inputs: ['weights', 'v'] },
        { id: 'back', type: 'Transpose', dims: [0, 2, 1, 3] },
        { type: 'Reshape', shape: [5, 12] },
      ],
    }),
  ],
  [
    'the batch joined with a dim, and parted again',
    'Reshape',
    graphOf(
      [4, 6, 8],
      [
        { type: 'Transpose', dims: [1, 0, 2, 3] },
        { type: 'Reshape', shape: [4, -1, 8], includesBatch: true },
        { type: 'Softmax', dim: 0 },
        { type: 'Reshape', shape: [4, -1, 6, 8], includesBatch: true },
        { type: 'Transpose', dims: [1, 0, 2, 3] },
      ],
    ),
  ],
  ...['mean', 'sum', 'max', 'min', 'prod', 'l1', 'l2', 'sumSquare', 'logSumExp'].map((kind): [string, string, Graph] => [
    kind,
    'Reduce',
    after({ type: 'Reduce', kind, dims: kind === 'prod' ? [-1] : [2, 3] }),
  ]),
  ['dropped dims', 'Reduce', after({ type: 'Reduce', kind: 'mean', dims: [1, -1], keepDims: false })],
  ['channels, any order', 'Gather', after({ type: 'Gather', dim: 1, indices: [5, 0, -2] })],
  ['over columns', 'LogSoftmax', after({ type: 'LogSoftmax', dim: -1 })],
  ['over channels', 'LogSoftmax', after({ type: 'LogSoftmax' })],
  ['as PixelShuffle', 'DepthToSpace', after({ type: 'DepthToSpace', blockSize: 2 }, [], [8, 3, 5])],
  ['blocks far apart', 'DepthToSpace', after({ type: 'DepthToSpace', blockSize: 2, mode: 'DCR' }, [], [8, 3, 5])],
]

/** Ops that no runtime takes. */
export const notRun: readonly string[] = ['Opaque']
