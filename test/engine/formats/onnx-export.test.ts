import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema, type TensorProto, TensorProto_DataLocation, TensorProto_DataType, type ValueInfoProto } from 'onnx-buf'
import * as ort from 'onnxruntime-node'
import { computeCosts } from '../../../src/engine/cost.ts'
import { exportOnnx, onnxOpset } from '../../../src/engine/formats/onnx-export.ts'
import { streamOnnx } from '../../../src/engine/formats/onnx-stream.ts'
import { inferShapes } from '../../../src/engine/infer.ts'
import { opOf } from '../../../src/engine/ops/index.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { seededParameter } from '../../../src/engine/weights.ts'
import { distance, graphOf, inputsOf, runOnnx, runTfjs, seed } from '../run-graph.ts'
import { presetGraph } from '../zoo-graphs.ts'

const graphIn = (model: Uint8Array) => fromBinary(ModelProtoSchema, model).graph!
const elements = (tensor: TensorProto): number => tensor.dims.reduce((count, dim) => count * Number(dim), 1)
const entry = (tensor: TensorProto, key: string): string | undefined => tensor.externalData.find((each) => each.key === key)?.value

function dimsOf(info: ValueInfoProto): number[] {
  const type = info.type!.value
  assert.ok(type.case === 'tensorType')
  return type.value.shape!.dim.map((size) => Number(size.value.value))
}

const small = graphOf(
  [3, 16, 16],
  [
    { id: 'conv', type: 'Conv2d', outChannels: 16, kernelSize: 3, padding: 1 },
    { id: 'norm', type: 'BatchNorm2d' },
    { id: 'act', type: 'SiLU' },
    { id: 'pool', type: 'AvgPool2d', kernelSize: 3, stride: 2, padding: 1, ceilMode: true },
    { id: 'flat', type: 'Flatten' },
    { id: 'fc', type: 'Linear', outFeatures: 10 },
  ],
)

test('ResNet-50 without weights: its ConstantOfShape nodes make 25,557,032 parameters and 53,120 running statistics', () => {
  const file = exportOnnx(presetGraph('resnet50'), { weights: 'none' })
  const graph = graphIn(file.model)
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]))
  let running = 0
  let all = 0
  for (const { opType, input, output } of graph.node) {
    if (opType !== 'ConstantOfShape') continue
    const made = [...new BigInt64Array(constants.get(input[0]!)!.rawData.slice().buffer)].reduce((count, dim) => count * Number(dim), 1)
    all += made
    if (/running_(mean|var)$/.test(output[0]!)) running += made
  }
  assert.equal(running, 53_120)
  assert.equal(all, 25_557_032 + 53_120)
  assert.ok(graph.initializer.every((tensor) => tensor.dataType === TensorProto_DataType.INT64))
  assert.equal(graph.node.filter((node) => node.opType === 'Conv').length, 53)
  assert.ok(file.model.length < 110_000, `${file.model.length} bytes without weights`)
})

test('the file states its opset, and the shape of every tensor as the engine infers it, for the batch and resolution asked for', () => {
  const graph = presetGraph('squeezenet1_1')
  const options = { batch: 3, resolution: [96, 128] as const }
  const file = exportOnnx(graph, { ...options, weights: 'none' })
  const model = fromBinary(ModelProtoSchema, file.model)
  assert.deepEqual(
    model.opsetImport.map(({ domain, version }) => [domain, version]),
    [['', BigInt(onnxOpset)]],
  )
  assert.deepEqual(dimsOf(model.graph!.input[0]!), [3, 3, 96, 128])
  const written = new Map([...model.graph!.valueInfo, ...model.graph!.output].map((info) => [info.name, dimsOf(info)]))
  for (const { layer, outputs } of inferShapes(graph, options)) assert.deepEqual(written.get(layer.id), outputs[0], layer.id)
  assert.deepEqual(file.outputs, [{ name: graph.outputs[0], shape: [3, 1000] }])
})

