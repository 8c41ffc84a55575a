import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../src/engine/cost.ts'
import type { EngineError, GraphViolation } from '../../src/engine/errors.ts'
import { graphToJson } from '../../src/engine/graph.ts'
import { defaultLimits } from '../../src/engine/limits.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { random } from './random.ts'
import { violationsOf } from './violations-of.ts'
import { presetGraph, presetNames, presetSpec } from './zoo-graphs.ts'

const image = { shape: [3, 32, 32] }

/** The one problem at this path. */
function at(problems: readonly GraphViolation[], path: string): GraphViolation {
  const found = problems.filter((problem) => problem.path === path)
  assert.equal(found.length, 1, `${path} in ${JSON.stringify(problems, null, 1)}`)
  return found[0]!
}

test('ten faults of ten kinds in one specification are told at once', () => {
  const problems = violationsOf({
    input: image,
    optimizer: 'adam',
    layers: [
      { id: 'conv1', type: 'Conv2d', outChannels: 9, kernelSize: 3, strides: 2 },
      { id: 'conv2', type: 'Conv2d', outChannels: 8, inChannels: 4, kernelSize: 3, inputs: ['conv0'] },
      { id: 'conv1', type: 'ReLU' },
      { id: 'conv3', type: 'Conv2d', kernelSize: 3, inputs: ['input'] },
      { id: 'conv4', type: 'Conv2d', outChannels: 0, kernelSize: 3, inputs: ['input'] },
      { id: 'conv5', type: 'Conv2d', outChannels: 4, kernelSize: 3, groups: 2, inputs: ['input'] },
      { id: 'pool', type: 'MaxPool', kernelSize: 2, inputs: ['input'] },
      { id: 'bad id', type: 'ReLU', inputs: ['input'] },
      { id: 'add', type: 'Add', inputs: ['input'] },
      { id: 'out', type: 'Identity', inputs: ['conv5'] },
    ],
    outputs: ['out', 'missing'],
  })
  const expected: [path: string, layerId: string | null, says: RegExp][] = [
    ['/optimizer', null, /unknown key "optimizer"/],
    ['/layers/0/strides', 'conv1', /no attribute "strides"; did you mean "stride"\?/],
    ['/layers/1/inputs/0', 'conv2', /"conv0"; did you mean "conv1"\?/],
    ['/layers/2/id', 'conv1', /taken by \/layers\/0/],
    ['/layers/3/outChannels', 'conv3', /needs outChannels/],
    ['/layers/4/outChannels', 'conv4', /outChannels is 0, but must be an integer of at least 1/],
    ['/layers/5/groups', 'conv5', /groups 2 must divide the 3 input channels/],
    ['/layers/6/type', 'pool', /unknown op "MaxPool"; did you mean "MaxPool2d"\?/],
    ['/layers/7/id', null, /this one is "bad id"/],
    ['/layers/8/inputs', 'add', /Add takes 2 to 64 inputs, but has 1/],
    ['/outputs/1', null, /no layer "missing"/],
  ]
  for (const [path, layerId, says] of expected) {
    const problem = at(problems, path)
    assert.equal(problem.layerId, layerId)
    assert.match(problem.message, says)
  }
  assert.equal(problems.length, expected.length, JSON.stringify(problems, null, 1))
})

test('a wrong attribute does not hide a branch that leads nowhere; a broken reference does', () => {
  const side = { id: 'side', type: 'ReLU', inputs: ['input'] }
  const wrong = violationsOf({ input: image, layers: [side, { id: 'a', type: 'ReLU', slope: 1, inputs: ['input'] }] })
  assert.match(at(wrong, '/layers/0').message, /leads to no output/)
  assert.equal(wrong.length, 2)
  const broken = violationsOf({ input: image, layers: [side, { id: 'a', type: 'ReLU', inputs: ['sied'] }] })
  assert.equal(broken.length, 1, 'side may be what the misspelt reference meant')
})

test('at most 1000 problems are told, and the sentence says that there may be more', () => {
  const layers = Array.from({ length: 3000 }, () => ({ type: 'Nothing' }))
  assert.throws(
    () => verifyGraph({ input: image, layers }),
    (error: EngineError) => error.errors.length === 1000 && /at least 1000 problems/.test(error.message),
  )
})

