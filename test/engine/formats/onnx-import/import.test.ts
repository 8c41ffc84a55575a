import assert from 'node:assert/strict'
import { test } from 'node:test'
import { file, floats, info, ints, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { inferShapes } from '../../../../src/engine/infer.ts'
import { verifyGraph } from '../../../../src/engine/verify.ts'

const read = (parts: Parts) => importOnnx(file(parts))
const rows = (parts: Parts) =>
  read(parts).graph.layers.map(({ id, type, inputs, weightsOf }) => [id, type, inputs.join(' '), ...(weightsOf ? [weightsOf] : [])])

test('ids are names of the file, fitted to the rule and each once; a node without a name has its output’s', () => {
  assert.deepEqual(
    rows({
      nodes: [
        node('Relu', ['x'], ['a'], {}, { name: '/block/relu:0' }),
        node('Relu', ['a'], ['b'], {}, { name: '/block/relu:0' }),
        node('Relu', ['b'], ['out put']),
        node('Relu', ['out put'], ['y'], {}, { name: '::' }),
      ],
    }),
    [
      ['block/relu_0', 'ReLU', 'x'],
      ['block/relu_0_2', 'ReLU', 'block/relu_0'],
      ['out_put', 'ReLU', 'block/relu_0_2'],
      ['__', 'ReLU', 'out_put'],
    ],
  )
})

test('nodes with the same weights in the same places share them, and they count once', () => {
  const parts: Parts = {
    nodes: [
      node('Conv', ['x', 'w'], ['a'], { pads: [1, 1, 1, 1] }),
      node('Conv', ['a', 'w'], ['b'], { pads: [1, 1, 1, 1] }),
      node('Conv', ['b', 'w', 'c'], ['y']),
    ],
    initializers: [floats('w', [3, 3, 3, 3]), floats('c', [3])],
  }
  assert.deepEqual(rows(parts), [
    ['a', 'Conv2d', 'x'],
    ['b', 'Conv2d', 'a', 'a'],
    ['y', 'Conv2d', 'b'],
  ])
  const { graph, report } = read(parts)
  // The last one has a bias as well: its weight is the others’ all the same.
  assert.equal(computeCosts(graph).totals.params, 81 + 3)
  assert.deepEqual(
    graph.layers.map(({ params }) => params),
    [undefined, undefined, { weight: 0 }],
  )
  assert.deepEqual(report.parameters.differences, [])
})

test('where each element of a float tensor went', () => {
  const { report } = read({
    nodes: [
      node('Conv', ['x', 'w'], ['a'], { pads: [1, 1, 1, 1] }),
      node('BatchNormalization', ['a', 'v', 'v2', 'mean', 'variance'], ['b']),
      node('Mul', ['b', 'half'], ['c']),
      node('Clip', ['c', 'low'], ['d']),
      node('Constant', [], ['scale'], { value: { tensor: floats('', [3, 1, 1]) } }),
      node('Mul', ['d', 'scale'], ['y']),
    ],
    initializers: [
      floats('w', [3, 3, 3, 3]),
      ...['v', 'v2', 'mean', 'variance'].map((name) => floats(name, [3])),
      floats('half', [1], [0.5]),
      floats('low', [], [-1]),
      floats('unused', [7]),
      ints('whole', [1, 2]),
    ],
  })
  const { differences, ...counts } = report.parameters
  // 81 weights, 3 and 3 of the norm; 6 running statistics; a scalar, a bound, 7 unused. The scale is no initializer.
  assert.deepEqual(counts, { params: 87, buffers: 6, constants: 9, floatInitializerElements: 81 + 12 + 1 + 1 + 7 })
  assert.deepEqual(
    differences.map(({ tensor, elements }) => [tensor, elements]),
    [
      ['half', 1],
      ['low', 1],
      ['mean', 3],
      ['unused', 7],
      ['variance', 3],
    ],
  )
  assert.match(differences.find(({ tensor }) => tensor === 'low')!.why, /attribute of Clip node "d"/)
  assert.match(differences.find(({ tensor }) => tensor === 'unused')!.why, /read by no node/)
})

test('up to IR version 3 initializers are inputs as well; an input that nobody reads is left out and said', () => {
  const { graph, report } = read({
    irVersion: 3,
    opset: 8,
    nodes: [node('Conv', ['x', 'w'], ['y'])],
    inputs: [info('x', [1, 3, 8, 8]), info('w', [4, 3, 3, 3]), info('z', [1, 5])],
    initializers: [floats('w', [4, 3, 3, 3])],
  })
  assert.deepEqual(graph.inputs, [{ id: 'x', shape: [3, 8, 8] }])
  assert.deepEqual(report.notes, ['Input "z" is read by no node that leads to an output: it is left out.'])
})

test('a network that mixes the images of a batch counts at one image, and any other batch is refused by its name', () => {
  // The largest element of all images divides each.
  const parts: Parts = {
    nodes: [node('ReduceMax', ['x'], ['most'], { keepdims: 0 }), node('Div', ['x', 'most'], ['a']), node('Conv', ['a', 'w'], ['y'])],
    initializers: [floats('w', [4, 3, 3, 3])],
  }
  for (const inputs of [[info('x', [1, 3, 8, 8])], [info('x', ['N', 3, 8, 8])]]) {
    const { graph, report } = read({ ...parts, inputs })
    assert.match(report.notes[0]!, /works at batch 1 alone: ReduceMax node "most"/)
    assert.equal(graph.fixedBatch, 1)
    assert.equal(computeCosts(graph).totals.macs, 36 * 4 * 27)
    assert.throws(() => computeCosts(graph, { batch: 2 }), { code: 'INVALID_BATCH' })
  }
  // The same at a batch of 2 has nothing to fall back on.
  assert.throws(
    () => read({ inputs: [info('x', [2, 3, 8, 8])], nodes: [node('Add', ['x', 'w'], ['y'])], initializers: [floats('w', [2, 3, 8, 8])] }),
    /the batch, 2 in this file, cannot be followed: .*; export the network with a batch of 1/,
  )
})

test('a layer that takes one batch alone is refused by the batch, not by the resolution', () => {
  const graph = verifyGraph({ input: { shape: [4] }, layers: [{ type: 'Reshape', shape: [2, 2], includesBatch: true }] })
  assert.throws(() => computeCosts(graph, { batch: 2 }), { code: 'INVALID_BATCH', message: /batch of 2.*at a batch of 1 it does/ })
})

test('a shape that contradicts what the file states of it is an error that names both', () => {
  const stated = (dims: readonly (number | string)[]) =>
    read({
      nodes: [node('Relu', ['x'], ['r']), node('Conv', ['r', 'w'], ['y'])],
      initializers: [floats('w', [4, 3, 3, 3])],
      valueInfo: [info('r', dims)],
    })
  for (const dims of [
    [1, 3, 8, 8],
    ['N', 3, 8, 8],
    [1, 'c', 0, -1],
    ['?', '', 8, 8],
  ])
    stated(dims)
  assert.throws(() => stated([1, 3, 8, 1]), {
    code: 'INVALID_ONNX',
    message: /"r".* is 1×3×8×8 as worked out.* 1×3×8×1 as the file states/,
  })
  assert.throws(() => stated([3, 8, 8]), { code: 'INVALID_ONNX' })
})

test('the heads of an attention, sequence first and batch second, as at any batch', () => {
  const shape = (name: string, list: readonly number[]) => ints(name, list)
  const { graph, report } = read({
    inputs: [info('x', [1, 10, 12])],
    nodes: [
      node('Transpose', ['x'], ['t'], { perm: [1, 0, 2] }),
      node('Reshape', ['t', 'rows'], ['r']),
      node('Gemm', ['r', 'w'], ['g']),
      node('Reshape', ['g', 'tokens'], ['k']),
      node('Reshape', ['k', 'heads'], ['h']),
      node('Transpose', ['h'], ['y'], { perm: [1, 0, 2] }),
    ],
    initializers: [shape('rows', [10, 12]), floats('w', [12, 12]), shape('tokens', [10, 1, 12]), shape('heads', [10, 3, 4])],
  })
  assert.deepEqual(report.notes, [])
  const shapes = inferShapes(graph, { batch: 5 }).map(({ layer, outputs }) => [layer.id, outputs[0]!.join('×')])
  assert.deepEqual(shapes, [
    ['t', '10×5×12'],
    ['r', '50×12'],
    ['g', '50×12'],
    ['k', '10×5×12'],
    ['h', '10×15×4'],
    ['y', '15×10×4'],
  ])
})

test('an output that is an input passes through, one that is a constant is left out and said', () => {
  const { graph, report } = read({
    nodes: [node('Relu', ['x'], ['y']), node('Shape', ['y'], ['s'])],
    outputs: ['y', 'x', 's'],
  })
  assert.deepEqual(graph.outputs, ['y', 'x/identity'])
  assert.match(report.notes[0]!, /Output "s" is a constant/)
})
