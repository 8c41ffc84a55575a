/**
 * What a file means is what onnxruntime makes of it: each file is run there as it is, and here as it was imported, with
 * its own weights, lowered to TF.js; at a batch of 1 and, where the file leaves its batch open, of 3.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AttributeProto_AttributeType, TensorProto_DataType } from 'onnx-buf'
import * as ort from 'onnxruntime-node'
import { file, floats, info, ints, localFunction, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { seededInput } from '../../../../src/engine/weights.ts'
import { distance, runTfjs, tolerance } from '../../run-graph.ts'

async function original(bytes: Uint8Array, values: Float32Array, shape: readonly number[]): Promise<Float32Array[]> {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 })
  try {
    const results = await session.run({ x: new ort.Tensor('float32', values, [...shape]) })
    return session.outputNames.map((name) => Float32Array.from(results[name]!.data as Float32Array))
  } finally {
    await session.release()
  }
}

const map = [3, 8, 8]
const conv = (attributes: Record<string, number | readonly number[] | string>, kernel: readonly number[] = [3, 3]): Parts => ({
  nodes: [node('Conv', ['x', 'w', 'b'], ['y'], attributes)],
  initializers: [floats('w', [4, 3, ...kernel]), floats('b', [4])],
})
const one = (
  opType: string,
  attributes = {},
  more: readonly string[] = [],
  initializers: Parts['initializers'] = [],
  opset = 17,
): Parts => ({
  nodes: [node(opType, ['x', ...more], ['y'], attributes)],
  initializers,
  opset,
})
const scalar = (name: string, value: number) => floats(name, [], [value])

/** The shape of `x`, cut and joined as exporters write `x.view(x.size(0), heads, -1)`. */
const viewed = (from: string, to: string, rest: readonly number[]) => [
  node('Shape', [from], [`${to}/shape`]),
  node('Gather', [`${to}/shape`, 'zero'], [`${to}/n`], { axis: 0 }),
  node('Unsqueeze', [`${to}/n`, 'axes0'], [`${to}/first`]),
  node('Concat', [`${to}/first`, ...rest.map((size) => `size${size}`)], [`${to}/target`], { axis: 0 }),
  node('Reshape', [from, `${to}/target`], [to]),
]
const sizes = (list: readonly number[]) => list.map((size) => ints(`size${size}`, [size]))

