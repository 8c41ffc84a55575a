/**
 * The law of the batch: what a network gives for n images at once is, image by image, what onnxruntime gives for each
 * alone, and its multiply-adds are n times those of one; or every batch but 1 is refused.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { TensorProto_DataType as T } from 'onnx-buf'
import { file, floats, info, ints, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { holdsImageByImage } from './batch-law.ts'

const fixture = (name: string) => readFileSync(new URL(`../../../fixtures/onnx-cases/${name}`, import.meta.url))
const indices = (name: string, n: number, dims: readonly number[] = [n]) =>
  ints(
    name,
    Array.from({ length: n }, (_, i) => i),
    dims,
  )
const rest = { i0: ints('i0', [0]), scalar: ints('scalar', [0], []) }

/** The batch of `x`, then sizes that the file writes out. */
const shapeFromInput = (sizes: string, to: string) => [
  node('Shape', ['x'], ['s']),
  node('Gather', ['s', 'i0'], ['b']),
  node('Concat', ['b', sizes], [to], { axis: 0 }),
]

const files: Record<string, Parts> = {
  'as_strided: every element by its index, as dynamo writes a pooling of a channels-last map': {
    nodes: [
      node('GlobalAveragePool', ['x'], ['p']),
      node('Reshape', ['p', 'flat'], ['f']),
      node('Gather', ['f', 'all'], ['g']),
      node('Reshape', ['g', 'rows'], ['r']),
      node('Gemm', ['r', 'w'], ['y'], { transB: 1 }),
    ],
    initializers: [ints('flat', [-1]), indices('all', 3, [1, 3, 1, 1]), ints('rows', [1, 3]), floats('w', [5, 3])],
  },
  'as_strided: elements in another order, some twice': {
    nodes: [node('Reshape', ['x', 'flat'], ['f']), node('Gather', ['f', 'some'], ['y'])],
    initializers: [ints('flat', [-1]), ints('some', [5, 3, 3, 191, 0, 64], [1, 2, 3])],
  },
  'x[0], and what stands on an image without a batch': {
    nodes: [
      node('Gather', ['x', 'scalar'], ['a']),
      node('Transpose', ['a'], ['b'], { perm: [1, 2, 0] }),
      node('MatMul', ['b', 'w'], ['c']),
      node('ReduceMax', ['c'], ['d'], { axes: [0, 1], keepdims: 0 }),
      node('Add', ['d', 'v'], ['e']),
      node('Softmax', ['e'], ['y'], { axis: 0 }),
    ],
    initializers: [rest.scalar, floats('w', [3, 4]), floats('v', [1])],
  },
  'squeezed, cut, split, joined, turned and repeated along the dim that is left': {
    nodes: [
      node('Squeeze', ['x', 'i0'], ['a']),
      node('Slice', ['a', 'one', 'three', 'i0'], ['b']),
      node('Split', ['b'], ['c', 'd'], { axis: 0 }),
      node('Concat', ['d', 'a', 'c'], ['e'], { axis: 0 }),
      node('Tile', ['e', 'times'], ['f']),
      node('ReduceSum', ['f', 'i0'], ['g'], { keepdims: 0 }),
      node('LayerNormalization', ['g', 'n'], ['h'], { axis: 0 }),
      node('Unsqueeze', ['h', 'i0'], ['y']),
    ],
    initializers: [rest.i0, ints('one', [1]), ints('three', [3]), ints('times', [2, 1, 3]), floats('n', [8, 24])],
  },
  'two images of one, joined along the batch': {
    nodes: [node('Neg', ['x'], ['a']), node('Concat', ['x', 'a'], ['b'], { axis: 0 }), node('Conv', ['b', 'w'], ['y'])],
    initializers: [floats('w', [2, 3, 3, 3])],
  },
  'ones of the input’s batch and other sizes': {
    nodes: [
      ...shapeFromInput('sizes', 'to'),
      node('ConstantOfShape', ['to'], ['one'], { value: { tensor: floats('', [1], [1]) } }),
      node('ReduceMean', ['x'], ['m'], { axes: [2, 3] }),
      node('Mul', ['one', 'm'], ['a']),
      node('Conv', ['a', 'w'], ['y']),
    ],
    initializers: [rest.i0, ints('sizes', [3, 5, 5]), floats('w', [4, 3, 3, 3])],
    inputs: [info('x', ['N', 3, 8, 8])],
  },
  'zeros of the input’s batch, put before its rows': {
    nodes: [
      ...shapeFromInput('sizes', 'to'),
      node('ConstantOfShape', ['to'], ['zero']),
      node('Concat', ['zero', 'x'], ['a'], { axis: 2 }),
      node('Conv', ['a', 'w'], ['y']),
    ],
    initializers: [rest.i0, ints('sizes', [3, 2, 8]), floats('w', [4, 3, 3, 3])],
    inputs: [info('x', ['N', 3, 8, 8])],
  },
  'a row of numbers expanded over batch and rows; another tiled by the batch': {
    nodes: [
      ...shapeFromInput('sizes', 'to'),
      node('Expand', ['row', 'to'], ['a']),
      node('Concat', ['b', 'times'], ['t'], { axis: 0 }),
      node('Tile', ['column', 't'], ['c']),
      node('Concat', ['a', 'c', 'x'], ['d'], { axis: 1 }),
      node('Conv', ['d', 'w'], ['y']),
    ],
    initializers: [
      rest.i0,
      ints('sizes', [2, 8, 8]),
      ints('times', [1, 1, 8]),
      floats('row', [8]),
      floats('column', [1, 1, 8, 1]),
      floats('w', [4, 6, 3, 3]),
    ],
    inputs: [info('x', ['N', 3, 8, 8])],
  },
  'what layers make of constants alone, expanded over the batch': {
    nodes: [
      ...shapeFromInput('sizes', 'to'),
      node('MatMul', ['u', 'v'], ['m']),
      node('Softmax', ['m'], ['o'], { axis: -1 }),
      node('Expand', ['o', 'to'], ['a']),
      node('Concat', ['a', 'x'], ['y'], { axis: 1 }),
    ],
    initializers: [rest.i0, ints('sizes', [1, 8, 8]), floats('u', [8, 3]), floats('v', [3, 8])],
    inputs: [info('x', ['N', 3, 8, 8])],
  },
  'a mask that shapes and comparisons make': {
    nodes: [
      ...shapeFromInput('sizes', 'to'),
      node('ConstantOfShape', ['to'], ['zero']),
      node('Range', ['scalar', 'eight', 'onescalar'], ['r']),
      node('Cast', ['r'], ['f'], { to: T.FLOAT }),
      node('Add', ['zero', 'f'], ['p']),
      node('Less', ['p', 'half'], ['early']),
      node('Where', ['early', 'low', 'zero'], ['mask']),
      node('Add', ['x', 'mask'], ['y']),
    ],
    initializers: [
      rest.i0,
      rest.scalar,
      ints('eight', [8], []),
      ints('onescalar', [1], []),
      ints('sizes', [1, 8, 8]),
      floats('half', [], [4]),
      floats('low', [], [-100]),
    ],
    inputs: [info('x', ['N', 3, 8, 8])],
  },
}

