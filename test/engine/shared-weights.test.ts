import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import { computeCosts } from '../../src/engine/cost.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { exportOnnx } from '../../src/engine/formats/onnx-export.ts'
import { lowerToTfjs } from '../../src/engine/formats/tfjs-lowering.ts'
import { graphToJson } from '../../src/engine/graph.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { seededParameter } from '../../src/engine/weights.ts'
import { activeTfjs, distance, inputsOf, runOnnx, runTfjs, seed, tolerance } from './run-graph.ts'
import { violationsOf } from './violations-of.ts'

/**
 * A head over two maps of different sizes, and twice over one: convolution, grouped and dilated ones, batch norm, linear. Every
 * kind of lowering that keeps weights in a layout of its own is called for equal and for different shapes.
 */
const spec = (shared: boolean) => {
  const of = (owner: string) => (shared ? { weightsOf: owner } : {})
  const conv = { type: 'Conv2d', outChannels: 6, kernelSize: 3, padding: 1 }
  const grouped = { type: 'Conv2d', outChannels: 6, kernelSize: 3, padding: 'same', groups: 3, bias: false }
  const depthwise = { type: 'Conv2d', outChannels: 6, kernelSize: 3, padding: 2, dilation: 2, groups: 6 }
  return {
    input: { shape: [6, 16, 16] },
    layers: [
      { id: 'small', type: 'MaxPool2d', kernelSize: 2 },
      { id: 'conv_a', ...conv, inputs: ['input'] },
      { id: 'group_a', ...grouped },
      { id: 'depth_a', ...depthwise },
      { id: 'norm_a', type: 'BatchNorm2d' },
      { id: 'pool_a', type: 'GlobalAvgPool2d' },
      { id: 'flat_a', type: 'Flatten' },
      { id: 'fc_a', type: 'Linear', outFeatures: 5 },
      { id: 'conv_b', ...conv, inputs: ['small'], ...of('conv_a') },
      { id: 'group_b', ...grouped, ...of('group_a') },
      { id: 'depth_b', ...depthwise, ...of('depth_a') },
      { id: 'norm_b', type: 'BatchNorm2d', ...of('norm_a') },
      { id: 'pool_b', type: 'GlobalAvgPool2d' },
      { id: 'flat_b', type: 'Flatten' },
      { id: 'fc_b', type: 'Linear', outFeatures: 5, ...of('fc_a') },
      { id: 'conv_c', ...conv, inputs: ['conv_b'], ...of('conv_a') },
      { id: 'conv_d', ...conv, stride: 2, ...of('conv_a') },
      { id: 'pool_c', type: 'GlobalAvgPool2d' },
    ],
    outputs: ['fc_a', 'fc_b', 'pool_c'],
  }
}

const graph = verifyGraph(spec(true))
const apart = verifyGraph(spec(false))

test('weights count once, work counts at every use, and reading them moves their bytes at every use', () => {
  const shared = computeCosts(graph)
  const own = computeCosts(apart)
  assert.equal(shared.totals.macs, own.totals.macs)
  assert.equal(shared.totals.bytesRead, own.totals.bytesRead)
  // conv 6·6·9 + 6, grouped 6·2·9, depthwise 6·9 + 6, norm 6 + 6, linear 6·5 + 5; running statistics 6 + 6.
  assert.equal(shared.totals.params, 330 + 108 + 60 + 12 + 35)
  assert.equal(shared.totals.buffers, 12)
  assert.equal(shared.totals.weightBytes, 4 * (545 + 12))
  assert.equal(own.totals.params, 2 * 545 + 2 * 330)
  const row = (id: string) => shared.layers.find((layer) => layer.id === id)!
  assert.deepEqual([row('conv_b').params, row('conv_b').weightsOf, row('conv_a').weightsOf], [0, 'conv_a', undefined])
  assert.equal(row('conv_c').macs, row('conv_b').macs)
  // torchinfo multiplies what a layer computes with by its positions, so a use without weights of its own counts the same.
  assert.equal(computeCosts(graph, { convention: 'torchinfo' }).totals.flops, computeCosts(apart, { convention: 'torchinfo' }).totals.flops)
})

test('both runtimes compute with the owner’s weights, whatever a lowering does with them', async () => {
  for (const batch of [1, 2]) {
    const inputs = inputsOf(graph, batch)
    const [onnx, tfjs] = [await runOnnx(graph, inputs, { batch }), await runTfjs(graph, inputs, { batch })]
    // A third way: the same network with weights apart, each use given the owner's values.
    const owner = new Map(graph.layers.map((layer) => [layer.id, layer.weightsOf ?? layer.id]))
    const copied = await runTfjs(apart, inputs, { batch, parameterOf: (id, parameter) => seededParameter(seed, owner.get(id)!, parameter) })
    const differently = await runTfjs(apart, inputs, { batch })
    onnx.forEach((values, i) => {
      assert.ok(distance(tfjs[i]!, values) < tolerance)
      assert.ok(distance(copied[i]!, values) < tolerance)
    })
    assert.ok(distance(differently[1]!, onnx[1]!) > tolerance, 'other weights are seen')
  }
})

