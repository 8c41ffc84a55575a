/** Idioms of the exporters that people use, found by `npm run test:corpus`; what is right is what ONNX Runtime makes of them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { file, floats, info, ints, node } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { holdsOnOnnxRuntime } from './against-onnxruntime.ts'

/** Indices of as many images as there are: of the first, and for each further one so much more as one image has elements. */
const indicesOfImages = (elements: number, first: readonly number[], dims: readonly number[]) => ({
  nodes: [
    node('Shape', ['x'], ['batch'], { start: 0, end: 1 }),
    node('Squeeze', ['batch'], ['images']),
    node('Range', ['zero', 'images', 'one'], ['range']),
    node('Mul', ['range', 'elements'], ['begin']),
    node('Reshape', ['begin', 'column'], ['begins']),
    node('Add', ['begins', 'first'], ['indices']),
  ],
  initializers: [
    ints('zero', [0], []),
    ints('one', [1], []),
    ints('elements', [elements], []),
    ints('column', [-1, ...dims.map(() => 1)]),
    ints('first', first, [1, ...dims]),
    ints('all', [-1]),
  ],
})

// torch 2.15's `as_strided` in a file of an open batch: timm's convnext_tiny, between its mean and its norm.
test('a Gather of all images’ elements by indices that grow with them picks of each what it picks of the first', async () => {
  const first = [5, 0, 3, 3, 1, 2]
  const { nodes, initializers } = indicesOfImages(6, first, [6, 1])
  await holdsOnOnnxRuntime({
    shape: [6, 4, 4],
    macs: 6 * 5,
    opset: 18,
    nodes: [
      ...nodes,
      node('ReduceMean', ['x', 'map'], ['mean'], { keepdims: 1 }),
      node('Reshape', ['mean', 'all'], ['flat']),
      node('Gather', ['flat', 'indices'], ['picked']),
      node('Reshape', ['picked', 'rows'], ['vectors']),
      node('MatMul', ['vectors', 'w'], ['y']),
    ],
    initializers: [...initializers, ints('map', [2, 3]), ints('rows', [-1, 6]), floats('w', [6, 5])],
  })
})

test('so it does by indices in one list, and along rows', async () => {
  const { nodes, initializers } = indicesOfImages(4, [2, 0, 1], [3])
  await holdsOnOnnxRuntime({
    shape: [4, 7],
    macs: 3 * 7 * 5,
    opset: 18,
    nodes: [
      ...nodes,
      node('Reshape', ['indices', 'all'], ['list']),
      node('Reshape', ['x', 'sevens'], ['rows']),
      node('Gather', ['rows', 'list'], ['picked']),
      node('MatMul', ['picked', 'w'], ['products']),
      node('Reshape', ['products', 'three'], ['y']),
    ],
    initializers: [...initializers, ints('sevens', [-1, 7]), ints('three', [-1, 3, 5]), floats('w', [7, 5])],
  })
})

// torch 2.15's torchvision swin_t: its masks say which of nine regions two positions lie in. PyTorch has no such parameter.
test('a mask that is put together of parts with one number each is not learned', () => {
  const part = (name: string, at: number, value: number) => ({
    node: node('ScatterND', [at === 0 ? 'nothing' : `regions${at - 1}`, `${name}/at`, name], [`regions${at}`]),
    initializers: [ints(`${name}/at`, [2 * at, 2 * at + 1], [2, 1]), floats(name, [2], [value, value])],
  })
  const parts = [part('first', 0, 0), part('second', 1, 1), part('third', 2, 2)]
  const parse = (values: readonly { node: ReturnType<typeof node>; initializers: ReturnType<typeof ints>[] }[]) =>
    importOnnx(
      file({
        inputs: [info('x', ['N', 6, 6])],
        opset: 18,
        nodes: [
          node('ConstantOfShape', ['six'], ['nothing']),
          ...values.map((each) => each.node),
          node('Unsqueeze', ['regions2', 'dim0'], ['rows']),
          node('Unsqueeze', ['regions2', 'dim1'], ['columns']),
          node('Sub', ['rows', 'columns'], ['apart']),
          node('Relu', ['x'], ['m']),
          node('Add', ['m', 'apart'], ['y']),
        ],
        initializers: [ints('six', [6]), ints('dim0', [0]), ints('dim1', [1]), ...values.flatMap((each) => each.initializers)],
      }),
    )
  const { graph, report } = parse(parts)
  assert.equal(computeCosts(graph).totals.params, 0)
  assert.deepEqual(report.notes, [])
  assert.match(report.parameters.differences.map(({ why }) => why).join(), /part of a mask/)
  // Of the same parts with other numbers the file does not show it.
  const other = parse([parts[0]!, parts[1]!, part('third', 2, 0.3)])
  assert.equal(computeCosts(other.graph).totals.params, 6)
})

const optimized = readFileSync(new URL('../../../fixtures/onnx-cases/ort_nchwc.onnx', import.meta.url))

