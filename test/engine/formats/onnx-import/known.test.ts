/**
 * Operators that no op reads: the shapes that the importer states of them are those that ONNX Runtime makes, at batches of 1 and
 * 3, and what they multiply is worked out by hand from the ONNX specification.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeProto } from 'onnx-buf'
import * as ort from 'onnxruntime-node'
import { file, floats, graphAttribute, info, ints, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { seededInput } from '../../../../src/engine/weights.ts'

interface Case extends Parts {
  /** Shape of one image of `x`. */
  shape: readonly number[]
  /** Multiply-adds of one image. */
  macs?: number
}

const turned = (to: NodeProto[], outputs: readonly string[], rank: number): NodeProto[] => [
  node('Transpose', ['x'], ['t'], { perm: [1, 0, 2] }),
  ...to,
  // The batch comes first again: Y is steps × directions × batch × hidden, a state directions × batch × hidden.
  ...outputs.map((name, i) => node('Transpose', [name], [`o${i}`], { perm: i === 0 && rank === 4 ? [2, 0, 1, 3] : [1, 0, 2] })),
]

const cases: Record<string, Case> = {
  // 7 steps × 2 directions × 4 gates × 5 units × (3 + 5).
  'LSTM both ways, its states read': {
    shape: [7, 3],
    macs: 7 * 2 * 4 * 5 * 8,
    nodes: turned(
      [node('LSTM', ['t', 'w', 'r', 'b'], ['Y', 'h', 'c'], { hidden_size: 5, direction: 'bidirectional' })],
      ['Y', 'h', 'c'],
      4,
    ),
    outputs: ['o0', 'o1', 'o2'],
    initializers: [floats('w', [2, 20, 3]), floats('r', [2, 20, 5]), floats('b', [2, 40])],
    opset: 14,
  },
  'GRU backwards, only its last state read': {
    shape: [7, 3],
    macs: 7 * 3 * 5 * 8,
    nodes: turned([node('GRU', ['t', 'w', 'r'], ['', 'h'], { hidden_size: 5, direction: 'reverse' })], ['h'], 3),
    outputs: ['o0'],
    initializers: [floats('w', [1, 15, 3]), floats('r', [1, 15, 5])],
    opset: 14,
  },
  RNN: {
    shape: [7, 3],
    macs: 7 * 5 * 8,
    nodes: turned([node('RNN', ['t', 'w', 'r'], ['Y'], { hidden_size: 5 })], ['Y'], 4),
    outputs: ['o0'],
    initializers: [floats('w', [1, 5, 3]), floats('r', [1, 5, 5])],
    opset: 14,
  },
  // At 7 × 7 places each channel takes 4 × 2 × 2: 16 of offsets (2 groups × 2 × 4), 8 of the mask, 6 of the output.
  'DeformConv, a mask, two groups of offsets': {
    shape: [4, 8, 8],
    macs: 49 * 16 * (16 + 8 + 6),
    nodes: [
      node('Conv', ['x', 'wo'], ['off'], { kernel_shape: [2, 2] }),
      node('Conv', ['x', 'wm'], ['m0'], { kernel_shape: [2, 2] }),
      node('Sigmoid', ['m0'], ['m']),
      node('DeformConv', ['x', 'w', 'off', '', 'm'], ['y'], { kernel_shape: [2, 2], offset_group: 2 }),
    ],
    initializers: [floats('wo', [16, 4, 2, 2]), floats('wm', [8, 4, 2, 2]), floats('w', [6, 4, 2, 2])],
    opset: 19,
  },
  'ArgMax, with and without its dim': {
    shape: [3, 8, 6],
    nodes: [node('ArgMax', ['x'], ['y'], { axis: 1 }), node('ArgMin', ['x'], ['z'], { axis: -1, keepdims: 0 })],
    outputs: ['y', 'z'],
  },
  'TopK of opset 11, both outputs read': {
    shape: [3, 8, 6],
    nodes: [node('TopK', ['x', 'k'], ['y', 'z'], { axis: 2 })],
    initializers: [ints('k', [5])],
    outputs: ['y', 'z'],
  },
  'TopK of opset 9': { shape: [3, 8, 6], nodes: [node('TopK', ['x'], ['y', 'z'], { k: 4 })], outputs: ['y', 'z'], opset: 9 },
  'GatherElements by what TopK found': {
    shape: [3, 8],
    nodes: [node('TopK', ['x', 'k'], ['v', 'i'], { axis: 1 }), node('GatherElements', ['x', 'i'], ['y'], { axis: 1 })],
    initializers: [ints('k', [2])],
  },
  OneHot: {
    shape: [3, 8],
    nodes: [node('ArgMax', ['x'], ['a'], { axis: 1, keepdims: 0 }), node('OneHot', ['a', 'd', 'v'], ['y'], { axis: 1 })],
    initializers: [ints('d', [3]), ints('v', [0, 1])],
  },
  GridSample: {
    shape: [2, 6, 6],
    nodes: [node('Transpose', ['x'], ['g'], { perm: [0, 2, 3, 1] }), node('GridSample', ['x', 'g'], ['y'])],
    opset: 16,
  },
  'LpPool, GlobalLpPool': {
    shape: [2, 9, 8],
    nodes: [
      node('LpPool', ['x'], ['p'], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1] }),
      node('GlobalLpPool', ['p'], ['y']),
    ],
    outputs: ['p', 'y'],
  },
  Col2Im: {
    shape: [12, 20],
    nodes: [node('Col2Im', ['x', 'i', 'b'], ['y'])],
    initializers: [ints('i', [5, 7]), ints('b', [2, 3])],
    opset: 18,
  },
  CenterCropPad: {
    shape: [3, 9, 8],
    nodes: [node('CenterCropPad', ['x', 's'], ['y'], { axes: [2, 3] })],
    initializers: [ints('s', [5, 12])],
    opset: 18,
  },
  'CumSum, Hardmax, RandomNormalLike': {
    shape: [3, 8],
    nodes: [node('CumSum', ['x', 'a'], ['c']), node('Hardmax', ['c'], ['y'], { axis: 1 }), node('RandomNormalLike', ['x'], ['z'])],
    initializers: [ints('a', [2], [])],
    outputs: ['y', 'z'],
  },
}

