/** Networks over devices: cuts against every other way to cut, the two towers of AlexNet as its paper describes them, and laws. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../../src/engine/cost.ts'
import { EngineError } from '../../../src/engine/errors.ts'
import { type Graph, referencedId } from '../../../src/engine/graph.ts'
import { bestCuts, type CutProblem } from '../../../src/engine/placement/cuts.ts'
import { type PlacementOptions, placeNetwork } from '../../../src/engine/placement/index.ts'
import { random } from '../random.ts'
import { randomNetwork } from '../rewrites/random-network.ts'
import { graphOf } from '../run-graph.ts'
import { presetGraph } from '../zoo-graphs.ts'

/** Every way to choose so many cuts between n layers, in order of the first, then the second … */
function* waysToCut(n: number, cuts: number, from = 1): Generator<number[]> {
  if (cuts === 0) return yield []
  for (let at = from; at <= n - cuts; at++) for (const rest of waysToCut(n, cuts - 1, at + 1)) yield [at, ...rest]
}

/** The best of all ways by trying each: [bottleneck, traffic, cuts]. */
function tried({ costs, traffic, perByte, parts }: CutProblem) {
  let best: { bottleneck: number; traffic: number; cuts: number[] } | null = null
  for (const cuts of waysToCut(costs.length, parts - 1)) {
    const ends = [...cuts, costs.length]
    const sums = [0, ...cuts].map((start, i) => costs.slice(start, ends[i]).reduce((sum, cost) => sum + cost, 0))
    const bottleneck = Math.max(...sums, ...cuts.map((at) => traffic[at]! * perByte))
    const bytes = cuts.reduce((sum, at) => sum + traffic[at]!, 0)
    if (best === null || bottleneck < best.bottleneck || (bottleneck === best.bottleneck && bytes < best.traffic))
      best = { bottleneck, traffic: bytes, cuts }
  }
  return best!
}

test('the best cuts are those that trying every way finds, ties and links included', () => {
  for (let seed = 1; seed <= 400; seed++) {
    const { below } = random(seed)
    const n = 1 + below(11)
    // Small numbers, so that ties come often; zeros as of activations.
    const problem = {
      costs: Array.from({ length: n }, () => below(3) * below(5)),
      traffic: Array.from({ length: n }, () => below(6)),
      perByte: [0, 1, 3][below(3)]!,
      parts: 1 + below(Math.min(n, 5)),
    }
    assert.deepEqual(bestCuts(problem), tried(problem), JSON.stringify(problem))
  }
})

/** What crosses a cut before a layer, by the definition: tensors made before and read behind; a view is the tensor it is of. */
function crossing(graph: Graph, cut: number): number {
  const views = new Set(['Flatten', 'Dropout', 'Identity', 'Reshape', 'Unsqueeze', 'Squeeze'])
  const { layers } = graph
  const rows = new Map(computeCosts(graph).layers.map((row) => [row.id, row]))
  const root = (name: string): string => {
    const layer = layers.find(({ id }) => id === referencedId(name))
    return layer && views.has(layer.type) ? root(layer.inputs[0]!) : name
  }
  const late = new Set(layers.slice(cut).flatMap(({ inputs }) => inputs.map(root)))
  const early = new Set([...graph.inputs.map(({ id }) => id), ...layers.slice(0, cut).map(({ id }) => id)])
  return [...late]
    .filter((name) => early.has(referencedId(name)))
    .reduce((sum, name) => {
      const input = graph.inputs.find(({ id }) => id === name)
      return sum + 4 * (input ? input.shape.reduce((a, b) => a * b, 1) : rows.get(referencedId(name))!.outputElements)
    }, 0)
}

test('random networks: the cut is the best of all, what crosses it is every tensor that is read behind it', () => {
  let branched = 0
  for (let seed = 1; seed <= 24; seed++) {
    const graph = randomNetwork(seed)
    const rows = computeCosts(graph).layers
    const traffic = rows.map((_, cut) => (cut === 0 ? 0 : crossing(graph, cut)))
    branched += Number(graph.layers.some(({ inputs }) => inputs.length > 1))
    for (const perByte of [0, 20])
      for (const devices of rows.length > 40 ? [2] : [2, 3]) {
        const placed = placeNetwork(graph, { devices, perByte })
        const best = tried({ costs: rows.map(({ macs }) => macs), traffic, perByte, parts: devices })
        const at = best.cuts.map((cut) => rows[cut]!.id)
        assert.deepEqual(
          placed.parts.slice(1).map(({ firstLayerId }) => firstLayerId),
          at,
          `seed ${seed}`,
        )
        assert.equal(placed.bottleneck.cost, best.bottleneck)
        assert.equal(placed.trafficBytes, best.traffic)
        assert.equal(
          placed.transfers.reduce((sum, { bytes }) => sum + bytes, 0),
          best.traffic,
        )
      }
  }
  assert.ok(branched >= 8, `${branched}`)
})

