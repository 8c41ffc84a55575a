import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importKeras, importTfjsLayers } from '../../../../src/engine/formats/keras/index.ts'
import { layerClasses } from '../../../../src/engine/formats/keras/layers/index.ts'
import type { Graph } from '../../../../src/engine/graph.ts'
import { inferShapes } from '../../../../src/engine/infer.ts'
import { distance, inputsOf, runOnnx, runTfjs, tolerance } from '../../run-graph.ts'
import { functional, type HandLayer, input, on, sequential } from './models.ts'

const row = (graph: Graph, id: string) => computeCosts(graph).layers.find((layer) => layer.id === id)!
const one = (shape: number[], layer: [string, Record<string, unknown>]) => importKeras(sequential(shape, [layer]))
/** Output shape as the engine has it, and parameters: what Keras's documentation says of a layer. */
const sizes: [class_name: string, config: Record<string, unknown>, input: number[], output: number[], params: number, buffers: number][] = [
  ['Conv2D', { filters: 8, kernel_size: 3 }, [9, 9, 2], [8, 7, 7], 8 * 2 * 9 + 8, 0],
  ['Conv2D', { filters: 8, kernel_size: [3, 5], strides: 2, padding: 'same', use_bias: false }, [9, 8, 2], [8, 5, 4], 8 * 2 * 15, 0],
  ['Conv2D', { filters: 8, kernel_size: 3, dilation_rate: 2, groups: 2 }, [9, 9, 4], [8, 5, 5], 8 * 2 * 9 + 8, 0],
  ['Conv2D', { filters: 8, kernel_size: 3, data_format: 'channels_first' }, [2, 9, 9], [8, 7, 7], 8 * 2 * 9 + 8, 0],
  ['DepthwiseConv2D', { kernel_size: 3, depth_multiplier: 3 }, [9, 9, 2], [6, 7, 7], 6 * 9 + 6, 0],
  ['SeparableConv2D', { filters: 5, kernel_size: 3, depth_multiplier: 2 }, [9, 9, 2], [5, 7, 7], 4 * 9 + 4 * 5 + 5, 0],
  ['Conv1D', { filters: 8, kernel_size: 3, strides: 2 }, [20, 4], [8, 9], 8 * 4 * 3 + 8, 0],
  ['Conv1D', { filters: 8, kernel_size: [3], padding: 'causal', dilation_rate: [2] }, [20, 4], [8, 20], 8 * 4 * 3 + 8, 0],
  ['DepthwiseConv1D', { kernel_size: 3, depth_multiplier: 2, strides: 2 }, [20, 4], [8, 9], 8 * 3 + 8, 0],
  ['SeparableConv1D', { filters: 5, kernel_size: 3, padding: 'same' }, [20, 4], [5, 20], 4 * 3 + 4 * 5 + 5, 0],
  ['ZeroPadding1D', { padding: [1, 2] }, [20, 4], [4, 23], 0, 0],
  ['RandomFlip', { mode: 'horizontal' }, [4, 5, 2], [2, 4, 5], 0, 0],
  ['Dense', { units: 7 }, [5], [7], 42, 0],
  ['Dense', { units: 7, use_bias: false }, [6, 5], [7, 6], 35, 0],
  ['Dense', { units: 7 }, [4, 6, 5], [7, 4, 6], 42, 0],
  ['BatchNormalization', { epsilon: 0.001 }, [4, 6, 5], [5, 4, 6], 10, 10],
  ['BatchNormalization', { scale: false, axis: [3] }, [4, 6, 5], [5, 4, 6], 5, 10],
  ['BatchNormalization', { center: false }, [6, 5], [5, 6], 5, 10],
  ['BatchNormalization', { center: false, scale: false }, [5], [5], 0, 10],
  ['BatchNormalization', { axis: 1 }, [4, 6, 5], [4, 6, 5], 8, 8],
  ['MaxPooling2D', {}, [9, 9, 2], [2, 4, 4], 0, 0],
  ['MaxPooling2D', { pool_size: 3, strides: 2, padding: 'same' }, [9, 9, 2], [2, 5, 5], 0, 0],
  ['AveragePooling2D', { pool_size: [2, 3], strides: null }, [8, 9, 2], [2, 4, 3], 0, 0],
  ['MaxPooling1D', { pool_size: 2 }, [9, 4], [4, 4], 0, 0],
  ['AveragePooling1D', { pool_size: [3], strides: [2], padding: 'same' }, [9, 4], [4, 5], 0, 0],
  ['GlobalAveragePooling2D', {}, [9, 9, 2], [2], 0, 0],
  ['GlobalAveragePooling2D', { keepdims: true }, [9, 9, 2], [2, 1, 1], 0, 0],
  ['GlobalAveragePooling1D', {}, [9, 2], [2], 0, 0],
  ['GlobalAveragePooling1D', { keepdims: true }, [9, 2], [2, 1], 0, 0],
  [
    'ZeroPadding2D',
    {
      padding: [
        [1, 2],
        [0, 3],
      ],
    },
    [4, 5, 2],
    [2, 7, 8],
    0,
    0,
  ],
  ['ZeroPadding2D', { padding: [1, 2] }, [4, 5, 2], [2, 6, 9], 0, 0],
  ['Cropping2D', { cropping: 1 }, [4, 5, 2], [2, 2, 3], 0, 0],
  [
    'Cropping2D',
    {
      cropping: [
        [0, 1],
        [2, 0],
      ],
    },
    [4, 5, 2],
    [2, 3, 3],
    0,
    0,
  ],
  ['Cropping1D', { cropping: [1, 2] }, [9, 2], [2, 6], 0, 0],
  ['Reshape', { target_shape: [-1, 4] }, [4, 5, 2], [10, 4], 0, 0],
  ['Reshape', { target_shape: [1, 1, 6] }, [6], [6, 1, 1], 0, 0],
  ['Permute', { dims: [3, 1, 2] }, [4, 5, 2], [2, 4, 5], 0, 0],
  ['ReLU', { max_value: 6 }, [3], [3], 0, 0],
  ['Softmax', { axis: -1 }, [4, 5, 2], [2, 4, 5], 0, 0],
  ['SpatialDropout2D', { rate: 0.2 }, [4, 5, 2], [2, 4, 5], 0, 0],
  ['Activation', { activation: 'swish' }, [4, 5, 2], [2, 4, 5], 0, 0],
  ['GaussianNoise', { stddev: 1 }, [3], [3], 0, 0],
  // deconv_output_length of Keras: size·stride, or where valid that and what the kernel has beyond the stride.
  ['Conv2DTranspose', { filters: 8, kernel_size: 3, strides: 2 }, [9, 9, 2], [8, 19, 19], 8 * 2 * 9 + 8, 0],
  ['Conv2DTranspose', { filters: 8, kernel_size: 2, strides: 3 }, [9, 9, 2], [8, 27, 27], 8 * 2 * 4 + 8, 0],
  [
    'Conv2DTranspose',
    { filters: 8, kernel_size: [4, 1], strides: 2, padding: 'same', use_bias: false },
    [9, 8, 2],
    [8, 18, 16],
    8 * 2 * 4,
    0,
  ],
  // (9 − 1)·2 + 3 − 2·⌊3/2⌋ + 1.
  [
    'Conv2DTranspose',
    { filters: 8, kernel_size: 3, strides: 2, padding: 'same', output_padding: 1 },
    [9, 9, 2],
    [8, 18, 18],
    8 * 2 * 9 + 8,
    0,
  ],
  [
    'Conv2DTranspose',
    { filters: 8, kernel_size: 3, strides: 2, padding: 'same', output_padding: [0, 0] },
    [9, 9, 2],
    [8, 17, 17],
    8 * 2 * 9 + 8,
    0,
  ],
  ['Conv1DTranspose', { filters: 8, kernel_size: 3, strides: 2, output_padding: 1 }, [20, 4], [8, 42], 8 * 4 * 3 + 8, 0],
  ['Conv3DTranspose', { filters: 8, kernel_size: 3, strides: 2 }, [4, 5, 6, 2], [8, 9, 11, 13], 8 * 2 * 27 + 8, 0],
  ['Conv3D', { filters: 8, kernel_size: [1, 3, 3], strides: 2, padding: 'same' }, [4, 9, 8, 2], [8, 2, 5, 4], 8 * 2 * 9 + 8, 0],
  ['BatchNormalization', {}, [4, 9, 8, 2], [2, 4, 9, 8], 4, 4],
  ['MaxPooling3D', {}, [4, 9, 8, 2], [2, 2, 4, 4], 0, 0],
  ['AveragePooling3D', { pool_size: 3, strides: 1, padding: 'same' }, [4, 9, 8, 2], [2, 4, 9, 8], 0, 0],
  ['GlobalAveragePooling3D', {}, [4, 9, 8, 2], [2], 0, 0],
  ['GlobalMaxPooling3D', { keepdims: true }, [4, 9, 8, 2], [2, 1, 1, 1], 0, 0],
  [
    'ZeroPadding3D',
    {
      padding: [
        [0, 1],
        [2, 0],
        [1, 1],
      ],
    },
    [4, 9, 8, 2],
    [2, 5, 11, 10],
    0,
    0,
  ],
  ['SpatialDropout3D', { rate: 0.2 }, [4, 9, 8, 2], [2, 4, 9, 8], 0, 0],
  ['GlobalMaxPooling2D', {}, [9, 9, 2], [2], 0, 0],
  ['GlobalMaxPooling1D', { keepdims: true }, [9, 2], [2, 1], 0, 0],
  ['UpSampling2D', { size: [2, 3] }, [4, 5, 2], [2, 8, 15], 0, 0],
  ['UpSampling1D', { size: 3 }, [9, 2], [2, 27], 0, 0],
  ['UpSampling3D', {}, [4, 9, 8, 2], [2, 8, 18, 16], 0, 0],
  ['LayerNormalization', { axis: [3] }, [4, 5, 6], [4, 5, 6], 12, 0],
  ['LayerNormalization', { axis: [1, 2, 3], center: false }, [4, 5, 6], [4, 5, 6], 120, 0],
  ['LayerNormalization', {}, [7], [7], 14, 0],
  ['LeakyReLU', { alpha: 0.1 }, [4, 5, 6], [6, 4, 5], 0, 0],
  ['ELU', {}, [4, 5, 6], [6, 4, 5], 0, 0],
  ['PReLU', { shared_axes: [1, 2] }, [4, 5, 6], [6, 4, 5], 6, 0],
  ['PReLU', {}, [7], [7], 7, 0],
  ['LayerScale', { init_values: 1e-6, projection_dim: 6 }, [4, 5, 6], [6, 4, 5], 6, 0],
  ['ReLU', { max_value: 4 }, [3], [3], 0, 0],
  ['Rescaling', { scale: 0.1, offset: -1 }, [4, 5, 3], [3, 4, 5], 0, 0],
  ['Normalization', { axis: -1 }, [4, 5, 3], [3, 4, 5], 0, 6],
  ['Normalization', { mean: [1, 2, 3], variance: [4, 5, 6] }, [4, 5, 3], [3, 4, 5], 0, 0],
]

