import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../src/engine/cost.ts'
import { EngineError, type GraphProblem } from '../../src/engine/errors.ts'
import { graphToJson } from '../../src/engine/graph.ts'
import { defaultLimits } from '../../src/engine/limits.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { random } from './random.ts'
import { presetGraph, presetNames, presetSpec } from './zoo-graphs.ts'

const image = { shape: [3, 32, 32] }

/** Everything the verifier says about a specification; it must say something. */
function problemsOf(spec: unknown, code = 'INVALID_GRAPH'): readonly GraphProblem[] {
  try {
    verifyGraph(spec)
  } catch (error) {
    assert.ok(error instanceof EngineError, String((error as Error).stack))
    assert.equal(error.code, code)
    assert.ok(error.errors.length > 0)
    return error.errors
  }
  assert.fail('accepted')
}

/** The one problem at this path. */
function at(problems: readonly GraphProblem[], path: string): GraphProblem {
  const found = problems.filter((problem) => problem.path === path)
  assert.equal(found.length, 1, `${path} in ${JSON.stringify(problems, null, 1)}`)
  return found[0]!
}

/** One specification, one problem: where, whose, what it says. */
const refused: [why: string, spec: unknown, path: string, layerId: string | null, says: RegExp][] = [
  ['no object', [], '', null, /a graph is an object/],
  ['nothing', null, '', null, /a graph is an object/],
  ['no layers', { input: image }, '/layers', null, /at least one layer/],
  ['layers that are an object', { input: image, layers: {} }, '/layers', null, /at least one layer/],
  ['a layer that is a number', { input: image, layers: [1] }, '/layers/0', null, /an object \{type/],
  ['no input', { layers: [{ type: 'ReLU' }] }, '/layers/0/inputs', 'relu_1', /give the graph an input/],
  [
    'both ways to say input',
    { input: image, inputs: [{ id: 'a', shape: [1] }], layers: [{ type: 'ReLU', inputs: ['input'] }] },
    '/inputs',
    null,
    /not both/,
  ],
  [
    'a shape of strings',
    { input: { shape: ['3'] }, layers: [{ type: 'ReLU' }] },
    '/input/shape',
    'input',
    /\[3, 224, 224\], but is \["3"\]/,
  ],
  ['a size of 2^31', { input: { shape: [2 ** 31] }, layers: [{ type: 'ReLU' }] }, '/input/shape', 'input', /positive integers/],
  ['a key of the graph', { input: image, layer: 1, layers: [{ type: 'ReLU' }] }, '/layer', null, /did you mean "layers"\?/],
  ['a key of an input', { input: { ...image, size: 1 }, layers: [{ type: 'ReLU' }] }, '/input/size', 'input', /unknown key "size"/],
  ['no type', { input: image, layers: [{}] }, '/layers/0/type', 'layer_1', /type is missing/],
  ['a type in other letters', { input: image, layers: [{ type: 'conv2D' }] }, '/layers/0/type', 'layer_1', /did you mean "Conv2d"\?/],
  [
    'a type of another framework',
    { input: image, layers: [{ type: 'Max_Pool_2d' }] },
    '/layers/0/type',
    'layer_1',
    /did you mean "MaxPool2d"\?/,
  ],
  [
    'an attribute in PyTorch’s letters',
    { input: image, layers: [{ id: 'c', type: 'Conv2d', outChannels: 1, kernelSize: 1, out_channels: 2 }] },
    '/layers/0/out_channels',
    'c',
    /did you mean "outChannels"\?/,
  ],
  [
    'an attribute where there is none',
    { input: image, layers: [{ type: 'ReLU', inplace: true }] },
    '/layers/0/inplace',
    'relu_1',
    /ReLU takes none/,
  ],
  [
    'a missing attribute',
    { input: image, layers: [{ type: 'Conv2d', outChannels: 1 }] },
    '/layers/0/kernelSize',
    'conv2d_1',
    /Conv2d needs kernelSize: an integer of at least 1, or a list of 2/,
  ],
  [
    'an attribute of the wrong kind',
    { input: image, layers: [{ type: 'Conv2d', outChannels: 1, kernelSize: '3' }] },
    '/layers/0/kernelSize',
    'conv2d_1',
    /kernelSize is "3", but must be an integer/,
  ],
  [
    'an unknown padding word',
    { input: image, layers: [{ type: 'Conv2d', outChannels: 1, kernelSize: 3, padding: 'full' }] },
    '/layers/0/padding',
    'conv2d_1',
    /"same", or "valid"/,
  ],
  [
    'an id with a space',
    { input: image, layers: [{ id: 'a b', type: 'ReLU' }] },
    '/layers/0/id',
    null,
    /letters, digits.*this one is "a b"/,
  ],
  ['an id that is a number', { input: image, layers: [{ id: 7, type: 'ReLU' }] }, '/layers/0/id', null, /this one is 7/],
  ['an id of 201 letters', { input: image, layers: [{ id: 'a'.repeat(201), type: 'ReLU' }] }, '/layers/0/id', null, /1 to 200/],
  [
    'an id twice',
    {
      input: image,
      layers: [
        { id: 'a', type: 'ReLU' },
        { id: 'a', type: 'ReLU' },
      ],
    },
    '/layers/1/id',
    'a',
    /id "a" is taken by \/layers\/0/,
  ],
  [
    'a layer that takes the input’s id',
    { input: image, layers: [{ id: 'input', type: 'ReLU', inputs: ['input'] }] },
    '/layers/0/id',
    'input',
    /taken by \/input/,
  ],
  [
    'inputs that are no list',
    { input: image, layers: [{ id: 'a', type: 'ReLU', inputs: 'input' }] },
    '/layers/0/inputs',
    'a',
    /a list of ids/,
  ],
  [
    'too many inputs',
    { input: image, layers: [{ id: 'a', type: 'ReLU', inputs: ['input', 'input'] }] },
    '/layers/0/inputs',
    'a',
    /ReLU takes 1 input, but has 2/,
  ],
  ['too few inputs', { input: image, layers: [{ id: 'a', type: 'Add' }] }, '/layers/0/inputs', 'a', /Add takes 2 to 64 inputs, but has 1/],
  [
    'a misspelt reference',
    {
      input: image,
      layers: [
        { id: 'conv1', type: 'ReLU' },
        { id: 'b', type: 'ReLU', inputs: ['conv_1'] },
      ],
    },
    '/layers/1/inputs/0',
    'b',
    /there is no layer or input "conv_1"; did you mean "conv1"\?/,
  ],
  [
    'an output that a layer has not',
    {
      input: image,
      layers: [
        { id: 'a', type: 'ReLU' },
        { id: 'b', type: 'ReLU', inputs: ['a:1'] },
      ],
    },
    '/layers/1/inputs/0',
    'b',
    /"a:1" asks for an output that a does not have/,
  ],
  ['outputs that are no list', { input: image, layers: [{ type: 'ReLU' }], outputs: 'relu_1' }, '/outputs', null, /a list of 1 to 1000/],
  ['no outputs', { input: image, layers: [{ type: 'ReLU' }], outputs: [] }, '/outputs', null, /a list of 1 to 1000/],
  [
    'a misspelt output',
    { input: image, layers: [{ id: 'fc8', type: 'ReLU' }], outputs: ['fc9'] },
    '/outputs/0',
    null,
    /did you mean "fc8"\?/,
  ],
  [
    'an input as output',
    { input: image, layers: [{ type: 'ReLU' }], outputs: ['input'] },
    '/outputs/0',
    'input',
    /is an input: name a layer/,
  ],
  [
    'an output in two spellings',
    { input: image, layers: [{ id: 'a', type: 'ReLU' }], outputs: ['a', 'a:0'] },
    '/outputs/1',
    'a',
    /"a:0" is listed twice/,
  ],
  [
    'an output past the last',
    { input: image, layers: [{ id: 's', type: 'Split', chunks: 3 }], outputs: ['s:3'] },
    '/outputs/0',
    's',
    /asks for an output that layer s does not have/,
  ],
  [
    'a layer that reads itself',
    { input: image, layers: [{ id: 'a', type: 'Add', inputs: ['input', 'a'] }] },
    '/layers/0/inputs',
    'a',
    /cycle: a → a/,
  ],
  [
    'a cycle beside the network',
    {
      input: image,
      layers: [
        { id: 'a', type: 'ReLU', inputs: ['c'] },
        { id: 'b', type: 'ReLU', inputs: ['a'] },
        { id: 'c', type: 'ReLU', inputs: ['b'] },
        { id: 'd', type: 'ReLU', inputs: ['input'] },
      ],
    },
    '/layers/0/inputs',
    'a',
    /cycle: a → b → c → a/,
  ],
  [
    'a branch that leads nowhere',
    {
      input: image,
      layers: [
        { id: 'a', type: 'ReLU' },
        { id: 'b', type: 'ReLU', inputs: ['input'] },
      ],
    },
    '/layers/0',
    'a',
    /layer a leads to no output: remove it, or add it to outputs/,
  ],
  [
    'an input that nobody reads',
    {
      inputs: [
        { id: 'x', shape: [1] },
        { id: 'y', shape: [1] },
      ],
      layers: [{ type: 'ReLU', inputs: ['x'] }],
    },
    '/inputs',
    'y',
    /no layer that leads to an output reads input y/,
  ],
  [
    'channels that do not meet',
    {
      input: image,
      layers: [
        { id: 'c', type: 'Conv2d', outChannels: 8, kernelSize: 1 },
        { id: 's', type: 'Add', inputs: ['c', 'input'] },
      ],
    },
    '/layers/1',
    's',
    /8×32×32 and 3×32×32 \(input c: 8×32×32, input: 3×32×32\)/,
  ],
  [
    'a negative output size',
    { input: image, layers: [{ id: 'p', type: 'MaxPool2d', kernelSize: 64 }] },
    '/layers/0/kernelSize',
    'p',
    /spans 64 along the height, but the input is 32.*at most 32/,
  ],
  [
    'a tensor past the limit of elements',
    { input: { shape: [1, 2 ** 20, 2 ** 20] }, layers: [{ id: 'c', type: 'Conv2d', outChannels: 2, kernelSize: 1 }] },
    '/layers/0',
    'c',
    /a tensor of layer c has 2199023255552 elements, the limit is 1099511627776/,
  ],
  [
    'a tensor past 2^53 − 1',
    { input: { shape: [2 ** 30, 2 ** 30, 1] }, layers: [{ id: 'r', type: 'ReLU' }] },
    '/layers/0',
    'r',
    /layer r: a count passes 2\^53 − 1/,
  ],
]

test('each fault is told where it stands, in which layer, and with what would be right', () => {
  for (const [why, spec, path, layerId, says] of refused) {
    const problems = problemsOf(spec)
    const found = problems.find((problem) => problem.path === path)
    assert.ok(found, `${why}: nothing at ${path} in ${JSON.stringify(problems)}`)
    assert.equal(problems.length, 1, `${why}: ${JSON.stringify(problems)}`)
    assert.equal(found.layerId, layerId, why)
    assert.match(found.message, says, why)
  }
})

test('ten faults of ten kinds in one specification are told at once', () => {
  const problems = problemsOf({
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
  const wrong = problemsOf({ input: image, layers: [side, { id: 'a', type: 'ReLU', slope: 1, inputs: ['input'] }] })
  assert.match(at(wrong, '/layers/0').message, /leads to no output/)
  assert.equal(wrong.length, 2)
  const broken = problemsOf({ input: image, layers: [side, { id: 'a', type: 'ReLU', inputs: ['sied'] }] })
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
  assert.match(at(problemsOf(spec), '/layers/0').message, /2199023255552 elements/)
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
