import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { EngineError } from '../../../../src/engine/errors.ts'
import { importKeras, importTfjsLayers } from '../../../../src/engine/formats/keras/index.ts'
import { defaultLimits } from '../../../../src/engine/limits.ts'
import { random } from '../../random.ts'
import { functional, input, on, sequential } from './models.ts'

const refusal = (work: () => unknown): EngineError => {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof EngineError, String((error as Error).stack))
    return error
  }
  assert.fail('accepted')
}

const dense = { units: 3 }
const one = (layer: [string, Record<string, unknown>], shape: (number | null)[] | null = [4]) => sequential(shape, [layer])
const map = [8, 8, 3]
const two = (layer: ReturnType<typeof on>, a = [4], b = [4]) =>
  functional([input('x', ...a), input('y', ...b), layer], ['x', 'y'], [layer.name])

/** One model, one problem: where, whose, what it says. */
const refused: [why: string, model: unknown, path: string, says: RegExp][] = [
  ['text', '{"class_name": "Sequential"}', '', /the object that model.to_json\(\) writes/],
  ['a class of the user’s own', { class_name: 'MyModel', config: {} }, '', /class_name is "MyModel": a model is Functional or Sequential/],
  ['the other format', { modelTopology: {} }, '', /send it as tfjs/],
  ['no layers', { class_name: 'Functional', config: { layers: [] } }, '/config/layers', /at least one layer/],
  ['a layer that is a number', { class_name: 'Sequential', config: { layers: [3] } }, '/config/layers/0', /an object with class_name/],
  ['an unknown class', one(['LSTM', { units: 3 }]), '/config/layers/0/class_name', /l0 has the class LSTM, which is not known/],
  ['a class in other letters', one(['Conv2d', {}]), '/config/layers/0/class_name', /did you mean "Conv2D"\?/],
  [
    'a wrapper',
    one(['TimeDistributed', { layer: { class_name: 'Dense', config: dense } }]),
    '/config/layers/0/class_name',
    /TimeDistributed, around a Dense,/,
  ],
  ['units that are text', one(['Dense', { units: '3' }]), '/config/layers/0/config/units', /units is "3", but must be a positive integer/],
  ['no filters', one(['Conv2D', { kernel_size: 3 }], map), '/config/layers/0/config/filters', /filters is undefined/],
  ['a kernel of 0', one(['Conv2D', { filters: 1, kernel_size: 0 }], map), '/config/layers/0/config/kernel_size', /a list of 2/],
  ['an unknown padding', one(['MaxPooling2D', { padding: 'full' }], map), '/config/layers/0/config/padding', /"valid", "same"/],
  [
    'an unknown activation',
    one(['Dense', { units: 3, activation: 'sigmod' }]),
    '/config/layers/0/config/activation',
    /did you mean "sigmoid"/,
  ],
  ['a threshold', one(['ReLU', { threshold: 0.1 }]), '/config/layers/0/config/threshold', /must be 0/],
  [
    'a clipped slope',
    one(['ReLU', { max_value: 6, negative_slope: 0.1 }]),
    '/config/layers/0/config/negative_slope',
    /0 where there is a max_value/,
  ],
  ['a slope for each position', one(['PReLU', {}], map), '/config/layers/0/config/shared_axes', /\[1, 2\]: a slope for each channel/],
  [
    'norms that are no last axes',
    one(['LayerNormalization', { axis: 1 }], map),
    '/config/layers/0/config/axis',
    /the last axis, or the last ones/,
  ],
  ['a shift alone', one(['LayerNormalization', { scale: false }]), '/config/layers/0/config/scale', /true where center is/],
  ['a norm read backwards', one(['Normalization', { invert: true }]), '/config/layers/0/config/invert', /false/],
  [
    'constants for other channels',
    one(['Rescaling', { scale: [1, 2] }], map),
    '/config/layers/0/config/scale',
    /scale has 2 numbers, but the input has 3 channels/,
  ],
  [
    'a difference of one',
    functional([input('x', 4), on('Subtract', 's', 'x')], ['x'], ['s']),
    '/config/layers/1/inbound_nodes',
    /at least two inputs/,
  ],
  [
    'an unknown interpolation',
    one(['UpSampling2D', { interpolation: 'area' }], map),
    '/config/layers/0/config/interpolation',
    /"nearest", "bilinear"/,
  ],
  [
    'output padding as large as the stride',
    one(['Conv2DTranspose', { filters: 1, kernel_size: 3, strides: 2, output_padding: 2 }], map),
    '/config/layers/0',
    /must be smaller than stride 2/,
  ],
  ['a map where a vector is', one(['Conv2D', { filters: 1, kernel_size: 3 }]), '/config/layers/0', /3 axes beside the batch, but gets 1/],
  ['a window that is too large', one(['Conv2D', { filters: 1, kernel_size: 9 }], map), '/config/layers/0', /spans 9 along the height/],
  [
    'groups that do not divide',
    one(['Conv2D', { filters: 4, kernel_size: 3, groups: 2 }], map),
    '/config/layers/0',
    /groups 2 must divide/,
  ],
  [
    'an axis that is no channel',
    one(['BatchNormalization', { axis: 2 }], map),
    '/config/layers/0/config/axis',
    /neither the last nor the first/,
  ],
  [
    'a shape that does not fit',
    one(['Reshape', { target_shape: [5] }]),
    '/config/layers/0/config/target_shape',
    /does not fit the 4 elements/,
  ],
  ['dims twice', one(['Permute', { dims: [1, 1] }], [4, 5]), '/config/layers/0/config/dims', /each of 1 to 2 once/],
  ['all cut off', one(['Cropping2D', { cropping: 4 }], map), '/config/layers/0/config/cropping', /less than the 8/],
  ['an open size', one(['Conv2D', { filters: 1, kernel_size: 3 }], [null, 8, 3]), '/config/layers/0/config', /open×8×3: give inputShape/],
  ['a negative size', one(['Dense', dense], [-4]), '/config/layers/0/config', /the input is -4/],
  ['no input shape', one(['Dense', dense], null), '/config/layers/0', /build it before writing it/],
  ['2^31 by 2^31', one(['Dense', { units: 2 ** 31 - 1 }], [2 ** 31 - 1]), '/config/layers/0', /passes 2\^53/],
  ['joined along the batch', two(on('Concatenate', 'c', ['x', 'y'], { axis: 0 })), '/config/layers/2/config/axis', /the batch/],
  ['sums of two shapes', two(on('Add', 'a', ['x', 'y']), [4], [5]), '/config/layers/2', /inputs of one shape/],
  ['a sum of vector and map', two(on('Add', 'a', ['x', 'y']), [4], map), '/config/layers/2', /one rank, but gets 1, 3/],
  [
    'a Dense on two inputs',
    two(on('Dense', 'd', ['x', 'y'], dense)),
    '/config/layers/2/inbound_nodes',
    /takes one input, but is called on 2/,
  ],
  [
    'a cycle',
    functional([input('x', 4), on('Add', 'a', ['x', 'b']), on('ReLU', 'b', 'a')], ['x'], ['b']),
    '/config/layers/2',
    /the layers form a cycle through "a"/,
  ],
  ['itself', functional([input('x', 4), on('Add', 'a', ['x', 'a'])], ['x'], ['a']), '/config/layers/1', /form a cycle/],
  [
    'a layer that is not there',
    functional([input('image', 4), on('ReLU', 'a', 'imag')], ['image'], ['a']),
    '/config/layers/1/inbound_nodes/0',
    /no layer "imag"; did you mean "image"/,
  ],
  [
    'a call that was not made',
    functional([input('x', 4), on('ReLU', 'a', 'x')], ['x'], [['a', 1], 'a']),
    '/config/output_layers',
    /call 1, output 0 of layer "a" does not exist/,
  ],
  [
    'a layer that nothing calls',
    functional([input('x', 4), on('ReLU', 'a', 'x'), { class_name: 'ReLU', name: 'b' }], ['x'], ['a']),
    '/config/layers/2',
    /nothing calls this layer/,
  ],
  [
    'a name twice',
    functional([input('x', 4), on('ReLU', 'a', 'x'), on('ReLU', 'a', 'x')], ['x'], ['a']),
    '/config/layers/2/config/name',
    /must differ/,
  ],
  [
    'one input a hundred thousand times',
    functional([input('x', 4), on('ReLU', 'a', 'x')], new Array(100_000).fill('x'), ['a']),
    '/config/input_layers',
    /each of its own, but this one names 100000/,
  ],
  ['an input that is not read', two(on('ReLU', 'a', 'x')), '/config/layers/1', /reads input y/],
  [
    'weights shared over two shapes',
    functional(
      [input('x', 4), input('y', 5), { class_name: 'Dense', name: 'd', config: dense, calls: [['x'], ['y']] }],
      ['x', 'y'],
      ['d', ['d', 1]],
    ),
    '/config/layers/2',
    /weight 3×4, bias 3, but this layer needs weight 3×5/,
  ],
]