/** A product of constants alone may be of coordinates as well as of what was learned. */
const notes: Record<string, string> = {
  'what layers make of constants alone, expanded over the batch':
    'Counted as learned, since the file does not show whether they are: "u" (24), tables on data operands.',
}

for (const [name, parts] of Object.entries(files))
  test(name, async () => {
    const bytes = file(parts)
    assert.deepEqual(importOnnx(bytes).report.notes, name in notes ? [notes[name]] : [])
    await holdsImageByImage(bytes, { x: [3, 8, 8] })
  })

test('what mixes images in a file of an open batch is refused at any other, since the file says what it does there', () => {
  const mixing: Record<string, Parts> = {
    'the first image alone': { nodes: [node('Gather', ['x', 'scalar'], ['y'])], initializers: [rest.scalar] },
    'elements of the first image': {
      nodes: [node('Reshape', ['x', 'flat'], ['f']), node('Gather', ['f', 'all'], ['y'])],
      initializers: [ints('flat', [-1]), indices('all', 192)],
    },
    'half of what all images have': {
      nodes: [node('Reshape', ['x', 'columns'], ['f']), node('Slice', ['f', 'i0', 'i2', 'i0'], ['y'])],
      initializers: [ints('columns', [3, -1]), rest.i0, ints('i2', [2])],
    },
    'rows of several images': {
      nodes: [node('Reshape', ['x', 'columns'], ['f']), node('Softmax', ['f'], ['y'], { axis: 1 })],
      initializers: [ints('columns', [2, -1])],
    },
    'shares of all images': { nodes: [node('Softmax', ['x'], ['y'], { axis: 0 })] },
    'as many columns as images': {
      nodes: [node('Reshape', ['x', 'rows'], ['r']), node('Transpose', ['r'], ['t'], { perm: [1, 0] }), node('MatMul', ['r', 't'], ['y'])],
      initializers: [ints('rows', [-1, 192])],
    },
  }
  for (const [name, parts] of Object.entries(mixing)) {
    const { graph, report } = importOnnx(file({ ...parts, inputs: [info('x', ['N', 3, 8, 8])] }))
    assert.match(report.notes.join(), /works at batch 1 alone/, name)
    assert.throws(() => computeCosts(graph, { batch: 2 }), { code: 'INVALID_BATCH' }, name)
  }
})

test('torch’s own file of a strided view; ones and zeros of the input’s batch', async () => {
  await holdsImageByImage(fixture('torch_as_strided.onnx'), { x: [3, 16, 16] })
  await holdsImageByImage(fixture('constant_of_shape_times_input.onnx'), { x: [3, 1, 1] })
  await holdsImageByImage(fixture('zeros_joined.onnx'), { x: [2, 6, 6] })
})
