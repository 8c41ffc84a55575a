/** What fused layers cost, by hand, and the laws that hold for any grouping of any network. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CostOptions, computeCosts } from '../../src/engine/cost.ts'
import type { Graph } from '../../src/engine/graph.ts'
import { type GroupCost, groupCosts } from '../../src/engine/group-costs.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { random } from './random.ts'
import { presetGraph } from './zoo-graphs.ts'

const full: CostOptions = { convention: 'full' }
const bytes = ({ bytesRead, bytesWritten }: GroupCost) => [bytesRead, bytesWritten]
const total = (costs: readonly GroupCost[], of: 'macs' | 'flops' | 'bytesRead' | 'bytesWritten') =>
  costs.reduce((sum, cost) => sum + cost[of], 0)

test('convolution, batch norm and ReLU as one kernel', () => {
  const graph = verifyGraph({
    input: { shape: [3, 8, 8] },
    layers: [
      { id: 'conv', type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: 1 },
      { id: 'bn', type: 'BatchNorm2d' },
      { id: 'relu', type: 'ReLU' },
    ],
  })
  const group = [['conv', 'bn', 'relu']]
  // Two images: 2 × 4×8×8 = 512 outputs, each of 27 multiply-adds and a bias; 2 flops of the norm, 1 of the ReLU.
  // Read: 2 × 3×8×8 = 384 inputs, 4×3×3×3 = 108 weights, 4 biases, 4 × 4 of the norm = 512 elements.
  const [cost] = groupCosts(graph, group, { ...full, batch: 2 })
  assert.deepEqual(cost, {
    layerIds: ['conv', 'bn', 'relu'],
    types: ['Conv2d', 'BatchNorm2d', 'ReLU'],
    macs: 13_824,
    flops: 2 * 13_824 + 512 + 2 * 512 + 512,
    bytesRead: 2048,
    bytesWritten: 2048,
  })
  assert.deepEqual(bytes(groupCosts(graph, group, { ...full, batch: 2, dtype: 'float16' })[0]!), [1024, 1024])
  // One row each: what lies between is written and read again.
  assert.deepEqual(groupCosts(graph, [['conv'], ['bn'], ['relu']], full).map(bytes), [
    [4 * (192 + 112), 1024],
    [4 * (256 + 16), 1024],
    [1024, 1024],
  ])
})

const residual = (outputs: string[]) =>
  verifyGraph({
    input: { shape: [4, 8, 8] },
    layers: [
      { id: 'x', type: 'ReLU' },
      { id: 'conv', type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: 1, bias: false },
      { id: 'bn', type: 'BatchNorm2d' },
      { id: 'add', type: 'Add', inputs: ['bn', 'x'] },
      { id: 'relu', type: 'ReLU' },
    ],
    outputs,
  })

test('a residual addition: the shortcut is read once, whoever reads it; what the network gives out is written', () => {
  const groups = [['x'], ['conv', 'bn', 'add', 'relu']]
  const [x, block] = groupCosts(residual(['relu']), groups, full)
  assert.deepEqual([x!.flops, ...bytes(x!)], [256, 1024, 1024])
  // 256 outputs of 36 multiply-adds, 2 of the norm, an addition and a comparison each. Read: 256 of x, 144 weights, 16 of the norm.
  assert.deepEqual([block!.macs, block!.flops, ...bytes(block!)], [9216, 18_432 + 512 + 256 + 256, 4 * (256 + 144 + 16), 1024])
  assert.deepEqual(bytes(groupCosts(residual(['relu', 'bn']), groups, full)[1]!), [1664, 2048], 'bn leaves as well')
  // The block cut before the addition: it reads the shortcut, and what the convolution left.
  assert.deepEqual(
    groupCosts(
      residual(['relu']),
      [
        ['x', 'conv', 'bn'],
        ['add', 'relu'],
      ],
      full,
    ).map(bytes),
    [
      [4 * (256 + 144 + 16), 2 * 1024],
      [2 * 1024, 1024],
    ],
  )
})

test('views move nothing; who reads one reads what it looks at, once with whoever reads that itself', () => {
  const graph = verifyGraph({
    input: { shape: [2, 4, 4] },
    layers: [
      { id: 'pool', type: 'MaxPool2d', kernelSize: 2 },
      { id: 'flat', type: 'Flatten' },
      { id: 'fc', type: 'Linear', outFeatures: 8, bias: false },
      { id: 'again', type: 'Add', inputs: ['fc', 'flat'] },
      { id: 'other', type: 'Sigmoid', inputs: ['pool'] },
    ],
    outputs: ['again', 'other'],
  })
  const groups = [['pool'], ['flat'], ['fc', 'again'], ['other']]
  assert.deepEqual(groupCosts(graph, groups, full).map(bytes), [
    [128, 32],
    [0, 0],
    [32 + 4 * 64, 32],
    [32, 32],
  ])
  assert.deepEqual(bytes(groupCosts(graph, [['pool', 'flat']], full)[0]!), [128, 32], 'one buffer, two names')
  assert.deepEqual(bytes(groupCosts(graph, [['pool', 'flat', 'fc', 'again', 'other']], full)[0]!), [128 + 4 * 64, 64])
})

test('shared weights are read once by a kernel, and by each of two; a tensor read twice once', () => {
  const graph = verifyGraph({
    input: { shape: [4] },
    layers: [
      { id: 'a', type: 'Linear', outFeatures: 4, bias: false },
      { id: 'b', type: 'Linear', outFeatures: 4, bias: false, weightsOf: 'a' },
      { id: 'twice', type: 'Add', inputs: ['b', 'b'] },
    ],
  })
  assert.deepEqual(groupCosts(graph, [['a', 'b'], ['twice']], full).map(bytes), [
    [16 + 64, 16],
    [16, 16],
  ])
  assert.deepEqual(groupCosts(graph, [['a'], ['b']], full).map(bytes), [
    [16 + 64, 16],
    [16 + 64, 16],
  ])
})

test('a stored tensor is read by its readers and moved by nobody else, in their group or not', () => {
  const graph = verifyGraph({
    input: { shape: [3, 4] },
    layers: [
      { id: 'token', type: 'Parameter', shape: [1, 3, 4], inputs: [] },
      { id: 'add', type: 'Add', inputs: ['input', 'token'] },
    ],
  })
  assert.deepEqual(groupCosts(graph, [['token'], ['add']], full).map(bytes), [
    [0, 0],
    [96, 48],
  ])
  assert.deepEqual(bytes(groupCosts(graph, [['token', 'add']], full)[0]!), [96, 48])
})

/** The layers in graph order, cut into runs of one to five. */
function cut({ layers }: Graph, seed: number): string[][] {
  const { below } = random(seed)
  const groups: string[][] = []
  for (let at = 0; at < layers.length; ) {
    const size = 1 + below(5)
    groups.push(layers.slice(at, at + size).map(({ id }) => id))
    at += size
  }
  return groups
}