const summed = (placed: ReturnType<typeof placeNetwork>, of: 'params' | 'macs' | 'flops' | 'sentBytes' | 'receivedBytes') =>
  placed.parts.reduce((sum, part) => sum + part[of], 0)

test('parts add up to the network, one part is the network, and what is received was sent', () => {
  const presets = ['alexnet', 'googlenet', 'resnet18', 'densenet121', 'mobilenet_v2', 'shufflenet_v1_g3', 'nasnet_mobile', 'convnext_tiny']
  for (const graph of [...presets.map(presetGraph), ...Array.from({ length: 20 }, (_, i) => randomNetwork(i + 1))]) {
    const { totals } = computeCosts(graph, { batch: 2 })
    for (const by of ['stage', 'tower'] as const)
      for (const devices of [1, 2, 3, 5]) {
        const placed = placeNetwork(graph, { devices, by, batch: 2 })
        for (const figure of ['params', 'macs', 'flops'] as const)
          assert.equal(summed(placed, figure), totals[figure], `${by} ${devices} ${figure}`)
        assert.equal(summed(placed, 'receivedBytes'), placed.trafficBytes)
        assert.equal(summed(placed, 'sentBytes'), placed.trafficBytes)
        const weights = placed.parts.reduce((sum, part) => sum + part.weightBytes - part.copiedWeightBytes, 0)
        assert.equal(weights, totals.weightBytes)
        assert.ok(placed.balance > 0 && placed.balance <= 1)
        if (devices > 1) continue
        assert.equal(placed.trafficBytes, 0)
        assert.equal(placed.parts[0]!.peakActivationBytes, totals.peakActivationBytes, by)
      }
  }
})

test('AlexNet of 2012 in two towers, as section 3.5 of its paper says: only the third and the fully connected layers read from both', () => {
  const { parts, transfers, undivided, approximate } = placeNetwork(presetGraph('alexnet_2012'), { devices: 2, by: 'tower' })
  // "The kernels of the second, fourth, and fifth convolutional layers are connected only to those kernel maps in the previous layer
  // which reside on the same GPU. The kernels of the third convolutional layer are connected to all kernel maps in the second layer. The
  // neurons in the fully-connected layers are connected to all neurons in the previous layer."
  assert.deepEqual(
    transfers.map(({ layerId }) => layerId),
    ['conv3', 'fc6', 'fc7', 'fc8'],
  )
  // Each GPU sends its half: of 13×13 maps 256 there are, of 6×6 maps 256, then 4096 neurons, twice. Float32.
  assert.deepEqual(
    transfers.map(({ bytes }) => bytes),
    [256 * 13 * 13 * 4, 256 * 6 * 6 * 4, 4096 * 4, 4096 * 4],
  )
  for (const { from, to } of transfers)
    assert.deepEqual(
      [from, to],
      [
        [0, 1],
        [0, 1],
      ],
    )
  // Kernels of each GPU: 48 of 11×11×3, 128 of 5×5×48, 192 of 3×3×256, 192 of 3×3×192, 128 of 3×3×192, then 2048, 2048 and 500 neurons.
  const convolutions = 48 * 11 * 11 * 3 + 128 * 5 * 5 * 48 + 192 * 3 * 3 * 256 + 192 * 3 * 3 * 192 + 128 * 3 * 3 * 192
  const neurons = 2048 * 9216 + 2048 * 4096 + 500 * 4096
  const biases = 48 + 128 + 192 + 192 + 128 + 2048 + 2048 + 500
  for (const { params } of parts) assert.equal(params, convolutions + neurons + biases)
  // "60 million parameters".
  assert.equal(Math.round((parts[0]!.params + parts[1]!.params) / 1e6), 61)
  assert.deepEqual(undivided, [])
  // Normalized among the maps of one GPU, and not among all.
  assert.deepEqual(approximate, ['norm1', 'norm2'])
})

test('without its groups the second, fourth and fifth layer read from both GPUs as well', () => {
  const { transfers } = placeNetwork(presetGraph('alexnet'), { devices: 2, by: 'tower' })
  assert.deepEqual(
    transfers.map(({ tensor }) => tensor),
    ['features.2', 'features.5', 'features.7', 'features.9', 'classifier.0', 'classifier.3', 'classifier.5'],
  )
})