test('what cannot be read is refused with the place in the JSON and what would be right', () => {
  for (const [why, model, path, says] of refused) {
    const { code, errors } = refusal(() => importKeras(model))
    assert.equal(code, 'INVALID_KERAS', why)
    assert.deepEqual(
      errors.map((error) => error.path),
      [path],
      `${why}: ${JSON.stringify(errors)}`,
    )
    assert.match(errors[0]!.message, says, why)
  }
})

test('a TF.js graph model has no layers to read, and is told how to get them', () => {
  for (const [json, says] of [
    [{ format: 'graph-model', modelTopology: { node: [] } }, /graph model, which has no layers/],
    [{ modelTopology: { node: [] } }, /tfjs_layers_model/],
    [[], /the object of model\.json/],
    [{ class_name: 'Functional' }, /with modelTopology/],
  ] as const)
    assert.match(refusal(() => importTfjsLayers(json)).errors[0]!.message, says)
})

test('problems of several layers come together', () => {
  const { errors } = refusal(() =>
    importKeras(
      sequential(
        [4],
        [
          ['Dense', { units: 0 }],
          ['LSTM', {}],
          ['Densee', {}],
        ],
      ),
    ),
  )
  assert.deepEqual(
    errors.map(({ path }) => path),
    ['/config/layers/1/class_name', '/config/layers/2/class_name'],
  )
  const { errors: two } = refusal(() =>
    importKeras(
      functional(
        [input('x', 4), on('Dense', 'a', 'x', { units: 0 }), on('Dense', 'b', 'x', { units: 'b' }), on('Add', 'c', ['a', 'b'])],
        ['x'],
        ['c'],
      ),
    ),
  )
  assert.deepEqual(
    two.map(({ path }) => path),
    ['/config/layers/1/config/units', '/config/layers/2/config/units'],
  )
})

