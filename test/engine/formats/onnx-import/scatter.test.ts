/** ScatterND as exporters write `x[:, 1:, ::2] = y`: what is right is what ONNX Runtime makes of the file, image by image. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { file, floats, info, ints, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { holdsOnOnnxRuntime } from './against-onnxruntime.ts'
import { holdsImageByImage } from './batch-law.ts'

/** Positions that are the product of lists, one list a dim. */
function grid(lists: readonly (readonly number[])[]): { table: number[]; shape: number[] } {
  let rows: number[][] = [[]]
  for (const list of lists) rows = rows.flatMap((row) => list.map((position) => [...row, position]))
  return { table: rows.flat(), shape: [...lists.map(({ length }) => length), lists.length] }
}

/** Of all images and heads, the rows and columns from `from` on: as the older exporter of PyTorch writes it, with an open batch. */
function meshOf(from: number): Required<Pick<Parts, 'nodes' | 'initializers'>> {
  const column = (dim: number, start: number) => [
    node('Gather', ['shape', `dim${dim}`], [`end${dim}`]),
    node('Range', [`start${start}`, `end${dim}`, 'one'], [`range${dim}`]),
    node('Reshape', [`range${dim}`, `column${dim}`], [`raised${dim}`]),
  ]
  const dims = [0, 1, 2, 3]
  return {
    nodes: [
      node('Shape', ['x'], ['shape']),
      ...dims.flatMap((dim) => column(dim, dim < 2 ? 0 : from)),
      node('Add', ['raised0', 'raised1'], ['sum01']),
      node('Add', ['sum01', 'raised2'], ['sum012']),
      node('Add', ['sum012', 'raised3'], ['sum']),
      node('Shape', ['sum'], ['mesh']),
      ...dims.flatMap((dim) => [
        node('Expand', [`raised${dim}`, 'mesh'], [`whole${dim}`]),
        node('Unsqueeze', [`whole${dim}`, 'last'], [`positions${dim}`]),
      ]),
      node('Concat', ['positions0', 'positions1', 'positions2', 'positions3'], ['positions'], { axis: -1 }),
    ],
    initializers: [
      ints('last', [-1]),
      ints('one', [1], []),
      ints('start0', [0], []),
      ...(from === 0 ? [] : [ints(`start${from}`, [from], [])]),
      ...dims.flatMap((dim) => [ints(`dim${dim}`, [dim], []), ints(`column${dim}`, [-1, 1, 1, 1].slice(0, 4 - dim))]),
    ],
  }
}

// timm's mvitv2_tiny: its relative positions are added to the scores of all but the class token, if there is one.
for (const from of [0, 1])
  test(`scores from row and column ${from} on are replaced, each image's own`, async () => {
    const { nodes, initializers } = meshOf(from)
    // More positions than are looked at one by one, at 31 images.
    await holdsOnOnnxRuntime({
      shape: [2, 150, 40],
      macs: 2 * 150 * 40 * 40,
      opset: 18,
      nodes: [
        ...nodes,
        node('MatMul', ['x', 'w'], ['products']),
        node('Slice', ['products', 'begin', 'end', 'axes'], ['updates']),
        node('ScatterND', ['x', 'positions', 'updates'], ['y']),
      ],
      initializers: [...initializers, floats('w', [40, 40]), ints('begin', [from, from]), ints('end', [150, 40]), ints('axes', [2, 3])],
    })
  })

const lists = { rows: [2, 3, 4], odd: [1, 3], turned: [4, 0, 2], last: [-1] }
const cases: Record<string, readonly (readonly number[])[]> = {
  'rows of a range': [[0], [0, 1, 2], lists.rows],
  'rows and columns': [[0], [1], lists.rows, lists.odd],
  'columns in an order of their own': [[0], [0, 1, 2], [0, 1, 2, 3, 4], lists.turned],
  'the last channel': [[0], lists.last],
}
for (const [name, each] of Object.entries(cases))
  for (const reduction of ['none', 'add', 'mul', 'max'])
    test(`a file of one image, ${name}, ${reduction}: three give what each gives alone`, async () => {
      const sizes = [1, 3, 5, 6]
      const { table, shape } = grid(each)
      const size = sizes.map((whole, dim) => each[dim]?.length ?? whole)
      const bytes = file({
        inputs: [info('x', sizes)],
        opset: 18,
        nodes: [
          node('Slice', ['x', 'zeros', 'sizes', 'axes'], ['part']),
          node('Neg', ['part'], ['updates']),
          node('ScatterND', ['x', 'positions', 'updates'], ['y'], { reduction }),
        ],
        initializers: [ints('positions', table, shape), ints('zeros', [0, 0, 0]), ints('sizes', size.slice(1)), ints('axes', [1, 2, 3])],
      })
      assert.ok(importOnnx(bytes).graph.layers.every(({ type }) => type !== 'Opaque'))
      await holdsImageByImage(bytes, { x: sizes.slice(1) })
    })

test('zeros that a network writes into', async () => {
  const { table, shape } = grid([[0], [0, 1, 2], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6]])
  const bytes = file({
    inputs: [info('x', [1, 3, 5, 6])],
    opset: 18,
    nodes: [node('ConstantOfShape', ['whole'], ['zeros']), node('ScatterND', ['zeros', 'positions', 'x'], ['y'])],
    initializers: [ints('whole', [1, 3, 7, 8]), ints('positions', table, shape)],
  })
  await holdsImageByImage(bytes, { x: [3, 5, 6] })
})

test('positions that are no grid, or that name some of the images, stay a layer that runs from the file', () => {
  const layers = (first: number | string, positions: Parameters<typeof ints>) =>
    importOnnx(
      file({
        inputs: [info('x', [first, 4])],
        opset: 18,
        nodes: [node('Gather', ['x', 'one'], ['row'], { axis: 1 }), node('ScatterND', ['x', 'positions', 'updates'], ['y'])],
        initializers: [ints('one', [1], []), ints(...positions), floats('updates', positions[2]!.slice(0, -1))],
      }),
    )
  const scattered = layers(1, ['positions', [0, 1, 0, 3], [2, 2]])
  assert.deepEqual(
    computeCosts(scattered.graph).uncounted.map(({ type }) => type),
    ['ScatterND'],
  )
  // The first of however many images alone.
  const first = layers('N', ['positions', [0, 1], [1, 1, 2]])
  assert.deepEqual(
    computeCosts(first.graph).uncounted.map(({ type }) => type),
    ['ScatterND'],
  )
})