test('limits: one more layer, element or tensor than allowed is refused, as many as allowed are not', () => {
  const relus = (n: number) => ({ input: { shape: [10] }, layers: Array.from({ length: n }, () => ({ type: 'ReLU' })) })
  const limits = { ...defaultLimits, maxLayers: 5 }
  assert.equal(verifyGraph(relus(5), limits).layers.length, 5)
  assert.throws(() => verifyGraph(relus(6), limits), { code: 'LIMIT_EXCEEDED', message: 'the graph has 6 layers, the limit is 5' })
  assert.throws(() => verifyGraph(relus(2), { ...defaultLimits, maxElements: 9 }), /10 elements, the limit is 9/)
  verifyGraph(relus(2), { ...defaultLimits, maxElements: 10 })
  const split = { input: { shape: [10] }, layers: [{ id: 's', type: 'Split', chunks: 10 }] }
  verifyGraph(split, { ...defaultLimits, maxTensors: 11 })
  assert.throws(() => verifyGraph(split, { ...defaultLimits, maxTensors: 10 }), { code: 'LIMIT_EXCEEDED' })
})

test('weights count against the limit of elements, not outputs alone', () => {
  const spec = { input: { shape: [2 ** 21] }, layers: [{ id: 'fc', type: 'Linear', outFeatures: 2 ** 20 }] }
  assert.match(at(violationsOf(spec), '/layers/0').message, /2199023255552 elements/)
})

test('a layer without inputs reads the layer above, the first one the input', () => {
  const { layers } = verifyGraph({ input: image, layers: [{ type: 'ReLU' }, { id: 'x', type: 'Tanh' }, { type: 'ReLU' }] })
  assert.deepEqual(
    layers.map(({ id, inputs }) => [id, ...inputs]),
    [
      ['relu_1', 'input'],
      ['x', 'relu_1'],
      ['relu_2', 'x'],
    ],
  )
})

test('an id made up for a layer is never one that another layer bears, before or after it', () => {
  const { layers } = verifyGraph({
    input: image,
    layers: [{ id: 'relu_1', type: 'ReLU' }, { type: 'ReLU' }, { id: 'relu_2', type: 'ReLU' }, { type: 'ReLU' }],
  })
  assert.deepEqual(
    layers.map(({ id }) => id),
    ['relu_1', 'relu_3', 'relu_2', 'relu_4'],
  )
})

test('several outputs: id, id:0 and id:1 name tensors, and are written back in one spelling', () => {
  const graph = verifyGraph({
    input: { shape: [5, 4, 4] },
    layers: [
      { id: 's', type: 'Split', sizes: [2, 3] },
      { id: 'a', type: 'ReLU', inputs: ['s:0'] },
      { id: 'b', type: 'Conv2d', outChannels: 2, inChannels: 3, kernelSize: 1, inputs: ['s:1'] },
      { id: 'c', type: 'Add', inputs: ['a', 'b'] },
    ],
    outputs: ['c', 's:0', 's:1'],
  })
  assert.deepEqual(graph.outputs, ['c', 's', 's:1'])
  assert.deepEqual(graph.layers.find(({ id }) => id === 'a')?.inputs, ['s'])
  const row = computeCosts(graph).layers.find(({ id }) => id === 's')
  assert.deepEqual(row?.outputShapes, [
    [2, 4, 4],
    [3, 4, 4],
  ])
  assert.equal(row?.outputElements, 5 * 16)
})

test('the order in which layers are listed changes neither the graph nor a figure', () => {
  for (const preset of ['resnet18', 'googlenet', 'densenet121', 'shufflenet_v2_x1_0', 'mobilenet_v3_small']) {
    const spec = presetSpec(preset)
    const graph = verifyGraph(spec)
    const costs = computeCosts(graph, { convention: 'full' })
    for (let seed = 1; seed <= 5; seed++) {
      const shuffled = verifyGraph({ ...spec, layers: random(seed).shuffle(spec.layers) })
      assert.deepEqual(shuffled, graph, `${preset}, permutation ${seed}`)
      assert.deepEqual(computeCosts(shuffled, { convention: 'full' }), costs, `${preset}, permutation ${seed}`)
    }
  }
})

test('a graph written as JSON reads back as the same graph, for every preset', () => {
  for (const preset of presetNames) {
    const graph = presetGraph(preset)
    assert.deepEqual(verifyGraph(JSON.parse(JSON.stringify(graphToJson(graph)))), graph, preset)
  }
})

test('what was given is not changed, and later changes to it do not reach the graph', () => {
  const spec = { input: { shape: [3, 8, 8] }, layers: [{ id: 'c', type: 'Conv2d', outChannels: 2, kernelSize: [3, 3], inputs: ['input'] }] }
  const before = structuredClone(spec)
  const graph = verifyGraph(spec)
  assert.deepEqual(spec, before)
  spec.input.shape[0] = 99
  spec.layers[0]!.kernelSize[0] = 99
  spec.layers[0]!.inputs[0] = 'x'
  assert.deepEqual(graph, verifyGraph(before))
})
