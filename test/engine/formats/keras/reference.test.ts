import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importKeras, importTfjsLayers } from '../../../../src/engine/formats/keras/index.ts'
import type { Graph } from '../../../../src/engine/graph.ts'
import { inferShapes } from '../../../../src/engine/infer.ts'
import { distance, inputsOf, runOnnx, runTfjs, tolerance } from '../../run-graph.ts'

/** Networks of keras.applications: `count_params()` and MACs from Keras itself (test/fixtures/reference/README.md). */
const fixture = (path: string) => JSON.parse(readFileSync(new URL(`../../../fixtures/${path}`, import.meta.url), 'utf8'))
const reference = fixture('reference/keras/reference.json') as Record<
  string,
  { params: number; trainable: number; non_trainable: number; macs_conv_dense: number; n_layers: number }
>
const files = [
  ...Object.keys(reference).flatMap((name) => [`keras/${name}.keras2.json`, `keras/${name}.keras3.json`]),
  'tfjs/MobileNet.model.json',
  'tfjs/ResNet50.model.json',
]
const read = (file: string): Graph => (file.startsWith('tfjs') ? importTfjsLayers(fixture(file)) : importKeras(fixture(file)))
const layersOf = (file: string): any[] => {
  const json = fixture(file)
  return (json.modelTopology?.model_config ?? json).config.layers
}

for (const file of files)
  test(`${file}: parameters, running statistics and multiply-adds are Keras's own`, () => {
    const { params, trainable, non_trainable, macs_conv_dense, n_layers } = reference[/\/(\w+)\./.exec(file)![1]!]!
    const { totals } = computeCosts(read(file))
    assert.equal(totals.params, trainable)
    assert.equal(totals.buffers, non_trainable)
    assert.equal(totals.params + totals.buffers, params)
    assert.equal(totals.macs, macs_conv_dense)

    // What Keras has one layer for and we have another number, by its own list of layers.
    const layers = layersOf(file)
    assert.equal(layers.length, n_layers)
    const extra = layers.map(({ class_name, config }) => {
      const inside = class_name !== 'Activation' && config.activation !== undefined && config.activation !== 'linear' ? 1 : 0
      if (class_name === 'InputLayer') return -1
      if (class_name === 'SeparableConv2D') return 1 + inside
      if (class_name === 'GlobalAveragePooling2D') return config.keepdims === true ? 0 : 1
      if (class_name === 'Cropping2D') return config.cropping.flat().filter((n: number) => n > 0).length - 1
      return inside
    })
    assert.equal(
      totals.layers,
      extra.reduce((sum, n) => sum + n, n_layers),
    )
  })

/** Two more, by Keras 3 alone. */
const more = fixture('reference/keras/keras3.json') as typeof reference

test('EfficientNet and MobileNetV3, with constants, activations of the operators and adapted statistics, cost what Keras says', () => {
  for (const [name, { trainable, non_trainable, macs_conv_dense }] of Object.entries(more)) {
    const { totals } = computeCosts(read(`keras/${name}.keras3.json`))
    assert.equal(totals.params, trainable, name)
    // A Normalization of Keras has one more, the number of samples that it saw.
    const counters = layersOf(`keras/${name}.keras3.json`).filter(({ class_name }) => class_name === 'Normalization').length
    assert.equal(totals.buffers, non_trainable - counters, name)
    assert.equal(totals.macs, macs_conv_dense, name)
  }
})

test('every tensor has the shape that Keras 3 writes beside it', () => {
  for (const name of Object.keys({ ...reference, ...more })) {
    const graph = read(`keras/${name}.keras3.json`)
    // The last engine layer of a Keras layer: others of its parts stand before it.
    const shapes = new Map(inferShapes(graph).map(({ layer, outputs }) => [layer.id.split('.')[0]!, outputs[0]!]))
    for (const { id, shape } of graph.inputs) shapes.set(id, [1, ...shape])
    let compared = 0
    const visit = (value: any): void => {
      if (Array.isArray(value)) for (const each of value) visit(each)
      if (value?.class_name !== '__keras_tensor__') return
      const [layer] = value.config.keras_history
      const shape = shapes.get(layer)!
      const [batch, channels, ...map] = shape
      assert.deepEqual(shape.length === 4 ? [batch, ...map, channels] : shape, [1, ...value.config.shape.slice(1)], `${name} ${layer}`)
      compared += 1
    }
    for (const { inbound_nodes } of layersOf(`keras/${name}.keras3.json`)) for (const node of inbound_nodes) visit(node.args)
    assert.ok(compared >= { ...reference, ...more }[name]!.n_layers - 2, `${name}: ${compared}`)
  }
})

test('both generations and TF.js write one network', () => {
  const plain = (graph: Graph) =>
    JSON.stringify(graph)
      .replaceAll(/"input_(1|layer\w*)"/g, '"x"')
      .replaceAll(/(reshape|dropout)_\d+/g, '$1')
  for (const name of ['MobileNet', 'ResNet50', 'VGG16'])
    assert.equal(plain(read(`keras/${name}.keras2.json`)), plain(read(`keras/${name}.keras3.json`)))
  for (const name of ['MobileNet', 'ResNet50'])
    assert.equal(plain(read(`tfjs/${name}.model.json`)), plain(read(`keras/${name}.keras2.json`)))
})

test('MobileNet, MobileNetV3, EfficientNet and ResNet-50 at a low resolution run alike on both runtimes', async () => {
  for (const file of [
    'tfjs/MobileNet.model.json',
    'keras/ResNet50.keras3.json',
    ...Object.keys(more).map((name) => `keras/${name}.keras3.json`),
  ]) {
    const graph = read(file)
    const resolution = [64, 64] as const
    const inputs = inputsOf({ ...graph, inputs: graph.inputs.map(({ id }) => ({ id, shape: [3, ...resolution] })) }, 1)
    const [onnx, tfjs] = [await runOnnx(graph, inputs, { resolution }), await runTfjs(graph, inputs, { resolution })]
    assert.equal(onnx[0]!.length, 1000)
    assert.ok(distance(tfjs[0]!, onnx[0]!) < tolerance, file)
  }
})

test('weights that a manifest states in another shape are named', () => {
  const json = fixture('tfjs/MobileNet.model.json')
  json.weightsManifest[0].weights[0].shape = [3, 3, 3, 31]
  assert.throws(
    () => importTfjsLayers(json),
    (error: any) =>
      error.code === 'INVALID_KERAS' &&
      error.errors.length === 1 &&
      error.errors[0].path === '/weightsManifest/0/weights/0' &&
      /weights of conv1 have 837 elements, but the layer takes 864/.test(error.errors[0].message),
  )
})
