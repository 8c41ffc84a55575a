import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../../src/engine/cost.ts'
import { largestBatch } from '../../../src/engine/memory/fit.ts'
import { isAlive, memoryTimeline, optimizerNames } from '../../../src/engine/memory/index.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { randomNetwork } from '../rewrites/random-network.ts'
import { presetGraph } from '../zoo-graphs.ts'

const zoo = [
  'alexnet',
  'vgg11',
  'resnet18',
  'googlenet',
  'mobilenet_v2',
  'densenet121',
  'shufflenet_v2_x1_0',
  'squeezenet1_1',
  'nasnet_mobile',
]

/** Four layers, elements of one image: input 100, a 400, b 400, c 200, d 2. Parameters: 8, 0, 10, 202. */
const four = verifyGraph({
  input: { shape: [1, 10, 10] },
  layers: [
    { id: 'a', type: 'Conv2d', outChannels: 4, kernelSize: 1 },
    { id: 'b', type: 'ReLU' },
    { id: 'c', type: 'Conv2d', outChannels: 2, kernelSize: 1 },
    { id: 'd', type: 'GlobalAvgPool2d' },
  ],
})

test('four layers by hand: inference', () => {
  const { steps, tensors, peak, inPlace, arena } = memoryTimeline(four)
  // At a: input and a. At b: a and b. At c: b and c. At d: c and d.
  assert.deepEqual(
    steps.map(({ aliveBytes }) => aliveBytes / 4),
    [500, 800, 600, 202],
  )
  assert.deepEqual(peak, { bytes: 3200, step: 1, layerId: 'b', pass: 'forward', totalBytes: 3200 + 4 * 18 })
  assert.deepEqual(
    tensors.filter((each) => isAlive(each, peak.step)).map(({ tensor, bytes, from, to }) => [tensor, bytes, from, to]),
    [
      ['a', 1600, 0, 1],
      ['b', 1600, 1, 2],
    ],
  )
  // ReLU over a: then 500, 400, 600, 202.
  assert.deepEqual(inPlace, { peakBytes: 2400, layers: 1 })
  assert.deepEqual(
    steps.map((step) => step.inPlace),
    [false, true, false, false],
  )
  // a and b beside each other; input, c and d where b or a is not, or is no more.
  assert.deepEqual(arena, { bytes: 3200, withoutReuseBytes: 4 * 1102 })
})

test('four layers by hand: training, and by optimizer', () => {
  const { steps, peak, keptActivationBytes, weightBytes, gradientBytes } = memoryTimeline(four, { mode: 'training', batch: 2 })
  // Forward: input 100 and a, b, c, d one after the other. Backward of d: its gradient 2 and that of c, 200; of c: gradients of c
  // and b, d is gone; of b: those of b and a; of a: that of a.
  const images = (...elements: number[]) => elements.map((each) => each * 2 * 4)
  assert.deepEqual(
    steps.map(({ activationBytes }) => activationBytes),
    images(500, 900, 1100, 1102, 1102, 1100, 900, 500),
  )
  assert.deepEqual(
    steps.map(({ gradientBytes: each }) => each),
    images(0, 0, 0, 0, 202, 600, 800, 400),
  )
  assert.deepEqual([peak.bytes, peak.layerId, peak.pass], [8 * 1700, 'c', 'backward'])
  assert.deepEqual([keptActivationBytes, weightBytes, gradientBytes], [8 * 1002, 72, 72])
  // SGD keeps nothing, momentum one number a parameter, Adam and AdamW two (Kingma and Ba, 2015; Loshchilov and Hutter, 2019).
  const states = optimizerNames.map((optimizer) => memoryTimeline(four, { mode: 'training', optimizer }).optimizerBytes / 72)
  assert.deepEqual(states, [0, 1, 2, 2])
})

test('sixteen equal layers in √16 segments: three checkpoints, and the last segment whole', () => {
  const chain = verifyGraph({
    input: { shape: [1, 5, 5] },
    layers: Array.from({ length: 16 }, (_, i) => ({ id: `l${i}`, type: 'Conv2d', outChannels: 1, kernelSize: 1, bias: false })),
  })
  const plain = memoryTimeline(chain, { mode: 'training' })
  const checkpointed = memoryTimeline(chain, { mode: 'training', segments: 'sqrt' })
  assert.deepEqual([plain.keptActivationBytes, plain.recomputedMacs, plain.segments], [16 * 100, 0, 1])
  // At the end of forward: l3, l7, l11 and l12 to l15. Three segments of four layers of 25 multiply-adds are computed again.
  assert.deepEqual([checkpointed.keptActivationBytes, checkpointed.recomputedMacs, checkpointed.segments], [7 * 100, 12 * 25, 4])
  const again = checkpointed.tensors.filter(({ kind }) => kind === 'recomputed').map(({ tensor }) => tensor)
  assert.deepEqual(again.sort(), ['l0', 'l1', 'l10', 'l2', 'l4', 'l5', 'l6', 'l8', 'l9'])
})

