import assert from 'node:assert/strict'
import { test } from 'node:test'
import { file, floats, info, ints, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { EngineError } from '../../../../src/engine/errors.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { inferShapes } from '../../../../src/engine/infer.ts'

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
  assert.equal(computeCosts(graph).totals.params, 81 + 81 + 3)
  assert.deepEqual(report.parameters.differences, [
    { tensor: 'w', elements: -81, why: 'weights of several layers, and counted for each, since these do not share all of their weights' },
  ])
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
  // 81 weights, 3 and 3 of the norm, 3 of the scale; 6 running statistics; a scalar, a bound, 7 unused.
  assert.deepEqual(counts, { params: 90, buffers: 6, constants: 9, floatInitializerElements: 81 + 12 + 1 + 1 + 7 })
  assert.deepEqual(
    differences.map(({ tensor, elements }) => [tensor, elements]),
    [
      ['half', 1],
      ['low', 1],
      ['mean', 3],
      ['scale', -3],
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

test('the batch that cannot be followed: at the file’s own it counts, at another it is refused with the layer', () => {
  // Elements of an image and of the batch change places: 8 columns become the outermost dim of what was one image.
  const { graph, report } = read({
    nodes: [node('Reshape', ['x', 's'], ['a']), node('MatMul', ['a', 'w'], ['b']), node('Squeeze', ['b', 'axes'], ['y'])],
    initializers: [ints('s', [1, 3, 64]), floats('w', [64, 5]), ints('axes', [0])],
  })
  assert.match(report.notes[0]!, /works at batch 1 alone: Squeeze node "y"/)
  assert.equal(computeCosts(graph).totals.macs, 3 * 64 * 5)
  assert.throws(
    () => computeCosts(graph, { batch: 2 }),
    (cause) => cause instanceof EngineError && cause.errors[0]!.layerId !== null,
  )
  // The same at a batch of 2 has nothing to fall back on.
  assert.throws(
    () => read({ inputs: [info('x', [2, 3, 8, 8])], nodes: [node('Add', ['x', 'w'], ['y'])], initializers: [floats('w', [2, 3, 8, 8])] }),
    /the batch, 2 in this file, cannot be followed: .*; export the network with a batch of 1/,
  )
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