test('models that call models twice, thirty deep, end at the limit and not after 2^30 calls', () => {
  for (const inner of [on('Dense', 'd', 'x', { units: 4 }), null]) {
    let model = functional([input('x', 4), ...(inner ? [inner] : [])], ['x'], [inner ? 'd' : 'x'])
    for (let i = 0; i < 30; i++)
      model = functional([input('x', 4), { class_name: 'Functional', name: 'm', model, calls: [['x'], [['m', 1]]] }], ['x'], [['m', 2]])
    assert.equal(refusal(() => importKeras(model)).code, 'LIMIT_EXCEEDED')
  }
})

test('models a thousand deep are refused by their depth, and more layers than the limit by their number', () => {
  let model = functional([input('x', 4), on('ReLU', 'r', 'x')], ['x'], ['r'])
  for (let i = 0; i < 1000; i++)
    model = functional([input('x', 4), { class_name: 'Functional', name: 'm', model, calls: [['x']] }], ['x'], ['m'])
  assert.match(refusal(() => importKeras(model)).errors[0]!.message, /the limit is 32/)
  const long = sequential(
    [4],
    Array.from({ length: 60 }, () => ['ReLU', {}]),
  )
  assert.equal(importKeras(long).layers.length, 60)
  assert.equal(refusal(() => importKeras(long, { limits: { ...defaultLimits, maxLayers: 50 } })).code, 'LIMIT_EXCEEDED')
})

test('whatever is put in the place of whatever in a model, it is read or refused with a code', () => {
  const values = [
    null,
    true,
    -1,
    0,
    1.5,
    2 ** 31,
    2 ** 53,
    '',
    'relu',
    'conv1',
    [],
    [[]],
    [null],
    {},
    { class_name: 'Dense' },
    ['conv1', 0, 0],
  ]
  const fixtures = ['keras/MobileNet.keras2.json', 'keras/MobileNet.keras3.json', 'tfjs/MobileNet.model.json']
  const texts = fixtures.map((path) => readFileSync(new URL(`../../../fixtures/${path}`, import.meta.url), 'utf8'))
  const { below, pick } = random(24)
  let refusals = 0
  for (let round = 0; round < 150; round++) {
    const which = below(3)
    const json = JSON.parse(texts[which]!)
    for (let change = 0; change < 2; change++) {
      let parent = json
      for (let depth = below(9); depth >= 0; depth--) {
        const children = Object.values(parent).filter((value) => typeof value === 'object' && value !== null)
        if (children.length === 0) break
        parent = pick(children)
      }
      const keys = Object.keys(parent)
      if (keys.length > 0) parent[pick(keys)] = pick(values)
    }
    try {
      if (which === 2) importTfjsLayers(json)
      else importKeras(json)
    } catch (error) {
      assert.ok(error instanceof EngineError, `round ${round}: ${(error as Error).stack}`)
      assert.ok(['INVALID_KERAS', 'LIMIT_EXCEEDED'].includes(error.code), error.code)
      for (const { path, message } of error.errors) assert.ok(typeof path === 'string' && message.length < 500)
      refusals += 1
    }
  }
  assert.ok(refusals > 20, String(refusals))
})