for (const [name, { shape, macs = 0, ...parts }] of Object.entries(cases))
  test(name, async () => {
    const bytes = file({ ...parts, inputs: [info('x', ['N', ...shape])] })
    const { graph, names } = importOnnx(bytes)
    const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 })
    try {
      for (const batch of [1, 3]) {
        const x = new ort.Tensor('float32', seededInput(1, 'x', batch * shape.reduce((a, b) => a * b)), [batch, ...shape])
        const made = await session.run({ x })
        const { layers, totals } = computeCosts(graph, { batch })
        const shapes = new Map(
          layers.flatMap(({ id, outputShape, outputShapes = [outputShape] }) =>
            outputShapes.map((each, i) => [i ? `${id}:${i}` : id, each]),
          ),
        )
        for (const [i, reference] of graph.outputs.entries()) {
          const wanted = made[names.outputs[i]!]!.dims
          assert.deepEqual([batch, ...shapes.get(reference)!], [...wanted], `output ${names.outputs[i]} at a batch of ${batch}`)
        }
        assert.equal(totals.macs, batch * macs)
      }
    } finally {
      await session.release()
    }
  })

test('CausalConvWithState and LinearAttention of opset 27, their states', () => {
  // ONNX Runtime does not load opset 27: shapes are those of the specification's own text.
  const conv = importOnnx(
    file({
      inputs: [info('x', ['N', 6, 10])],
      nodes: [node('CausalConvWithState', ['x', 'w', 'b'], ['y', 's'], { activation: 'silu' })],
      initializers: [floats('w', [6, 1, 4]), floats('b', [6])],
      outputs: ['y', 's'],
      opset: 27,
    }),
  )
  const { layers, totals } = computeCosts(conv.graph, { batch: 2 })
  assert.deepEqual(layers[0]!.outputShapes, [
    [6, 10],
    [6, 3],
  ])
  assert.deepEqual([totals.macs, totals.params], [2 * 6 * 10 * 4, 30])
  // 4 query heads and 2 of keys and values, d_k 3, d_v 5, 7 tokens: states take (2 key products + 4 query products) × 3 × 5 a token.
  const attention = (rule: string) =>
    importOnnx(
      file({
        inputs: [info('q', ['N', 7, 12]), info('k', ['N', 7, 6]), info('v', ['N', 7, 10]), info('g', ['N', 7, 2]), info('e', ['N', 7, 2])],
        nodes: [node('LinearAttention', ['q', 'k', 'v', '', 'g', 'e'], ['y', 's'], { q_num_heads: 4, kv_num_heads: 2, update_rule: rule })],
        outputs: ['y', 's'],
        opset: 27,
      }),
    )
  const gated = computeCosts(attention('gated').graph)
  assert.deepEqual(gated.layers.at(-1)!.outputShapes, [
    [7, 20],
    [2, 3, 5],
  ])
  assert.equal(gated.totals.macs, 7 * 15 * 6)
  assert.equal(computeCosts(attention('gated_delta').graph).totals.macs, 7 * 15 * 8)
})

