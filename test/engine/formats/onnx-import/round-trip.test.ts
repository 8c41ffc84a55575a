import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { exportOnnx } from '../../../../src/engine/formats/onnx-export.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { inferShapes } from '../../../../src/engine/infer.ts'
import { opOf } from '../../../../src/engine/ops/index.ts'
import { parametersOf } from '../../../../src/engine/shared-weights.ts'
import { verifyGraph } from '../../../../src/engine/verify.ts'
import { seededParameter } from '../../../../src/engine/weights.ts'
import { expandZoo, families } from '../../../../src/engine/zoo/index.ts'
import { blocks } from '../../ops/contract-blocks.ts'
import { spatial } from '../../ops/contract-spatial.ts'

/** One preset a family. */
const presets = families.map((family) => Object.keys(family.presets)[0]!)

test('what is exported comes back: the same MACs, params, buffers and shapes, at other batches too, whatever batch the file has', () => {
  for (const preset of presets) {
    const graph = verifyGraph(expandZoo({ preset }).spec)
    for (const batch of [1, 2]) {
      const { model } = exportOnnx(graph, { weights: 'none', batch })
      const back = importOnnx(model)
      assert.equal(back.report.batch, batch)
      assert.deepEqual(
        back.report.notes.filter((note) => !note.startsWith('Numbers are stored outside')),
        [],
        preset,
      )
      const [ours, theirs] = [computeCosts(graph, { batch: 3 }), computeCosts(back.graph, { batch: 3 })]
      for (const figure of ['macs', 'params'] as const) assert.equal(theirs.totals[figure], ours.totals[figure], `${preset} ${figure}`)
      const shapes = (of: typeof graph) => {
        const inferred = new Map(inferShapes(of, { batch: 5 }).map(({ layer, outputs }) => [layer.id, outputs[0]]))
        return of.outputs.map((name) => inferred.get(name))
      }
      assert.deepEqual(shapes(back.graph), shapes(graph))
    }
  }
})

/** Ops that leave as one node, which is read back as the op. */
const oneNode = new Set(
  'Conv3d MaxPool3d AvgPool3d BatchNorm1d BatchNorm3d ConvTranspose1d ConvTranspose2d ConvTranspose3d InstanceNorm GlobalMaxPool2d Tile Resize Pad Sin Cos Round'.split(
    ' ',
  ),
)
test('ops over one to three spatial dims and what resamples come back as themselves', () => {
  const seen = new Set<string>()
  for (const [why, type, graph] of [...spatial, ...blocks]) {
    // The overhang of ceil mode leaves as padding, which may be more than a window that is written so may have.
    if (!oneNode.has(type) || graph.layers[0]!.attributes.ceilMode === true) continue
    const back = importOnnx(exportOnnx(graph, { weights: 'none', batch: 2 }).model).graph
    const plain = back.layers.filter((layer) => layer.type === type)
    // A mean over padding is corrected by a product with a constant behind it.
    if (type !== 'AvgPool3d') assert.deepEqual([plain.length, back.layers.length], [1, 1], `${type}, ${why}`)
    const [ours, theirs] = [computeCosts(graph, { batch: 3 }), computeCosts(back, { batch: 3 })]
    assert.equal(theirs.totals.macs, ours.totals.macs, `${type}, ${why}`)
    assert.deepEqual(theirs.layers.at(-1)!.outputShape, ours.layers.at(-1)!.outputShape, `${type}, ${why}`)
    // Scale and shift of ones and zeros, written where nothing is learned, come back as parameters.
    if (!type.endsWith('Norm') && !type.startsWith('BatchNorm')) assert.equal(theirs.totals.params, ours.totals.params, `${type}, ${why}`)
    seen.add(type)
  }
  assert.deepEqual(seen, oneNode)
})

test('the file’s own numbers come back in the engine’s layout, as views of the file where they lie at a multiple of four', () => {
  const layers = [
    { type: 'Conv2d', outChannels: 4, kernelSize: 3, groups: 1 },
    { type: 'BatchNorm2d' },
    { type: 'ReLU' },
    { type: 'Flatten' },
    { type: 'Linear', outFeatures: 5 },
    { type: 'Reshape', shape: [1, 5] },
    { type: 'LayerNorm' },
    { type: 'Linear', outFeatures: 2 },
  ]
  const graph = verifyGraph({ input: { shape: [3, 8, 8] }, layers })
  const { model } = exportOnnx(graph, { seed: 3, storage: 'inline' })
  const back = importOnnx(model)
  assert.equal(back.report.weights, 'all')
  let compared = 0
  for (const { layer, inputs } of inferShapes(back.graph))
    for (const parameter of opOf(layer.type).parameters?.(inputs, layer.attributes) ?? []) {
      const values = back.parameterOf(layer.id, parameter)
      assert.ok(values, `${layer.id} ${parameter.name}`)
      const origin = graph.layers.find(({ id }) => layer.id === id || layer.id.startsWith(`${id}/`))!
      // A Linear over tokens leaves as a product and a sum, whose bias is a tensor of its own.
      const name = layer.type === 'Parameter' ? 'bias' : parameter.name
      const owner = layer.type === 'Parameter' ? layer.id.replace('.bias', '') : origin.id
      const own = parametersOf(
        graph.layers.find(({ id }) => id === owner)!,
        inferShapes(graph).find((each) => each.layer.id === owner)!.inputs,
      )
      assert.deepEqual(
        [...values],
        [...seededParameter(3, owner, own.find((each) => each.name === name)!)],
        `${layer.id} ${parameter.name}`,
      )
      compared += values.length
    }
  assert.equal(compared, computeCosts(graph).totals.params + 2 * 4)
})