test('towers by hand: a device receives the groups that its channels read, once, and what cannot be divided stays on the first', () => {
  // Three groups of 2 channels over two devices: each has one and a half, so that each lacks one channel of the middle group.
  const grouped = graphOf(
    [3, 5, 5],
    [
      { id: 'a', type: 'Conv2d', outChannels: 6, kernelSize: 1 },
      { id: 'b', type: 'Conv2d', outChannels: 6, kernelSize: 1, groups: 3 },
      { id: 'c', type: 'Conv2d', outChannels: 6, kernelSize: 1, groups: 3, inputs: ['a'] },
      { id: 'sum', type: 'Add', inputs: ['b', 'c'] },
    ],
  )
  const placed = placeNetwork(grouped, { devices: 2, by: 'tower' })
  // c reads the same channels as b, which are there by then.
  assert.deepEqual(
    placed.transfers.map(({ layerId, tensor, bytes }) => [layerId, tensor, bytes]),
    [['b', 'a', 2 * 25 * 4]],
  )
  // A softmax over channels needs all of them: device 0 gets what the other has, 2 of 5 channels.
  const softmax = graphOf(
    [4, 1, 1],
    [
      { id: 'flat', type: 'Flatten' },
      { id: 'fc', type: 'Linear', outFeatures: 5 },
      { id: 'soft', type: 'Softmax' },
    ],
  )
  const { undivided, transfers, parts } = placeNetwork(softmax, { devices: 2, by: 'tower' })
  assert.deepEqual(undivided, ['soft'])
  assert.deepEqual(transfers, [{ layerId: 'soft', tensor: 'fc', bytes: 3 * 4, from: [1], to: [0] }])
  assert.deepEqual(
    parts.map(({ macs, params }) => [macs, params]),
    [
      [2 * 4, 2 * 5],
      [3 * 4, 3 * 5],
    ],
  )
})

test('time: the longer of arithmetic and bytes by the ceilings; a slow link moves the cut, and can be the bottleneck', () => {
  const graph = presetGraph('vgg16')
  const place = (linkBytesPerSecond: number, more: Partial<PlacementOptions> = {}) =>
    placeNetwork(graph, { devices: 2, cost: 'time', ceilings: { flopsPerSecond: 1e13, bytesPerSecond: 1e12, linkBytesPerSecond }, ...more })
  const [fast, slow] = [place(1e12), place(1e8)]
  const { layers } = computeCosts(graph, { convention: 'full' })
  const ms = layers.reduce(
    (sum, { flops, bytesRead, bytesWritten }) => sum + 1e3 * Math.max(flops / 1e13, (bytesRead + bytesWritten) / 1e12),
    0,
  )
  assert.ok(Math.abs(fast.total / ms - 1) < 1e-9)
  assert.equal(fast.bottleneck.at, 'device')
  assert.ok(slow.trafficBytes < fast.trafficBytes)
  assert.ok(slow.balance < fast.balance)
  assert.equal(slow.unit, 'ms')
  const three = place(1e6, { devices: 3 })
  assert.equal(three.bottleneck.at, 'link')
  assert.equal(three.bottleneck.cost, Math.max(...three.transfers.map(({ bytes }) => bytes / 1e3)))
})

test('weights that layers of two parts share are on both devices, counted once', () => {
  const graph = graphOf(
    [8, 4, 4],
    [
      { id: 'a', type: 'Conv2d', outChannels: 8, kernelSize: 1, bias: false },
      { id: 'b', type: 'Conv2d', outChannels: 8, kernelSize: 1, bias: false, weightsOf: 'a' },
    ],
  )
  const { parts } = placeNetwork(graph, { devices: 2 })
  assert.deepEqual(
    parts.map(({ params, weightBytes, copiedWeightBytes }) => [params, weightBytes, copiedWeightBytes]),
    [
      [64, 256, 0],
      [0, 256, 256],
    ],
  )
})

test('more parts than layers are refused', () => {
  const graph = graphOf([1, 2, 2], [{ type: 'ReLU' }, { type: 'ReLU' }])
  assert.throws(
    () => placeNetwork(graph, { devices: 3 }),
    (error) => error instanceof EngineError && error.code === 'INVALID_PLACEMENT' && /at most 2/.test(error.message),
  )
})

test('ten thousand layers over many devices end soon', () => {
  const costs = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 101)
  const { cuts } = bestCuts({ costs, traffic: costs.map((cost) => (cost * 31) % 97), perByte: 0, parts: 64 })
  assert.equal(cuts.length, 63)
  assert.equal(bestCuts({ costs: costs.map(() => 0), traffic: costs, perByte: 0, parts: 8 }).bottleneck, 0)
})