test('every node can be read back to its layer, and every name stands once', () => {
  for (const preset of ['googlenet', 'mobilenet_v3_small', 'shufflenet_v2_x1_0', 'alexnet_2012']) {
    const graph = presetGraph(preset)
    const file = exportOnnx(graph, { weights: 'none' })
    const { node, initializer } = graphIn(file.model)
    assert.equal(new Set(node.map(({ name }) => name)).size, node.length)
    const made = [...initializer.map(({ name }) => name), ...node.flatMap(({ output }) => output)]
    assert.equal(new Set(made).size, made.length)
    for (const { name } of node) {
      const layer = file.layerOfNode.get(name)
      assert.ok(name === layer || name.startsWith(`${layer}/`), `${name} → ${layer}`)
    }
    assert.deepEqual(new Set(file.layerOfNode.values()), new Set(graph.layers.map(({ id }) => id)))
  }
})

test('ids that look like derived names are told apart', async () => {
  const graph = verifyGraph({
    input: { shape: [4, 6, 6] },
    layers: [
      { id: 'a', type: 'Conv2d', outChannels: 4, kernelSize: 1, inputs: ['input'] },
      { id: 'a.weight', type: 'ReLU', inputs: ['a'] },
      { id: 's', type: 'SiLU', inputs: ['a.weight'] },
      { id: 's/Mul', type: 'Tanh', inputs: ['s'] },
      { id: 's/sigmoid', type: 'GELU', inputs: ['s/Mul'] },
      { id: 'a.bias', type: 'Add', inputs: ['a', 's/sigmoid'] },
    ],
  })
  const inputs = inputsOf(graph, 1)
  const [onnx] = await runOnnx(graph, inputs)
  const [tfjs] = await runTfjs(graph, inputs)
  assert.ok(distance(onnx!, tfjs!) < 1e-5)
  const { layerOfNode } = exportOnnx(graph, { weights: 'none' })
  assert.equal(layerOfNode.get('s/Mul'), 's/Mul')
  assert.equal(layerOfNode.get('s/Mul_2'), 's')
})

test('external weights: whole pages apart, inside the block, each the seeded values', () => {
  const file = exportOnnx(small, { seed })
  const block = file.externalData[0]!
  const shapes = new Map(inferShapes(small).map((layer) => [layer.layer.id, layer]))
  let external = 0
  let end = 0
  for (const tensor of graphIn(file.model).initializer) {
    if (tensor.dataType !== TensorProto_DataType.FLOAT || !/^(conv|norm|fc)\./.test(tensor.name)) continue
    const [id, name] = tensor.name.split('.') as [string, string]
    const { inputs, layer } = shapes.get(id)!
    const parameter = opOf(layer.type).parameters!(inputs, layer.attributes).find((each) => each.name === name)!
    let bytes: Uint8Array = tensor.rawData
    if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL) {
      external += 1
      assert.equal(entry(tensor, 'location'), block.path)
      const offset = Number(entry(tensor, 'offset'))
      assert.ok(offset % 4096 === 0 && offset >= end, `${tensor.name} at ${offset} after ${end}`)
      end = offset + Number(entry(tensor, 'length'))
      bytes = block.data.subarray(offset, end)
    }
    assert.deepEqual(new Float32Array(bytes.slice().buffer), seededParameter(seed, id, parameter), tensor.name)
  }
  assert.equal(end, block.data.length)
  assert.equal(external, 2, 'the two weights of at least 1 KiB; small ones are inline')
})

test('inline and external storage are one network; the same seed gives the same bytes, another seed others', async () => {
  const inputs = inputsOf(small, 2)
  const [external] = await runOnnx(small, inputs, { batch: 2 })
  const [inline] = await runOnnx(small, inputs, { batch: 2, storage: 'inline' })
  assert.deepEqual(inline, external)
  const bytes = (of: number) => Buffer.from(exportOnnx(small, { seed: of, storage: 'inline' }).model)
  assert.ok(bytes(1).equals(bytes(1)))
  assert.ok(!bytes(1).equals(bytes(2)))
})

