import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lowerToTfjs } from '../../../src/engine/formats/tfjs-lowering.ts'
import type { Parameter } from '../../../src/engine/op.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { seededParameter } from '../../../src/engine/weights.ts'
import { activeTfjs, distance, graphOf, inputsOf, seed } from '../run-graph.ts'

const tf = await activeTfjs()
const parameterOf = (id: string, parameter: Parameter) => seededParameter(seed, id, parameter)
const count = () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes })

/** Views, several outputs, a tensor read twice, an output that is read on, outputs that nobody reads. */
const tangle = verifyGraph({
  input: { shape: [4, 8, 8] },
  layers: [
    { id: 'conv', type: 'Conv2d', outChannels: 6, kernelSize: 3, padding: 1, groups: 2 },
    { id: 'norm', type: 'BatchNorm2d' },
    { id: 'drop', type: 'Dropout' },
    { id: 'same', type: 'Identity' },
    { id: 'cut', type: 'Split', sizes: [1, 2, 3] },
    { id: 'join', type: 'Concat', inputs: ['cut:2', 'cut', 'norm'] },
    { id: 'pool', type: 'AvgPool2d', kernelSize: 3, stride: 2, ceilMode: true },
    { id: 'adapt', type: 'AdaptiveAvgPool2d', outputSize: 3 },
    { id: 'flat', type: 'Flatten' },
    { id: 'fc', type: 'Linear', outFeatures: 5 },
    { id: 'share', type: 'Softmax' },
  ],
  outputs: ['share', 'fc', 'drop', 'cut:2', 'adapt'],
})

test('a run leaves nothing behind but its outputs, and disposing leaves nothing at all', () => {
  const before = count()
  const network = lowerToTfjs(tf, tangle, { batch: 2, parameterOf })
  const inputs = network.upload(inputsOf(tangle, 2))
  const loaded = count()
  for (let i = 0; i < 3; i++) {
    const outputs = network.run(inputs)
    assert.equal(count().tensors, loaded.tensors + 5)
    for (const tensor of outputs) tensor.dispose()
    assert.deepEqual(count(), loaded)
  }
  for (const tensor of Object.values(inputs)) tensor.dispose()
  network.dispose()
  assert.deepEqual(count(), before)
  network.dispose()
  assert.deepEqual(count(), before, 'disposing twice is harmless')
})

test('uploaded inputs serve any number of runs, with the same result', () => {
  const network = lowerToTfjs(tf, tangle, { batch: 1, parameterOf })
  const inputs = network.upload(inputsOf(tangle, 1))
  const results = [0, 1, 2].map(() =>
    network.run(inputs).map((tensor) => {
      const values = tensor.dataSync().slice()
      tensor.dispose()
      return values
    }),
  )
  assert.deepEqual(results[1], results[0])
  assert.deepEqual(results[2], results[0])
  assert.ok(results[0]!.every((values) => values.some((value) => value !== 0)))
  for (const tensor of Object.values(inputs)) tensor.dispose()
  network.dispose()
})

test('outputs come in the engine’s order of elements, N×C×H×W', () => {
  const graph = graphOf([2, 2, 3], [{ type: 'Identity' }])
  const network = lowerToTfjs(tf, graph, { batch: 2, parameterOf })
  const values = Float32Array.from({ length: 24 }, (_, i) => i)
  const inputs = network.upload({ input: values })
  const [output] = network.run(inputs)
  assert.deepEqual(output!.shape, [2, 2, 2, 3])
  assert.deepEqual(output!.dataSync(), values)
  for (const tensor of [output!, ...Object.values(inputs)]) tensor.dispose()
  network.dispose()
})

test('a tensor is freed after its last reader: a chain of fifty layers never holds more than two', () => {
  const graph = graphOf(
    [16, 8, 8],
    Array.from({ length: 50 }, () => ({ type: 'ReLU' })),
  )
  const network = lowerToTfjs(tf, graph, { parameterOf })
  const inputs = network.upload(inputsOf(graph, 1))
  const loaded = count()
  let most = 0
  for (const tensor of network.run(inputs, () => (most = Math.max(most, count().bytes - loaded.bytes)))) tensor.dispose()
  // When a layer is observed, its own output and the tensor it read are there; the first one read the uploaded input.
  assert.equal(most, 2 * 4 * 16 * 8 * 8)
  for (const tensor of Object.values(inputs)) tensor.dispose()
  network.dispose()
})