// ONNX Runtime 1.32 at ORT_ENABLE_ALL on a processor with AVX-512: 20 channels filled up to 32, 40 to 48. Counts are PyTorch's parameters, and
// multiply-adds of the file before that, executed.
test('a model optimized for one processor counts the network’s own channels, and no zeros that fill up blocks', () => {
  const { graph, report, parameterOf } = importOnnx(optimized)
  for (const batch of [1, 3]) {
    const { totals, uncounted } = computeCosts(graph, { batch })
    assert.deepEqual(uncounted, [])
    assert.deepEqual([totals.macs, totals.params], [batch * 276680, 3665])
  }
  const layers = computeCosts(graph).layers.filter(({ type }) => type === 'Conv2d')
  assert.deepEqual(
    layers.map(({ outputShape }) => outputShape[0]),
    [20, 40, 40, 20, 40],
  )
  const { floatInitializerElements, differences } = report.parameters
  assert.equal(3665 + differences.reduce((sum, { elements }) => sum + elements, 0), floatInitializerElements)
  assert.ok(differences.some(({ why }) => why.includes('fill up a block')))
  // The order of its filters is the processor's: no other numbers are taken in their place.
  assert.throws(() => parameterOf(layers[0]!.id, { name: 'weight', shape: [20, 3, 3, 3], trainable: true } as never), {
    code: 'EXPORT_UNSUPPORTED',
  })
})

test('a block of eight is told from one of sixteen by the zeros alone', () => {
  // 12 of 16 outputs, 8 inputs, one position: in blocks of 8 the last 4 lanes of the second block are zero.
  const filter = (block: number) =>
    Array.from({ length: 16 * 16 }, (_, at) => {
      const inputs = 16 / block
      const outer = Math.floor(at / (block * block * inputs))
      const lane = at % block
      return outer * block + lane < 12 ? 1 + (at % 7) : 0
    })
  for (const block of [8, 16]) {
    const { graph } = importOnnx(
      file({
        inputs: [info('x', ['N', 16, 5, 5])],
        nodes: [
          node('ReorderInput', ['x'], ['in'], {}, { domain: 'com.microsoft.nchwc' }),
          node('Conv', ['in', 'w'], ['out'], { kernel_shape: [1, 1] }, { domain: 'com.microsoft.nchwc' }),
          node('ReorderOutput', ['out'], ['y'], { channels: 12 }, { domain: 'com.microsoft.nchwc' }),
        ],
        initializers: [floats('w', [16, 16, 1, 1], filter(block))],
      }),
    )
    const { macs, params } = computeCosts(graph).totals
    assert.deepEqual([macs, params], [25 * 16 * 12, 16 * 12])
  }
})

// timm's nasnetalarge, by the older exporter: how much is padded is worked out of the map's size, and cut off at 0.
test('amounts that are worked out with Clip and Round are constants', async () => {
  const model = await holdsOnOnnxRuntime({
    shape: [3, 9, 9],
    macs: 0,
    opset: 18,
    nodes: [
      node('Shape', ['x'], ['size'], { start: 2 }),
      node('Cast', ['size'], ['real'], { to: 1 }),
      node('Mul', ['real', 'third'], ['thirds']),
      node('Round', ['thirds'], ['whole']),
      node('Clip', ['whole', 'low', 'high'], ['cut']),
      node('Cast', ['cut'], ['after'], { to: 7 }),
      node('Concat', ['none', 'after'], ['pads'], { axis: 0 }),
      node('Pad', ['x', 'pads'], ['padded']),
      node('AveragePool', ['padded'], ['y'], { kernel_shape: [1, 1], strides: [2, 2] }),
    ],
    // Of 9 by 0.5: 4.5, whose nearest even number is 4, and at most 3.
    initializers: [floats('third', [], [0.5]), floats('low', [], [0]), floats('high', [], [3]), ints('none', [0, 0, 0, 0, 0, 0])],
  })
  const { outputShape } = computeCosts(model.graph).layers.at(-1)!
  assert.deepEqual(outputShape, [3, 6, 6])
})

// timm's edgenext_xx_small, by the newer exporter with an open batch: positions are sums of ones for each image, and their waves no table.
test('waves of positions that are counted up for each image are the same for all, and not learned', async () => {
  const model = await holdsOnOnnxRuntime({
    shape: [4, 4, 8],
    macs: 0,
    opset: 18,
    nodes: [
      node('Shape', ['x'], ['batch'], { start: 0, end: 1 }),
      node('Concat', ['batch', 'map'], ['shape'], { axis: 0 }),
      node('ConstantOfShape', ['shape'], ['ones'], { value: { tensor: floats('', [1], [1]) } }),
      node('CumSum', ['ones', 'rows'], ['positions']),
      node('CumSum', ['positions', 'rows'], ['later'], { exclusive: 1, reverse: 1 }),
      node('Unsqueeze', ['later', 'last'], ['each']),
      node('Div', ['each', 'periods'], ['phases']),
      node('Sin', ['phases'], ['waves']),
      node('Add', ['x', 'waves'], ['y']),
    ],
    initializers: [ints('map', [4, 4]), ints('rows', [1], []), ints('last', [-1]), floats('periods', [8])],
  })
  assert.equal(computeCosts(model.graph).totals.params, 0)
})

