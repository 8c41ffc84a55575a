import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'

interface Reference {
  opset: Record<string, number>
  macs: number
  ops: Record<string, number>
  n_nodes: number
  initializer_numel_float: number
  bn_running_stats_numel: number
  node_output_elems: number
}

const fixtures = new URL('../../../fixtures/', import.meta.url)
const reference = JSON.parse(readFileSync(new URL('reference/onnx/reference.json', fixtures), 'utf8')) as Record<string, Reference>
const read = (name: string): Uint8Array => readFileSync(new URL(`onnx/${name}`, fixtures))

/** Scalars among a file's float initializers: bounds of Clip in one, the attention's scale in the other. */
const scalars: Record<string, string[]> = {
  'mobilenet_v2.dynamo17.onnx': ['max_val_cast', 'min_val_cast'],
  'vit_b_16.dynamo.onnx': ['val_80'],
}

/**
 * Elements of node outputs that are no layer's, or of layers that are no node's, beside the reference's count.
 * ShuffleNet: 13 blocks ask for the shape of a map (4 numbers) and compute 5 scalars with it. ViT: the class token, 768
 * numbers in the file, is repeated for each image. NASNet: a Pad of −1 before and 1 after is a crop along rows, one along
 * columns, and a border; the two crops of each of its four are (r−1)·c and (r−1)·(c−1) positions of all channels.
 */
const differently: Record<string, number> = {
  'shufflenet_v2_x1_0.ts17.onnx': -13 * (4 + 5),
  'vit_b_16.dynamo.onnx': 768,
  'nasnetalarge.ts17sim.onnx': [
    [96, 165],
    [168, 83],
    [1008, 42],
    [2016, 21],
  ].reduce((all, [channels, size]) => all + channels! * ((size! - 1) * size! + (size! - 1) ** 2), 0),
}

test('every file is there, and no other', () => {
  assert.deepEqual(
    readdirSync(new URL('onnx/', fixtures)).filter((name) => name.endsWith('.onnx')),
    Object.keys(reference).sort(),
  )
})

for (const [name, expected] of Object.entries(reference))
  test(`${name}: MACs, nodes, outputs and parameters are the reference's, at a batch of 3 as well`, () => {
    const { graph, report } = importOnnx(read(name))
    const costs = computeCosts(graph)
    assert.equal(costs.totals.macs, expected.macs)
    assert.deepEqual(costs.uncounted, [])
    assert.equal(report.nodes, expected.n_nodes)
    assert.deepEqual(report.operators, Object.fromEntries(Object.entries(expected.ops).sort()))
    assert.equal(report.opset[''], expected.opset['ai.onnx'])
    const outputs = costs.layers.reduce((sum, layer) => sum + layer.outputElements, 0)
    assert.equal(outputs - (differently[name] ?? 0), expected.node_output_elems)

    const { parameters } = report
    const own = scalars[name] ?? []
    assert.equal(costs.totals.params, expected.initializer_numel_float - expected.bn_running_stats_numel - own.length)
    assert.equal(parameters.params, costs.totals.params)
    assert.equal(parameters.buffers, expected.bn_running_stats_numel)
    assert.equal(parameters.floatInitializerElements, expected.initializer_numel_float)
    assert.equal(parameters.constants, own.length)
    const explained = parameters.differences.reduce((sum, { elements }) => sum + elements, 0)
    assert.equal(parameters.params + explained, expected.initializer_numel_float)
    assert.deepEqual(
      parameters.differences.filter(({ why }) => !why.startsWith('running statistics')).map(({ tensor }) => tensor),
      own,
    )

    assert.equal(report.batch, name.includes('dyn.') ? 'symbolic' : 1)
    assert.deepEqual(report.externalData, ['weights.bin'])
    const three = computeCosts(graph, { batch: 3 })
    assert.equal(three.totals.macs, 3 * expected.macs)
    assert.equal(three.totals.params, costs.totals.params)
    for (const [i, layer] of three.layers.entries()) assert.equal(layer.outputElements, 3 * costs.layers[i]!.outputElements, layer.id)
  })

/** A seeded shuffle (Fisher and Yates by a linear congruence). */
function shuffle<T>(list: readonly T[], seed: number): T[] {
  const shuffled = [...list]
  let state = seed
  for (let i = shuffled.length - 1; i > 0; i--) {
    state = (state * 1103515245 + 12345) % 2 ** 31
    const j = state % (i + 1)
    ;[shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!]
  }
  return shuffled
}

test('the order in which a file lists nodes, initializers and stated shapes changes nothing', () => {
  for (const name of Object.keys(reference)) {
    const model = fromBinary(ModelProtoSchema, read(name))
    const graph = model.graph!
    graph.node = shuffle(graph.node, 7)
    graph.initializer = shuffle(graph.initializer, 8)
    graph.valueInfo = shuffle(graph.valueInfo, 9)
    const [given, shuffled] = [importOnnx(read(name)), importOnnx(toBinary(ModelProtoSchema, model))]
    assert.deepEqual(shuffled.graph, given.graph, name)
    assert.deepEqual(shuffled.report, given.report, name)
  }
})