test('observe is called once a layer, in graph order, with its outputs', () => {
  const network = lowerToTfjs(tf, tangle, { parameterOf })
  const inputs = network.upload(inputsOf(tangle, 1))
  const seen: [string, number][] = []
  for (const tensor of network.run(inputs, (id, outputs) => seen.push([id, outputs.length]))) tensor.dispose()
  assert.deepEqual(
    seen,
    tangle.layers.map(({ id }) => [id, id === 'cut' ? 3 : 1]),
  )
  for (const tensor of Object.values(inputs)) tensor.dispose()
  network.dispose()
})

test('an input that is missing or has another size is refused with what would be right', () => {
  const before = count()
  const network = lowerToTfjs(tf, tangle, { batch: 2, parameterOf })
  assert.throws(() => network.upload({}), /input input takes 512 elements \(2×4×8×8\), but gets none/)
  assert.throws(() => network.upload({ input: new Float32Array(256) }), /but gets 256/)
  network.dispose()
  assert.deepEqual(count(), before)
})

test('a load that fails half way leaves nothing behind', () => {
  const before = count()
  let calls = 0
  const failing = (id: string, parameter: Parameter) => {
    calls += 1
    if (calls === 4) throw new Error('no such weight')
    return parameterOf(id, parameter)
  }
  assert.throws(() => lowerToTfjs(tf, tangle, { parameterOf: failing }), /no such weight/)
  assert.deepEqual(count(), before)
})

test('a run that fails half way leaves nothing behind, and the next one works', () => {
  const network = lowerToTfjs(tf, tangle, { parameterOf })
  const inputs = network.upload(inputsOf(tangle, 1))
  const loaded = count()
  const stop = (id: string) => {
    if (id === 'pool') throw new Error('stopped')
  }
  assert.throws(() => network.run(inputs, stop), /stopped/)
  assert.deepEqual(count(), loaded)
  for (const tensor of network.run(inputs)) tensor.dispose()
  for (const tensor of Object.values(inputs)) tensor.dispose()
  network.dispose()
})

test('a network lowered inside a tidy outlives it', () => {
  const graph = graphOf([4], [{ type: 'Linear', outFeatures: 3 }])
  const network = tf.tidy(() => {
    const lowered = lowerToTfjs(tf, graph, { parameterOf })
    return { keep: lowered } as never
  }) as unknown as { keep: ReturnType<typeof lowerToTfjs> }
  const inputs = network.keep.upload(inputsOf(graph, 1))
  const [output] = network.keep.run(inputs)
  assert.equal(output!.size, 3)
  for (const tensor of [output!, ...Object.values(inputs)]) tensor.dispose()
  network.keep.dispose()
})

test('weights are in memory once: a lowering that lays them out anew frees the original', () => {
  const graph = graphOf([64], [{ type: 'Linear', outFeatures: 32, bias: false }])
  const before = count()
  const network = lowerToTfjs(tf, graph, { parameterOf })
  assert.equal(count().bytes - before.bytes, 4 * 64 * 32)
  network.dispose()
  const conv = graphOf([8, 9, 9], [{ type: 'Conv2d', outChannels: 8, kernelSize: 3, groups: 8, bias: false }])
  const lowered = lowerToTfjs(tf, conv, { parameterOf })
  assert.equal(count().bytes - before.bytes, 4 * 8 * 9)
  lowered.dispose()
})

test('a resolution asked for is the one that runs', () => {
  const graph = graphOf([3, 32, 32], [{ type: 'Conv2d', outChannels: 2, kernelSize: 3 }, { type: 'GlobalAvgPool2d' }, { type: 'Flatten' }])
  const network = lowerToTfjs(tf, graph, { batch: 2, resolution: [10, 12], parameterOf })
  assert.deepEqual(network.inputs, [{ id: 'input', shape: [2, 3, 10, 12] }])
  const inputs = network.upload({ input: new Float32Array(2 * 3 * 120).fill(1) })
  const [output] = network.run(inputs)
  const values = Float32Array.from(output!.dataSync())
  assert.ok(distance(values.subarray(0, 2), values.subarray(2)) === 0, 'two equal images give equal rows')
  for (const tensor of [output!, ...Object.values(inputs)]) tensor.dispose()
  network.dispose()
})