for (const preset of ['resnet18', 'densenet121', 'googlenet', 'mobilenet_v3_small', 'shufflenet_v2_x1_0', 'alexnet_2012'])
  test(`${preset}: laws of any grouping`, () => {
    const graph = presetGraph(preset)
    const options: CostOptions = { ...full, batch: 3, dtype: 'float16' }
    const { layers, totals } = computeCosts(graph, options)
    const single = groupCosts(
      graph,
      layers.map(({ id }) => [id]),
      options,
    )
    // Each layer by itself moves what the costs say, counted there another way.
    for (const [i, layer] of layers.entries()) assert.deepEqual(bytes(single[i]!), [layer.bytesRead, layer.bytesWritten], layer.id)
    for (const seed of [1, 2]) {
      const groups = cut(graph, seed)
      const costs = groupCosts(graph, groups, options)
      assert.equal(total(costs, 'flops'), totals.flops)
      assert.equal(total(costs, 'macs'), totals.macs)
      const alone = new Map(single.map((cost) => [cost.layerIds[0]!, cost]))
      for (const [i, ids] of groups.entries()) {
        const apart = ids.map((id) => alone.get(id)!)
        for (const which of ['bytesRead', 'bytesWritten'] as const)
          assert.ok(costs[i]![which] <= total(apart, which), `${ids}: fusing moves more`)
      }
    }
    // All as one: the images and the weights in, the logits out.
    const [whole] = groupCosts(graph, [layers.map(({ id }) => id)], options)
    const images = 3 * graph.inputs[0]!.shape.reduce((a, b) => a * b) * 2
    assert.deepEqual(bytes(whole!), [images + totals.weightBytes, 3 * 1000 * 2])
  })