test('each layer class: output shape, parameters and statistics', () => {
  for (const [class_name, config, shape, output, params, buffers] of sizes) {
    const graph = one(shape, [class_name, config])
    const { totals } = computeCosts(graph)
    assert.deepEqual(inferShapes(graph).at(-1)!.outputs[0]!.slice(1), output, `${class_name} ${JSON.stringify(config)}`)
    assert.deepEqual([totals.params, totals.buffers], [params, buffers], `${class_name} ${JSON.stringify(config)}`)
  }
})

/** Elements of a tensor in Keras's order, by a rule from the input's in Keras's order: H×W×C maps of 3×4×2. */
const [H, W, C] = [3, 4, 2]
const at = (h: number, w: number, c: number) => (h * W + w) * C + c
const moves: [string, [string, Record<string, unknown>][], number[]][] = [
  ['Flatten is row-major over H×W×C', [['Flatten', {}]], Array.from({ length: H * W * C }, (_, i) => i)],
  [
    'and so is what is reshaped from it',
    [
      ['Flatten', {}],
      ['Reshape', { target_shape: [8, 3] }],
    ],
    Array.from({ length: H * W * C }, (_, i) => i),
  ],
  ['Reshape of a map', [['Reshape', { target_shape: [6, 4] }]], Array.from({ length: H * W * C }, (_, i) => i)],
  [
    'Reshape to a map',
    [
      ['Reshape', { target_shape: [4, 2, 3] }],
      ['Activation', { activation: 'linear' }],
      ['Flatten', {}],
    ],
    Array.from({ length: H * W * C }, (_, i) => i),
  ],
  [
    'Permute counts from 1',
    [
      ['Permute', { dims: [2, 3, 1] }],
      ['Flatten', {}],
    ],
    Array.from({ length: W * C * H }, (_, i) => at(i % H, Math.floor(i / (C * H)), Math.floor(i / H) % C)),
  ],
  [
    'Cropping2D cuts rows and columns',
    [
      [
        'Cropping2D',
        {
          cropping: [
            [1, 0],
            [0, 2],
          ],
        },
      ],
      ['Flatten', {}],
    ],
    [1, 2].flatMap((h) => [0, 1].flatMap((w) => [0, 1].map((c) => at(h, w, c)))),
  ],
]