test('a batch that such an operator works along is not followed', () => {
  const along = (
    opType: string,
    attributes: Parameters<typeof node>[3],
    more: readonly string[] = [],
    initializers: Parts['initializers'] = [],
  ) => importOnnx(file({ inputs: [info('x', [1, 4])], nodes: [node(opType, ['x', ...more], ['y'], attributes)], initializers }))
  for (const model of [
    along('ArgMax', { axis: 0 }),
    along('TopK', { axis: 0 }, ['k'], [ints('k', [1])]),
    along('CumSum', {}, ['a'], [ints('a', [0], [])]),
    along('GatherElements', { axis: 1 }, ['i'], [ints('i', [2, 1], [1, 2])]),
  ])
    assert.equal(model.graph.fixedBatch, 1)
})

test('what comes behind a size that the data decides is named and not counted, the weights there count', () => {
  const { graph, report } = importOnnx(
    file({
      nodes: [
        node('Conv', ['x', 'w'], ['c']),
        node('Greater', ['c', 'zero'], ['g']),
        node('NonZero', ['g'], ['n']),
        node('Transpose', ['n'], ['t']),
        node('Cast', ['t'], ['f'], { to: 1 }),
        node('MatMul', ['f', 'v'], ['y'], {}, { name: 'head' }),
      ],
      initializers: [floats('w', [2, 3, 1, 1]), floats('zero', [], [0]), floats('v', [4, 5])],
    }),
  )
  const { totals, uncounted } = computeCosts(graph, { batch: 2 })
  assert.deepEqual([totals.macs, totals.params, totals.partial], [2 * 64 * 6, 6 + 20, true])
  assert.deepEqual(
    uncounted.map(({ type }) => type),
    ['Greater', 'NonZero', 'Transpose', 'Cast', 'MatMul'],
  )
  assert.match(report.notes.join(), /NonZero node "n" gives depend on the data/)
})

const branch = (nodes: readonly NodeProto[], output: string, initializers: Parts['initializers'] = []) =>
  graphAttribute(nodes, [output], initializers)

test('an If whose condition follows from shapes is the branch that it takes', () => {
  const over = (channels: number) =>
    importOnnx(
      file({
        inputs: [info('x', ['N', channels, 8, 8])],
        nodes: [
          node('Shape', ['x'], ['s']),
          node('Gather', ['s', 'one'], ['c']),
          node('Equal', ['c', 'three'], ['rgb']),
          node('Relu', ['x'], ['r']),
          node('If', ['rgb'], ['y'], {
            then_branch: branch([node('Conv', ['r', 'w'], ['b'])], 'b', [floats('w', [4, 3, 3, 3])]),
            else_branch: branch([node('Conv', ['r', 'outer'], ['b'])], 'b'),
          }),
        ],
        initializers: [ints('one', [1], []), ints('three', [3], []), floats('outer', [2, channels, 1, 1])],
      }),
    )
  assert.deepEqual([computeCosts(over(3).graph, { batch: 2 }).totals.macs, over(3).graph.layers.length], [2 * 36 * 4 * 27, 2])
  assert.equal(computeCosts(over(5).graph).totals.macs, 64 * 2 * 5)
})