const files: Record<string, Parts & { shape?: readonly number[] }> = {
  'Conv, pads for each side': conv({ pads: [1, 0, 2, 1], strides: [2, 1] }),
  'Conv, SAME_UPPER of an even kernel': conv({ auto_pad: 'SAME_UPPER', strides: [2, 2] }, [4, 2]),
  'Conv, SAME_LOWER of an even kernel': conv({ auto_pad: 'SAME_LOWER', strides: [2, 2] }, [4, 2]),
  'Conv, VALID, dilated': conv({ auto_pad: 'VALID', dilations: [2, 3] }),
  'ConvTranspose, the output’s size stated': {
    nodes: [node('ConvTranspose', ['x', 'w'], ['y'], { strides: [2, 2], output_shape: [16, 17], kernel_shape: [4, 4] })],
    initializers: [floats('w', [3, 5, 4, 4])],
  },
  'MaxPool, ceil mode': one('MaxPool', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  'AveragePool, padding not counted': one('AveragePool', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  'Pad by axes, mirrored': one('Pad', { mode: 'reflect' }, ['pads', '', 'axes'], [ints('pads', [1, 2, 3, 0]), ints('axes', [-1, 2])], 18),
  'Pad that takes away and adds': one('Pad', {}, ['pads', 'v'], [ints('pads', [0, 0, -1, 2, 0, 0, 1, -3]), scalar('v', 0.5)]),
  'Pad of opset 10': one('Pad', { pads: [0, 0, 1, 0, 0, 0, 0, 2], value: { float: 2 } }, [], [], 10),
  'Slice along three dims, one backwards': one(
    'Slice',
    {},
    ['s', 'e', 'a', 't'],
    [ints('s', [1, -1, 0]), ints('e', [3, -(2n ** 62n), 2n ** 62n]), ints('a', [1, 2, 3]), ints('t', [1, -2, 3])],
  ),
  'Slice of opset 9': one('Slice', { starts: [1, 2], ends: [3, 1000], axes: [1, 3] }, [], [], 9),
  'Split into uneven parts': {
    nodes: [node('Split', ['x', 's'], ['a', 'b'], { axis: 2 }), node('Relu', ['b'], ['y']), node('Neg', ['a'], ['z'])],
    initializers: [ints('s', [3, 5])],
    outputs: ['y', 'z'],
  },
  'Split by a number of outputs': {
    nodes: [node('Split', ['x'], ['a', 'b', 'c'], { axis: 3, num_outputs: 3 }), node('Concat', ['c', 'a', 'b'], ['y'], { axis: -1 })],
    opset: 18,
  },
  'Gather of one index, of several, of a table of them': {
    nodes: [
      node('Gather', ['x', 'i0'], ['a'], { axis: 2 }),
      node('Gather', ['x', 'i1'], ['b'], { axis: 1 }),
      node('Gather', ['b', 'i2'], ['c'], { axis: 3 }),
      node('Neg', ['a'], ['y']),
      node('Neg', ['c'], ['z']),
    ],
    initializers: [ints('i0', [-2], []), ints('i1', [2, 0]), ints('i2', [0, 7, 3, 3, 1, 2], [2, 3])],
    outputs: ['y', 'z'],
  },
  'Softmax of opset 11 over two dims': one('Softmax', { axis: 2 }, [], [], 11),
  'Softmax of opset 11 over all dims': one('LogSoftmax', {}, [], [], 11),
  'Softmax of opset 13': one('Softmax', { axis: 1 }, [], [], 13),
  'Gemm of every form': {
    nodes: [
      node('Flatten', ['x'], ['f']),
      node('Gemm', ['f', 'w', 'b'], ['g'], { alpha: { float: 0.5 }, beta: { float: 2 } }),
      node('Gemm', ['g', 'v', 's'], ['h'], { transB: 1 }),
      node('Gemm', ['h', 'u'], ['y']),
    ],
    initializers: [floats('w', [192, 5]), floats('b', [1, 5]), floats('v', [4, 5]), scalar('s', 3), floats('u', [4, 2])],
  },
  'products of two computed tensors, of a vector, of a constant on the left': {
    nodes: [
      node('Transpose', ['x'], ['t'], { perm: [0, 1, 3, 2] }),
      node('MatMul', ['x', 't'], ['m']),
      node('MatMul', ['w', 'm'], ['n']),
      node('MatMul', ['n', 'v'], ['y']),
    ],
    initializers: [floats('w', [5, 8]), floats('v', [8])],
  },
  'Max, Min, Mean and Sum of three': {
    nodes: [
      node('Neg', ['x'], ['a']),
      node('Abs', ['x'], ['b']),
      node('Max', ['a', 'b', 'c'], ['p']),
      node('Min', ['a', 'x', 'c'], ['q']),
      node('Mean', ['a', 'b', 'p'], ['r']),
      node('Sum', ['p', 'q', 'r'], ['y']),
    ],
    initializers: [scalar('c', 0.25)],
  },
  'a tensor of fewer dims beside a map, and a learned one': {
    nodes: [node('Mul', ['x', 'w'], ['a']), node('Add', ['a', 'v'], ['b']), node('Sub', ['s', 'b'], ['y'])],
    initializers: [floats('w', [1, 8]), floats('v', [3, 1, 1]), floats('s', [1], [2])],
  },
  'Clip by two, by one, by attributes': {
    nodes: [node('Clip', ['x', 'l', 'h'], ['a']), node('Clip', ['a', '', 'h'], ['y'])],
    initializers: [scalar('l', -0.3), scalar('h', 0.2)],
  },
  'Clip of opset 10': one('Clip', { min: { float: -0.5 }, max: { float: 0.75 } }, [], [], 10),
  'activations with numbers of their own': {
    nodes: [
      node('LeakyRelu', ['x'], ['a'], { alpha: { float: 0.3 } }),
      node('Elu', ['a'], ['b'], { alpha: { float: 0.7 } }),
      node('HardSigmoid', ['b'], ['c'], { alpha: { float: 0.3 }, beta: { float: 0.4 } }),
      node('PRelu', ['c', 'w'], ['d']),
      node('PRelu', ['d', 's'], ['e']),
      node('ThresholdedRelu', ['e'], ['f'], { alpha: { float: 0.1 } }),
      node('Celu', ['f'], ['y'], { alpha: { float: 1.5 } }),
    ],
    initializers: [floats('w', [3, 1, 1]), floats('s', [1, 1, 8])],
  },
  norms: {
    nodes: [
      node('BatchNormalization', ['x', 'w', 'b', 'm', 'v'], ['a'], { epsilon: { float: 0.01 } }),
      node('InstanceNormalization', ['a', 'w', 'b'], ['c']),
      node('LayerNormalization', ['c', 'g', 'h'], ['d'], { axis: -2 }),
      node('LRN', ['d'], ['y'], { size: 3, alpha: { float: 0.5 }, bias: { float: 2 } }),
    ],
    initializers: [
      floats('w', [3]),
      floats('b', [3]),
      floats('m', [3]),
      floats('v', [3], [0.5, 1, 2]),
      floats('g', [8, 8]),
      floats('h', [8, 8]),
    ],
  },
  reductions: {
    nodes: [
      node('ReduceMean', ['x'], ['a'], { axes: [2, 3] }),
      node('ReduceMax', ['x'], ['b'], { axes: [-1], keepdims: 0 }),
      node('ReduceSum', ['b', 'axes'], ['c'], { keepdims: 1 }),
      node('ReduceL2', ['x'], ['d'], { axes: [1], keepdims: 1 }),
      node('ReduceLogSum', ['e'], ['f'], { axes: [3], keepdims: 1 }),
      node('Abs', ['x'], ['e']),
      node('Neg', ['a'], ['y']),
      node('Neg', ['c'], ['z']),
      node('Add', ['d', 'f'], ['u']),
    ],
    initializers: [ints('axes', [2])],
    outputs: ['y', 'z', 'u'],
  },
  'Resize by factors and to sizes': {
    nodes: [
      node('Resize', ['x', '', 'f'], ['a'], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }),
      node('Resize', ['a', '', '', 's'], ['y'], { mode: 'linear', coordinate_transformation_mode: 'half_pixel' }),
    ],
    initializers: [floats('f', [4], [1, 1, 2, 3]), ints('s', [1, 3, 11, 13])],
  },
  'Upsample of opset 9': one('Upsample', { mode: 'nearest' }, ['f'], [floats('f', [4], [1, 1, 2, 2])], 9),
  'DepthToSpace and SpaceToDepth': {
    nodes: [node('SpaceToDepth', ['x'], ['a'], { blocksize: 4 }), node('DepthToSpace', ['a'], ['y'], { blocksize: 2, mode: 'CRD' })],
  },
  'Expand and Tile of computed tensors': {
    nodes: [
      node('ReduceMean', ['x'], ['a'], { axes: [3], keepdims: 1 }),
      node('Expand', ['a', 's'], ['b']),
      node('Tile', ['b', 'r'], ['y']),
    ],
    initializers: [ints('s', [3, 8, 5]), ints('r', [1, 2, 1, 3])],
  },
  'shapes that the file computes, open batch': {
    nodes: [
      ...viewed('x', 'a', [3, 64]),
      node('Transpose', ['a'], ['b'], { perm: [0, 2, 1] }),
      ...viewed('b', 'c', [12, 16]),
      node('Relu', ['c'], ['y']),
    ],
    initializers: [ints('zero', [0], []), ints('axes0', [0]), ...sizes([3, 64, 12, 16])],
    inputs: [info('x', ['N', 3, 8, 8])],
  },
  'half of the channels by arithmetic on a shape': {
    nodes: [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'i'], ['c'], { axis: 0 }),
      node('Mul', ['c', 'i'], ['d']),
      node('Sub', ['d', 'i'], ['e']),
      node('Unsqueeze', ['i', 'axes0'], ['from']),
      node('Unsqueeze', ['e', 'axes0'], ['to']),
      node('Slice', ['x', 'from', 'to', 'axes1'], ['a']),
      node('Cast', ['e'], ['f'], { to: TensorProto_DataType.FLOAT }),
      node('Div', ['a', 'f'], ['y']),
    ],
    initializers: [ints('i', [1], []), ints('axes0', [0]), ints('axes1', [1])],
    inputs: [info('x', ['N', 3, 8, 8])],
  },
  'a class token, expanded by the shape of the input; a position table': {
    nodes: [
      ...viewed('x', 'a', [3, 64]),
      node('Transpose', ['a'], ['b'], { perm: [0, 2, 1] }),
      node('Shape', ['x'], ['s']),
      node('Slice', ['s', 'axes0', 'one'], ['n']),
      node('Concat', ['n', 'minus', 'minus'], ['like'], { axis: 0 }),
      node('ConstantOfShape', ['three'], ['ones'], { value: { tensor: ints('', [1]) } }),
      node('Mul', ['ones', 'minus'], ['minuses']),
      node('Equal', ['like', 'minuses'], ['open']),
      node('Where', ['open', 'ones', 'like'], ['target']),
      node('Expand', ['token', 'target'], ['t']),
      node('Concat', ['t', 'b'], ['c'], { axis: 1 }),
      node('Add', ['c', 'table'], ['y']),
    ],
    initializers: [
      ints('zero', [0], []),
      ints('axes0', [0]),
      ints('one', [1]),
      ints('three', [3]),
      ints('minus', [-1]),
      ...sizes([3, 64]),
      floats('token', [1, 1, 3]),
      floats('table', [1, 65, 3]),
    ],
    inputs: [info('x', ['N', 3, 8, 8])],
  },
  'a local function in another, attributes handed on': {
    nodes: [node('twice', ['x', 'w'], ['y'], { slope: { float: 0.25 } }, { domain: 'local' })],
    functions: [
      localFunction(
        'twice',
        ['a', 'k'],
        ['b'],
        [
          node('block', ['a', 'k'], ['m'], { slope: { ref: 'slope', type: AttributeProto_AttributeType.FLOAT } }, { domain: 'local' }),
          node('block', ['m', 'k'], ['b'], { slope: { float: 0.5 } }, { domain: 'local' }),
        ],
        ['slope'],
      ),
      localFunction(
        'block',
        ['a', 'k'],
        ['b'],
        [
          node('Conv', ['a', 'k'], ['c']),
          node('LeakyRelu', ['c'], ['b'], { alpha: { ref: 'slope', type: AttributeProto_AttributeType.FLOAT } }),
        ],
        ['slope'],
      ),
    ],
    initializers: [floats('w', [3, 3, 3, 3])],
  },
  'weights that are turned, cut and joined before they are used': {
    nodes: [
      node('Transpose', ['w'], ['t'], { perm: [1, 0, 2, 3] }),
      node('Slice', ['t', 's', 'e', 's'], ['u']),
      node('Concat', ['u', 'u'], ['k'], { axis: 0 }),
      node('Conv', ['x', 'k'], ['y']),
    ],
    initializers: [floats('w', [3, 4, 2, 2]), ints('s', [0]), ints('e', [2])],
  },
}

for (const [name, parts] of Object.entries(files))
  test(name, async () => {
    const bytes = file(parts)
    const model = importOnnx(bytes)
    assert.deepEqual(
      model.report.notes.filter((note) => !note.startsWith('Counted as learned')),
      [],
    )
    assert.deepEqual(
      model.graph.layers.filter(({ type }) => type === 'Opaque'),
      [],
    )
    for (const batch of model.report.batch === 'symbolic' ? [1, 3] : [1]) {
      const values = seededInput(1, 'x', batch * map.reduce((a, b) => a * b))
      const wanted = await original(bytes, values, [batch, ...map])
      const made = await runTfjs(model.graph, { x: values }, { batch, parameterOf: (id, parameter) => model.parameterOf(id, parameter)! })
      assert.equal(made.length, wanted.length)
      made.forEach((output, i) => {
        const far = distance(output, wanted[i]!)
        assert.ok(far <= tolerance, `output ${i} is off by ${far} at a batch of ${batch}`)
      })
    }
  })