// timm's eca_nfnet_l0, by the newer exporter: a weight is normalized by statistics that are worked out of it.
test('a weight behind a batch normalization by its own statistics is computed, and counts once', async () => {
  const model = await holdsOnOnnxRuntime({
    shape: [3, 6, 6],
    macs: 4 * 3 * 9 * 16,
    opset: 18,
    nodes: [
      node('Reshape', ['w', 'flat'], ['filters']),
      node('ReduceMean', ['filters', 'axes'], ['mean'], { keepdims: 0 }),
      node('ReduceMean', ['filters', 'axes'], ['means'], { keepdims: 1 }),
      node('Sub', ['filters', 'means'], ['off']),
      node('Mul', ['off', 'off'], ['squares']),
      node('ReduceMean', ['squares', 'axes'], ['variance'], { keepdims: 0 }),
      node('BatchNormalization', ['filters', 'gain', 'shift', 'mean', 'variance'], ['standard']),
      node('Reshape', ['standard', 'kernel'], ['weight']),
      node('Conv', ['x', 'weight'], ['y']),
    ],
    initializers: [
      floats('w', [4, 3, 3, 3]),
      floats('gain', [4]),
      floats('shift', [4]),
      ints('flat', [1, 4, 27]),
      ints('axes', [0, 2]),
      ints('kernel', [4, 3, 3, 3]),
    ],
  })
  assert.equal(computeCosts(model.graph).totals.params, 4 * 27 + 4 + 4)
})

// torchvision's swin_v2_t: a small network makes a bias of coordinates, which are a buffer in PyTorch and an initializer in the file.
test('what a product of constants alone multiplies by its weight is a table that the file does not decide on', () => {
  const { graph, report } = importOnnx(
    file({
      inputs: [info('x', ['N', 9, 5])],
      nodes: [node('MatMul', ['coordinates', 'w'], ['bias']), node('Relu', ['x'], ['m']), node('Add', ['m', 'bias'], ['y'])],
      initializers: [floats('coordinates', [9, 2]), floats('w', [2, 5])],
    }),
  )
  const { totals } = computeCosts(graph, { batch: 3 })
  assert.deepEqual([totals.macs, totals.params], [9 * 2 * 5, 9 * 2 + 2 * 5])
  assert.match(report.notes.join(), /does not show whether they are: "coordinates" \(18\), tables/)
})

// timm's gcvit_xxtiny, by the older exporter: how often windows are repeated is ones with one number put among them.
test('repeats that are put together by OneHot are constants', async () => {
  const model = await holdsOnOnnxRuntime({
    shape: [2, 3, 4],
    macs: 0,
    opset: 18,
    nodes: [
      node('OneHot', ['place', 'rank', 'values'], ['repeats']),
      node('Squeeze', ['repeats', 'first'], ['times']),
      node('Tile', ['x', 'times'], ['y']),
    ],
    initializers: [ints('place', [-2]), ints('rank', [4], []), ints('values', [1, 5]), ints('first', [0])],
  })
  assert.deepEqual(computeCosts(model.graph).layers.at(-1)!.outputShape, [2, 15, 4])
})

// timm's mvitv2_tiny: relative positions, a matrix for each row.
test('an Einsum of several rows and a stack is a product of matrices', async () => {
  await holdsOnOnnxRuntime({
    shape: [2, 3, 4, 5],
    macs: 2 * 3 * 4 * 5 * 6,
    opset: 18,
    nodes: [node('Einsum', ['x', 'w'], ['y'], { equation: 'byhwc,hkc->byhwk' })],
    initializers: [floats('w', [3, 6, 5])],
  })
})

// timm's crossvit_tiny_240: its second branch sees the image resized.
test('a cubic Resize has the shape that its sizes or scales say, and 16 taps an element of a map', () => {
  const resized = (initializers: ReturnType<typeof floats>[], inputs: string[]) =>
    importOnnx(
      file({ inputs: [info('x', ['N', 3, 5, 5])], opset: 18, nodes: [node('Resize', inputs, ['y'], { mode: 'cubic' })], initializers }),
    )
  for (const model of [
    resized([floats('scales', [4], [1, 1, 1.5, 1.5])], ['x', '', 'scales']),
    resized([ints('sizes', [1, 3, 7, 7])], ['x', '', '', 'sizes']),
  ]) {
    const { layers, uncounted } = computeCosts(model.graph, { convention: 'full' })
    assert.deepEqual([layers.at(-1)!.outputShape, uncounted, model.report.notes], [[3, 7, 7], [], []])
    assert.equal(layers.at(-1)!.flops, 3 * 49 * (16 + 15))
  }
})