test('elements end where Keras puts them, in both runtimes', async () => {
  for (const [what, layers, expected] of moves) {
    const graph = importKeras(sequential([H, W, C], layers))
    const { id } = graph.inputs[0]!
    // The graph takes C×H×W; every element says where it lies in Keras's order.
    const fed = Float32Array.from({ length: C * H * W }, (_, i) => at(Math.floor(i / W) % H, i % W, Math.floor(i / (H * W))))
    for (const run of [runOnnx, runTfjs]) {
      const [values] = await run(graph, { [id]: fed })
      assert.deepEqual([...values!], expected, what)
    }
  }
})

/** x → y of one element, by the formulas of Keras's documentation. */
const functions: [layer: [string, Record<string, unknown>], x: number, y: number][] = [
  [['ReLU', { max_value: 4 }], 5, 4],
  [['ReLU', { negative_slope: 0.5 }], -3, -1.5],
  [['LeakyReLU', {}], -2, -0.6],
  [['LeakyReLU', { negative_slope: 0.2 }], -2, -0.4],
  [['ELU', { alpha: 2 }], -1, 2 * (Math.exp(-1) - 1)],
  [['Activation', { activation: 'elu' }], -1, Math.exp(-1) - 1],
  [['Activation', { activation: 'selu' }], 1, 1.05070098],
  [['Activation', { activation: 'softplus' }], 2, Math.log(1 + Math.exp(2))],
  [['Activation', { activation: 'leaky_relu' }], -2, -0.4],
  [['Activation', { activation: 'mish' }], 1, Math.tanh(Math.log(1 + Math.E))],
  // Keras 2, as `sequential` writes it: clip(0.2·x + 0.5, 0, 1), where Keras 3 has x / 6 + ½.
  [['Activation', { activation: 'hard_sigmoid' }], 1, 0.7],
  [['Activation', { activation: 'hard_sigmoid' }], -2.75, 0],
  [['Rescaling', { scale: 1 / 127.5, offset: -1 }], 255, 1],
  [['Rescaling', { scale: 1, offset: 0 }], 3, 3],
  [['Normalization', { mean: 3, variance: 4 }], 7, 2],
]
test('functions and constants by their formulas, in both runtimes', async () => {
  for (const [layer, x, y] of functions) {
    const graph = one([1], layer)
    for (const run of [runOnnx, runTfjs]) {
      const [got] = await run(graph, { [graph.inputs[0]!.id]: Float32Array.of(x) })
      assert.ok(Math.abs(got![0]! - y) < 1e-5, `${JSON.stringify(layer)}: ${got![0]}, not ${y}`)
    }
  }
})