test('float16 halves the weights and still gives the network’s numbers, to float16’s precision', async () => {
  const inputs = inputsOf(small, 2)
  const [full] = await runOnnx(small, inputs, { batch: 2 })
  const [half] = await runOnnx(small, inputs, { batch: 2, precision: 'float16' })
  const apart = distance(half!, full!)
  // 11 significant bits: errors of 2^-11 = 0.0005 an operation; no difference at all would mean that nothing was halved.
  assert.ok(apart > 1e-6 && apart < 5e-3, `${apart}`)
  const file = exportOnnx(small, { precision: 'float16', storage: 'inline' })
  for (const tensor of graphIn(file.model).initializer) {
    if (tensor.dataType === TensorProto_DataType.INT64) continue
    assert.equal(tensor.dataType, TensorProto_DataType.FLOAT16, tensor.name)
    assert.equal(tensor.rawData.length, 2 * elements(tensor))
  }
  const weightBytes = computeCosts(small, { dtype: 'float16' }).totals.weightBytes
  assert.ok(file.model.length > weightBytes && file.model.length < weightBytes + 5000)
})

test('a file without weights loads and runs in ONNX Runtime, in both precisions', async () => {
  for (const precision of ['float32', 'float16'] as const) {
    const [output] = await runOnnx(small, inputsOf(small, 2), { batch: 2, weights: 'none', precision })
    // Every weight and bias is 0, so the last layer gives 0.
    assert.deepEqual(output, new Float32Array(20))
  }
  const conv = { type: 'Conv2d', outChannels: 3, kernelSize: 3, padding: 1 }
  const shared = graphOf(
    [3, 8, 8],
    [
      { id: 'own', ...conv },
      { id: 'shares', ...conv, weightsOf: 'own' },
    ],
  )
  const made = graphIn(exportOnnx(shared, { weights: 'none' }).model).node.filter(({ opType }) => opType === 'ConstantOfShape')
  assert.deepEqual(made.map(({ output }) => output[0]).sort(), ['own.bias', 'own.weight'])
  assert.deepEqual((await runOnnx(shared, inputsOf(shared, 1), { weights: 'none' }))[0], new Float32Array(192))
})

test('a file written piece by piece is the file written whole, to the last value', async () => {
  const { length, pieces } = streamOnnx(small, { seed, batch: 2 })
  const file = new Uint8Array(Buffer.concat([...pieces]))
  assert.equal(file.length, length)
  const whole = exportOnnx(small, { seed, batch: 2, storage: 'inline' })
  assert.deepEqual(fromBinary(ModelProtoSchema, file), fromBinary(ModelProtoSchema, whole.model))
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, logSeverityLevel: 3 })
  const inputs = inputsOf(small, 2)
  const given = await session.run({ input: new ort.Tensor('float32', inputs.input!, [2, 3, 16, 16]) })
  const [expected] = await runOnnx(small, inputs, { batch: 2 })
  assert.deepEqual(Float32Array.from(given.fc!.data as Float32Array), expected)
  await session.release()
})

test('a file past 2 GiB is refused before its first piece', () => {
  // The weights alone take 2^31 − 4 bytes, which would go; with what names them it is more than 2^31 − 1.
  const graph = verifyGraph({ input: { shape: [1] }, layers: [{ type: 'Linear', outFeatures: 2 ** 29 - 1, bias: false }] })
  assert.throws(() => streamOnnx(graph), { code: 'EXPORT_UNSUPPORTED', message: /export it without weights/ })
})

test('inline weights past the 2 GiB of a protobuf message are refused before they are made', () => {
  const graph = verifyGraph({ input: { shape: [32768] }, layers: [{ type: 'Linear', outFeatures: 32768 }] })
  assert.throws(() => exportOnnx(graph, { storage: 'inline' }), {
    code: 'EXPORT_UNSUPPORTED',
    // Weights 32768 · 32768 and bias 32768, four bytes each.
    message: /take 4295098368 bytes.*export without weights, or with weights beside the model/,
  })
})

test('a resolution that does not go through is refused, naming the layer', () => {
  assert.throws(() => exportOnnx(presetGraph('alexnet'), { resolution: [16, 16], weights: 'none' }), { code: 'INVALID_RESOLUTION' })
})