/** An `If` by the largest element of `c`, two channels of 8×8 that a 1×1 convolution of the input makes. */
const decidedByData = (yes: ReturnType<typeof branch>, no: ReturnType<typeof branch>, more: Partial<Parts> = {}) => {
  const { graph, report } = importOnnx(
    file({
      nodes: [
        node('Conv', ['x', 'w'], ['c']),
        node('ReduceMax', ['c'], ['m'], { keepdims: 0 }),
        node('Greater', ['m', 'zero'], ['big']),
        node('If', ['big'], ['z'], { then_branch: yes, else_branch: no }, { name: 'choice' }),
        node('Neg', ['z'], ['y']),
      ],
      ...more,
      initializers: [floats('w', [2, 3, 1, 1]), floats('zero', [], [0]), floats('outer', [5, 2, 1, 1]), ...(more.initializers ?? [])],
    }),
  )
  const { totals, uncounted, layers } = computeCosts(graph)
  return { totals, uncounted: uncounted.map(({ type }) => type), shape: layers.at(-1)!.outputShape, note: report.notes.join(' ') }
}
const convolved = (weight: string, initializers: Parts['initializers'] = []) =>
  branch([node('Conv', ['c', weight], [`${weight}y`])], `${weight}y`, initializers)

test('an If that the data decides counts where both branches cost the same, each weight once', () => {
  // Both 5 × 2 × 64; weights 6 before, 10 outside, 10 inside.
  const { totals, uncounted, shape, note } = decidedByData(convolved('outer'), convolved('v', [floats('v', [5, 2, 1, 1])]))
  assert.deepEqual(
    [totals.macs, totals.params, totals.partial, uncounted, shape],
    [64 * 6 + 640, 6 + 10 + 10, false, ['Greater'], [5, 8, 8]],
  )
  assert.match(note, /If node "choice": the data decides .* both have 640 multiply-adds/)
  const other = decidedByData(branch([node('Relu', ['c'], ['b'])], 'b'), branch([node('Neg', ['c'], ['b'])], 'b'))
  assert.deepEqual([other.totals.macs, other.totals.partial, other.uncounted], [64 * 6, false, ['Greater']])
})

test('an If whose branches cost differently is named with both figures, and the total is partial', () => {
  const { totals, uncounted, note } = decidedByData(
    convolved('outer'),
    branch([node('Conv', ['c', 'v'], ['b'], { pads: [1, 1, 1, 1] })], 'b', [floats('v', [5, 2, 3, 3])]),
  )
  assert.deepEqual([totals.macs, totals.params, totals.partial, uncounted], [64 * 6, 6 + 10 + 90, true, ['Greater', 'If']])
  assert.match(note, /then_branch has 640 multiply-adds and its else_branch 5760: neither is counted/)
})

test('an If in a branch is looked into, and what cannot be counted there is named', () => {
  // The file holds `v` once in each graph that it stands in.
  const inner = branch(
    [node('If', ['big'], ['i'], { then_branch: convolved('outer'), else_branch: convolved('v', [floats('v', [5, 2, 1, 1])]) })],
    'i',
  )
  assert.deepEqual([decidedByData(inner, convolved('outer')).totals.macs, decidedByData(inner, inner).totals.params], [64 * 6 + 640, 36])
  const unread = branch([node('Conv', ['c', 'outer'], ['o']), node('Twist', ['o'], ['t'], {}, { domain: 'own' })], 't')
  const { note, totals } = decidedByData(unread, convolved('outer'), { valueInfo: [info('z', [1, 5, 8, 8])] })
  assert.equal(totals.partial, true)
  assert.match(note, /Not counted: .*If ×1/)
})

test('an If whose branches give other shapes is refused by its name, with both', () => {
  assert.throws(
    () => decidedByData(convolved('outer'), branch([node('Relu', ['c'], ['b'])], 'b')),
    /If node "choice": .*1×5×8×8 in its then_branch and 1×2×8×8 in its else_branch/,
  )
})