test('an exported file holds shared weights once, by the owner’s name', () => {
  const { graph: file } = fromBinary(ModelProtoSchema, exportOnnx(graph, { storage: 'inline' }).model)
  const floats = file!.initializer.filter(({ dataType }) => dataType === 1)
  assert.equal(
    floats.reduce((sum, { dims }) => sum + Number(dims.reduce((a, b) => a * b, 1n)), 0),
    545 + 12,
  )
  const uses = file!.node.filter(({ input }) => input.includes('conv_a.weight')).map(({ name }) => name)
  assert.deepEqual(uses.sort(), ['conv_a', 'conv_b', 'conv_c', 'conv_d'])
})

test('in TF.js, uses that do the same add no memory, and disposing leaves nothing', async () => {
  const tf = await activeTfjs()
  const lower = (uses: number, shared: boolean) => {
    const fc = (i: number) => ({ id: `fc${i}`, type: 'Linear', outFeatures: 64, ...(i > 0 && shared ? { weightsOf: 'fc0' } : {}) })
    const norm = (i: number) => ({ id: `n${i}`, type: 'BatchNorm2d', ...(i > 0 ? { weightsOf: 'n0' } : {}) })
    const maps = Array.from({ length: uses }, (_, i) => [norm(i), { id: `cut${i}`, type: 'Slice', dim: 2, start: 1 }]).flat()
    const tail = Array.from({ length: uses }, (_, i) => fc(i))
    const net = verifyGraph({ input: { shape: [64, 9, 1] }, layers: [...maps, { type: 'GlobalAvgPool2d' }, { type: 'Flatten' }, ...tail] })
    const before = tf.memory()
    const network = lowerToTfjs(tf, net, { batch: 1, parameterOf: (id, parameter) => seededParameter(seed, id, parameter) })
    // Buffers, since TF.js counts the bytes of tensors that share one several times.
    const buffers = tf.memory().numDataBuffers - before.numDataBuffers
    network.dispose()
    assert.equal(tf.memory().numTensors, before.numTensors)
    assert.equal(tf.memory().numDataBuffers, before.numDataBuffers)
    return buffers
  }
  assert.equal(lower(5, true), lower(1, true))
  assert.ok(lower(5, false) > lower(1, false))
})

test('it reads back as it was written, and a graph that shares nothing has no such key', () => {
  assert.deepEqual(verifyGraph(graphToJson(graph)), graph)
  assert.ok(!JSON.stringify(graphToJson(apart)).includes('weightsOf'))
})

test('a resolution at which the shapes part is refused, naming the layer', () => {
  const net = verifyGraph({
    inputs: [
      { id: 'wide', shape: [2, 6, 6] },
      { id: 'deep', shape: [8, 3, 3] },
    ],
    layers: [
      { id: 'fa', type: 'Flatten', inputs: ['wide'] },
      { id: 'a', type: 'Linear', outFeatures: 3 },
      { id: 'fb', type: 'Flatten', inputs: ['deep'] },
      { id: 'b', type: 'Linear', outFeatures: 3, weightsOf: 'a' },
    ],
    outputs: ['a', 'b'],
  })
  assert.equal(computeCosts(net).totals.params, 3 * 72 + 3)
  assert.throws(
    () => computeCosts(net, { resolution: [4, 4] }),
    (error) => error instanceof EngineError && error.code === 'INVALID_RESOLUTION' && error.errors[0]!.layerId === 'b',
  )
})

test('what cannot be shared is refused, with a path and what would be right', () => {
  const conv = { type: 'Conv2d', outChannels: 3, kernelSize: 3, padding: 1 }
  const refused = (layers: object[], path: string, says: RegExp) => {
    const problems = violationsOf({ input: { shape: [3, 8, 8] }, layers })
    assert.equal(problems.length, 1, JSON.stringify(problems))
    assert.equal(problems[0]!.path, path)
    assert.match(problems[0]!.message, says)
  }
  const a = { id: 'stem_a', ...conv }
  refused([a, { ...conv, weightsOf: 'stem_b' }], '/layers/1/weightsOf', /no layer "stem_b".*did you mean "stem_a"/)
  refused([a, { ...conv, weightsOf: 'input' }], '/layers/1/weightsOf', /no layer "input"/)
  refused([{ ...a, weightsOf: 'stem_a' }], '/layers/0/weightsOf', /its own weights by itself/)
  refused([a, { id: 'b', ...conv, weightsOf: 'stem_a' }, { ...conv, weightsOf: 'b' }], '/layers/2/weightsOf', /owns them, "stem_a"/)
  refused([a, { type: 'BatchNorm2d', weightsOf: 'stem_a' }], '/layers/1/weightsOf', /stem_a is a Conv2d, this layer a BatchNorm2d/)
  refused([a, { type: 'ReLU', id: 'r' }, { type: 'ReLU', weightsOf: 'r' }], '/layers/2/weightsOf', /ReLU has no weights/)
  refused(
    [a, { ...conv, outChannels: 4, weightsOf: 'stem_a' }],
    '/layers/1/weightsOf',
    /stem_a has the parameters weight 3×3×3×3, bias 3, but.*4×3×3×3/,
  )
  refused([a, { ...conv, bias: false, weightsOf: 'stem_a' }], '/layers/1/weightsOf', /bias 3/)
  refused([a, { ...conv, weightsOf: 3 }], '/layers/1/weightsOf', /weightsOf is 3, but must be the id of a layer/)
  refused(
    [{ type: 'Input', id: 'x', shape: [3, 8, 8], weightsOf: 'stem_a' }, { type: 'Add', id: 'sum', inputs: ['x', 'input'] }, a],
    '/layers/0/weightsOf',
    /Input has no weights/,
  )
})
