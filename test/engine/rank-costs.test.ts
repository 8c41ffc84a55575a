import assert from 'node:assert/strict'
import { test } from 'node:test'
import { additive, groupings, rankCosts } from '../../src/engine/rank-costs.ts'
import { costsOf } from './zoo/reference.ts'

const sorted = (preset: string, groupBy: (typeof groupings)[number], sort: (typeof additive)[number]) =>
  rankCosts(costsOf({ preset }), { groupBy, sort }).groups

test('the lecture’s three observations on AlexNet and VGG-16: where memory, parameters and flops are', () => {
  // EECS 498-007, lecture 8: most memory in the early convolutions, nearly all parameters in the fully connected layers,
  // most flops in the convolutions.
  for (const [preset, firstFullyConnected, early] of [
    ['alexnet_lecture', 'fc6', ['conv1', 'relu1']],
    ['vgg16_lecture', 'fc6', ['conv1_1', 'relu1_1', 'conv1_2', 'relu1_2']],
  ] as const) {
    assert.equal(sorted(preset, 'layer', 'params')[0]!.key, firstFullyConnected)
    assert.deepEqual(
      new Set(
        sorted(preset, 'layer', 'memoryKiB')
          .slice(0, early.length)
          .map(({ key }) => key),
      ),
      new Set(early),
    )
    const [first] = sorted(preset, 'op', 'flops')
    assert.equal(first!.key, 'Conv2d')
    assert.ok(first!.share.flops > 0.9)
    const linear = sorted(preset, 'op', 'params')[0]!
    assert.equal(linear.key, 'Linear')
    assert.ok(linear.share.params > 0.85)
  }
})

test('VGG-16 by resolution: the lecture’s stages, whose second convolutions cost the same flops', () => {
  const { groups } = rankCosts(costsOf({ preset: 'vgg16_lecture' }), { groupBy: 'stage' })
  assert.deepEqual(
    groups.map(({ key }) => key),
    ['224x224', '112x112', '56x56', '28x28', '14x14', '7x7', 'flat'],
  )
  // conv2_1 has half the channels to read, conv2_2 all of them: 1.5 × 224²·64·64·9. A pool belongs to the stage it opens.
  assert.equal(groups[1]!.macs, 1.5 * 224 * 224 * 64 * 64 * 9)
  assert.equal(groups[6]!.params, 25088 * 4096 + 4096 + 4096 * 4096 + 4096 + 4096 * 1000 + 1000)
})

test('blocks are the leading parts of a name, by dots or by slashes', () => {
  const { groups } = rankCosts(costsOf({ preset: 'resnet18' }), { groupBy: 'block' })
  const block = groups.find(({ key }) => key === 'layer2.0')!
  // Two 3×3 convolutions and the 1×1 of the shortcut, each with its batch norm.
  assert.equal(block.params, 64 * 128 * 9 + 128 * 128 * 9 + 64 * 128 + 3 * 2 * 128)
  const whole = rankCosts(costsOf({ preset: 'resnet18' }), { groupBy: 'block', depth: 1 }).groups
  assert.deepEqual(
    whole.map(({ key }) => key).filter((key) => key.startsWith('layer')),
    ['layer1', 'layer2', 'layer3', 'layer4'],
  )
  const layers = [{ ...costsOf({ preset: 'resnet18' }).layers[0]!, id: '/layer1/layer1.0/conv1/Conv' }]
  assert.equal(rankCosts({ ...costsOf({ preset: 'resnet18' }), layers }, { groupBy: 'block' }).groups[0]!.key, 'layer1/layer1.0')
})

test('whatever is grouped, sorted and cut off: groups and rest are the total, shares end at 1', () => {
  for (const preset of ['alexnet_lecture', 'googlenet', 'shufflenet_v2_x1_0']) {
    const costs = costsOf({ preset })
    for (const groupBy of groupings)
      for (const sort of [undefined, ...additive])
        for (const top of [undefined, 1, 4]) {
          const { groups, rest } = rankCosts(costs, { groupBy, ...(sort ? { sort } : {}), ...(top ? { top } : {}) })
          assert.ok(groups.length <= (top ?? Number.POSITIVE_INFINITY))
          for (const column of additive) {
            const kept = groups.reduce((total, group) => total + group[column], 0)
            assert.equal(kept + (rest?.[column] ?? 0), costs.totals[column])
            assert.equal(groups.at(-1)!.cumulative[column], kept / costs.totals[column])
          }
          assert.equal(groups.reduce((n, { layers }) => n + layers, 0) + (rest?.layers ?? 0), costs.layers.length)
          if (sort) assert.ok(groups.every((group, i) => i === 0 || group[sort] <= groups[i - 1]![sort]))
        }
  }
})
