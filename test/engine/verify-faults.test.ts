import assert from 'node:assert/strict'
import { test } from 'node:test'
import { violationsOf } from './violations-of.ts'

const image = { shape: [3, 32, 32] }

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
    { input: image, layers: [{ type: 'ReLU6', inplace: true }] },
    '/layers/0/inplace',
    'relu6_1',
    /ReLU6 takes none/,
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
    const problems = violationsOf(spec)
    const found = problems.find((problem) => problem.path === path)
    assert.ok(found, `${why}: nothing at ${path} in ${JSON.stringify(problems)}`)
    assert.equal(problems.length, 1, `${why}: ${JSON.stringify(problems)}`)
    assert.equal(found.layerId, layerId, why)
    assert.match(found.message, says, why)
  }
})