test('constants of each channel meet their channel, whatever the layout', async () => {
  const graph = importKeras(sequential([1, 2, 3], [['Rescaling', { scale: [[[1, 10, 100]]], offset: [1, 2, 3] }]]))
  for (const run of [runOnnx, runTfjs]) {
    const [got] = await run(graph, { [graph.inputs[0]!.id]: Float32Array.of(1, 2, 3, 4, 5, 6) })
    assert.deepEqual([...got!], [2, 3, 32, 42, 503, 603])
  }
})

test('Average, Maximum, Minimum and Subtract by element', async () => {
  for (const [type, inputs, y] of [
    ['Average', ['a', 'b', 'a'], [2, 10 / 3]],
    ['Maximum', ['a', 'b', 'c'], [4, 9]],
    ['Minimum', ['a', 'b', 'c'], [1, 0]],
    ['Subtract', ['a', 'b'], [-3, 5]],
  ] as const) {
    const ends = [...new Set(inputs)]
    const graph = importKeras(functional([...ends.map((id) => input(id, 2)), on(type, 'y', [...inputs])], ends, ['y']))
    const values = { a: Float32Array.of(1, 5), b: Float32Array.of(4, 0), c: Float32Array.of(2, 9) }
    const fed = Object.fromEntries(ends.map((id) => [id, values[id]]))
    for (const run of [runOnnx, runTfjs]) {
      const [got] = await run(graph, fed)
      for (const [i, each] of y.entries()) assert.ok(Math.abs(got![i]! - each) < 1e-6, `${type}: ${got}`)
    }
  }
})