test('the peak of the timeline is that of the costs, and what is alive there makes it', () => {
  const graphs = [...zoo.map(presetGraph), ...Array.from({ length: 40 }, (_, seed) => randomNetwork(seed))]
  for (const graph of graphs) {
    const { totals, training } = computeCosts(graph, { batch: 3 })
    const { peak, tensors, inPlace, arena, weightBytes } = memoryTimeline(graph, { batch: 3 })
    assert.deepEqual([peak.bytes, peak.layerId, weightBytes], [totals.peakActivationBytes, totals.peakActivationLayer, totals.weightBytes])
    const sum = tensors.filter((each) => isAlive(each, peak.step)).reduce((total, { bytes }) => total + bytes, 0)
    assert.equal(sum, peak.bytes)
    assert.ok(inPlace!.peakBytes <= peak.bytes && arena!.bytes >= peak.bytes && arena!.bytes <= arena!.withoutReuseBytes)
    const trained = memoryTimeline(graph, { batch: 3, mode: 'training' })
    assert.equal(trained.keptActivationBytes, training.activationBytes)
    assert.equal(trained.weightBytes + trained.gradientBytes + trained.optimizerBytes + trained.keptActivationBytes, training.totalBytes)
    assert.ok(trained.peak.totalBytes >= training.totalBytes)
  }
})

test('in one block of memory no two tensors that are alive together overlap', () => {
  for (const graph of [...zoo.map(presetGraph), ...Array.from({ length: 40 }, (_, seed) => randomNetwork(seed))]) {
    const { tensors, arena } = memoryTimeline(graph)
    tensors.forEach((a, i) => {
      assert.ok(a.offset! + a.bytes <= arena!.bytes)
      for (const b of tensors.slice(i + 1))
        if (a.from <= b.to && b.from <= a.to && a.bytes > 0 && b.bytes > 0)
          assert.ok(a.offset! + a.bytes <= b.offset! || b.offset! + b.bytes <= a.offset!, `${a.tensor} over ${b.tensor}`)
    })
  }
})

test('checkpoints never keep more, and cost at most one more forward pass', () => {
  for (const graph of [presetGraph('resnet18'), presetGraph('vgg11'), ...Array.from({ length: 40 }, (_, seed) => randomNetwork(seed))]) {
    const plain = memoryTimeline(graph, { mode: 'training' })
    for (const segments of [2, 5, 'sqrt'] as const) {
      const less = memoryTimeline(graph, { mode: 'training', segments })
      assert.ok(less.keptActivationBytes <= plain.keptActivationBytes)
      assert.ok(less.peak.bytes <= plain.peak.bytes)
      assert.ok(less.recomputedMacs <= computeCosts(graph).totals.macs)
    }
  }
})

test('the peak grows with the batch, and the largest batch that fits is exact', () => {
  for (const preset of ['alexnet', 'resnet18', 'mobilenet_v2']) {
    const graph = presetGraph(preset)
    for (const mode of ['inference', 'training'] as const) {
      const peaks = [1, 2, 3, 7, 8, 64].map((batch) => memoryTimeline(graph, { batch, mode }).peak.bytes)
      assert.ok(peaks.every((peak, i) => i === 0 || peak > peaks[i - 1]!))
      const bytes = 3 * 2 ** 30
      const { batch, takesBytes, nextBytes } = largestBatch(graph, bytes, { mode })
      const takes = (images: number) => memoryTimeline(graph, { batch: images, mode }).peak.totalBytes
      assert.ok(takes(batch) <= bytes && takes(batch + 1) > bytes, `${preset} ${mode} ${batch}`)
      assert.deepEqual([takesBytes, nextBytes], [takes(batch), takes(batch + 1)])
    }
  }
  assert.deepEqual(largestBatch(four, 3271), { bytes: 3271, batch: 0, takesBytes: 3272, nextBytes: 3272 })
  assert.equal(largestBatch(four, 3272).batch, 1)
  assert.equal(largestBatch(four, 72 + 5 * 3200).batch, 5)
})

test('the lecture’s memory of AlexNet, 1.9 MB, and VGG-16, 48.6 MB: convolution and fully connected rows', () => {
  // EECS 498-007, lecture 8: "AlexNet vs VGG-16"; 4 bytes an element, MB of 2^20.
  for (const [preset, mib] of [
    ['alexnet_lecture', 1.9],
    ['vgg16_lecture', 48.6],
  ] as const) {
    const graph = presetGraph(preset)
    const multiplies = new Set(graph.layers.filter(({ type }) => type === 'Conv2d' || type === 'Linear').map(({ id }) => id))
    const { tensors } = memoryTimeline(graph, { mode: 'training' })
    const kept = tensors
      .filter(({ kind, tensor }) => kind === 'activation' && multiplies.has(tensor))
      .reduce((sum, { bytes }) => sum + bytes, 0)
    // The lecture cuts figures off: 48.65 is written 48.6.
    assert.equal(Math.floor((kept / 2 ** 20) * 10) / 10, mib)
  }
})