test('a tensor and a number, as Keras 3 writes an operator', async () => {
  const operator = (class_name: string, args: (list: unknown[]) => unknown[]) => {
    const model = functional([input('x', 2), on(class_name, 'y', 'x')], ['x'], ['y'], 3)
    const [node] = model.config.layers[1].inbound_nodes
    node.args = args(node.args)
    return model
  }
  for (const [class_name, args, y] of [
    ['Add', (list: unknown[]) => [...list, 3], [4, 8]],
    ['Multiply', (list: unknown[]) => [0.5, ...list], [0.5, 2.5]],
    ['Subtract', (list: unknown[]) => [...list, 3], [-2, 2]],
    ['Subtract', (list: unknown[]) => [3, ...list], [2, -2]],
  ] as const) {
    const [got] = await runOnnx(importKeras(operator(class_name, args)), { x: Float32Array.of(1, 5) })
    assert.deepEqual([...got!], y, class_name)
  }
  assert.throws(() => importKeras(operator('ReLU', (list) => [...list, 3])), /takes no number beside its input/)
  assert.throws(() => importKeras(operator('Maximum', (list) => [...list, 3])), /takes no number beside its inputs/)
})

// Of TensorFlow: of what a transposed convolution with `same` padding cuts off, the larger part is at the end.
test('what a Conv2DTranspose cuts off is halved, the larger part at the end', () => {
  const attributes = (config: Record<string, unknown>) =>
    importKeras(sequential([4, 4, 1], [['Conv2DTranspose', { filters: 1, ...config }]])).layers[0]!.attributes as any
  assert.deepEqual(attributes({ kernel_size: 3, strides: 2, padding: 'same' }).padding, [0, 0, 1, 1])
  assert.deepEqual(attributes({ kernel_size: 5, strides: 2, padding: 'same' }).padding, [1, 1, 2, 2])
  assert.deepEqual(attributes({ kernel_size: 3, strides: 2, padding: 'same', output_padding: 1 }).padding, [0, 0, 1, 1])
  assert.deepEqual(attributes({ kernel_size: 1, strides: 2 }).outputPadding, [1, 1])
})

/** A little of everything: same padding at odd sizes, a nested model and a layer that are called twice, mixed vectors. */
const everything = (generation: 2 | 3) => {
  const tower = functional(
    [
      input('in', 9, 11, 6),
      on('SeparableConv2D', 'sep', 'in', { filters: 6, kernel_size: 3, padding: 'same', activation: 'relu' }),
      on('BatchNormalization', 'bn', 'sep', { scale: false }),
      on('Add', 'res', ['bn', 'in']),
    ],
    ['in'],
    ['res'],
    generation,
    'tower',
  )
  const nested: HandLayer = { class_name: 'Functional', name: 'tower', model: tower, calls: [['stem'], [['tower', 1]]] }
  const layers = [
    input('image', 18, 21, 3),
    input('extra', 5),
    on('Conv2D', 'stem', 'image', { filters: 6, kernel_size: 3, strides: 2, padding: 'same', activation: 'swish' }),
    nested,
    on('GlobalAveragePooling2D', 'squeeze', [['tower', 2]]),
    on('Reshape', 'spread', 'squeeze', { target_shape: [1, 1, 6] }),
    on('Dense', 'gate', 'spread', { units: 6, activation: 'sigmoid' }),
    on('Multiply', 'scaled', [
      ['tower', 2],
      ['gate', 0],
    ]),
    on('AveragePooling2D', 'pool', 'scaled', { pool_size: 3, strides: 2, padding: 'same' }),
    on('Flatten', 'flat', 'pool'),
    on('BatchNormalization', 'norm', 'flat'),
    on('Dropout', 'drop', 'norm', { rate: 0.5 }),
    { class_name: 'Dense', name: 'head', config: { units: 5, activation: 'tanh' }, calls: [['drop']] },
    { class_name: 'Dense', name: 'twice', config: { units: 5, use_bias: false }, calls: [['head'], ['extra']] },
    on(
      'Concatenate',
      'both',
      [
        ['twice', 0],
        ['twice', 1],
        ['extra', 0],
      ],
      { axis: -1 },
    ),
    on('Softmax', 'share', 'both'),
  ]
  return functional(layers, ['image', 'extra'], ['share'], generation)
}

test('nested models and layers that are called twice have their weights once and their work twice', () => {
  for (const generation of [2, 3] as const) {
    const graph = importKeras(everything(generation))
    const { totals } = computeCosts(graph)
    const [stem, sep, dense, head, twice] = [6 * 27 + 6, 6 * 9 + 36 + 6, 6 * 6 + 6, 5 * 180 + 5, 25]
    assert.equal(totals.params, stem + sep + 6 + dense + head + twice + 2 * 180)
    assert.equal(totals.buffers, 12 + 2 * 180)
    const separable = 9 * 11 * (6 * 9 + 36)
    assert.equal(totals.macs, 9 * 11 * 6 * 27 + 2 * separable + 36 + 5 * 180 + 2 * 25)
    assert.equal(row(graph, 'tower/sep.call2.depthwise').weightsOf, 'tower/sep.depthwise')
    assert.equal(row(graph, 'tower/bn.call2').params, 0)
    assert.equal(row(graph, 'twice.call2').weightsOf, 'twice')
  }
  assert.deepEqual(importKeras(everything(2)), importKeras(everything(3)))
})

test('and run alike on both runtimes', async () => {
  const graph = importKeras(everything(3))
  for (const batch of [1, 3]) {
    const inputs = inputsOf(graph, batch)
    const [onnx, tfjs] = [await runOnnx(graph, inputs, { batch }), await runTfjs(graph, inputs, { batch })]
    assert.ok(distance(tfjs[0]!, onnx[0]!) < tolerance)
  }
})

test('a vector from a map is put in Keras’s order before a layer whose weights are shared', () => {
  const shared = functional(
    [
      input('a', 4, 5, 2),
      input('b', 40),
      on('Flatten', 'flat', 'a'),
      { class_name: 'Dense', name: 'fc', config: { units: 3 }, calls: [['flat'], ['b']] },
    ],
    ['a', 'b'],
    [
      ['fc', 0],
      ['fc', 1],
    ],
  )
  const types = (model: unknown) => importKeras(model).layers.map(({ type }) => type)
  assert.deepEqual(types(shared), ['Flatten', 'Reshape', 'Transpose', 'Flatten', 'Linear', 'Linear'])
  // At the first call of a model as well, if there is a second.
  const model = functional([input('v', 40), on('Dense', 'fc', 'v', { units: 40 })], ['v'], ['fc'], 2, 'm')
  const head = (calls: HandLayer['calls']) =>
    functional(
      [input('a', 4, 5, 2), on('Flatten', 'flat', 'a'), { class_name: 'Functional', name: 'm', model, calls: calls! }],
      ['a'],
      [['m', calls!.length]],
    )
  assert.deepEqual(types(head([['flat'], [['m', 1]]])), ['Flatten', 'Reshape', 'Transpose', 'Flatten', 'Linear', 'Linear'])
  assert.deepEqual(types(head([['flat']])), ['Flatten', 'Linear'])
})

test('a model inside a Sequential, inputs that say nothing of the batch, and an input as an output', () => {
  const base = functional([input('in', 8, 8, 3), on('Conv2D', 'c', 'in', { filters: 4, kernel_size: 3 })], ['in'], ['c'], 2, 'base')
  const outer = sequential(null, [
    ['Functional', base.config],
    ['Flatten', {}],
    ['Dense', { units: 2 }],
  ])
  const graph = importKeras(outer)
  assert.deepEqual(
    graph.layers.map(({ id }) => id),
    ['base/c', 'l1', 'l2'],
  )
  assert.equal(computeCosts(graph).totals.params, 4 * 28 + 2 * 144 + 2)
  const through = importKeras(functional([input('x', 8), on('Dense', 'd', 'x', { units: 2 })], ['x'], ['d', 'x']))
  assert.deepEqual(through.outputs, ['d', 'x_output'])
})

test('an input is taken in the order that its first reader wants, so that nothing is transposed for it', () => {
  const types = (layers: [string, Record<string, unknown>][], shape: number[]) => importKeras(sequential(shape, layers))
  const series = types(
    [
      ['Conv1D', { filters: 2, kernel_size: 3 }],
      ['MaxPooling1D', {}],
      ['Flatten', {}],
      ['Dense', { units: 2 }],
    ],
    [20, 4],
  )
  assert.deepEqual(series.inputs[0]!.shape, [4, 20])
  const digits = types(
    [
      ['Reshape', { target_shape: [28, 28, 1] }],
      ['Conv2D', { filters: 2, kernel_size: 3 }],
    ],
    [28, 28],
  )
  const channels = types([['Conv2D', { filters: 2, kernel_size: 3, data_format: 'channels_first' }]], [3, 28, 28])
  assert.deepEqual(channels.inputs[0]!.shape, [3, 28, 28])
  for (const graph of [series, digits, channels]) assert.ok(!graph.layers.some(({ type }) => type === 'Transpose'))
})

test('TF.js saves models without a converter as well, with the model as the topology itself', () => {
  const model = {
    ...sequential([8, 8, 3], [['Conv2D', { filters: 4, kernel_size: 3 }]]),
    keras_version: 'tfjs-layers 4.22.0',
    backend: 'tensor_flow.js',
  }
  assert.equal(computeCosts(importTfjsLayers({ modelTopology: model })).totals.params, 112)
})

test('a model that leaves sizes open takes them from beside it', () => {
  const open = sequential([null, null, 3] as unknown as number[], [['Conv2D', { filters: 4, kernel_size: 3 }]])
  assert.deepEqual(importKeras(open, { inputShape: [32, 48, 3] }).inputs[0]!.shape, [3, 32, 48])
})

test('the docs list the classes that are read, all and no other', () => {
  const page = readFileSync(new URL('../../../../docs/keras.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
  assert.deepEqual(listed.sort(), [...layerClasses.keys()].sort())
})
