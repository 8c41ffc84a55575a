import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../../src/engine/cost.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { costsOf, row } from './reference.ts'

/** EECS 498-007 / 598-005, lecture 8: the AlexNet table (memory in KB, parameters in thousands, flops in millions). */
const table = [
  { id: 'conv1', channels: 64, size: 56, memory: 784, params: 23, flops: 73 },
  { id: 'pool1', channels: 64, size: 27, memory: 182, params: 0, flops: 0 },
  { id: 'conv2', channels: 192, size: 27, memory: 547, params: 307, flops: 224 },
  { id: 'pool2', channels: 192, size: 13, memory: 127, params: 0, flops: 0 },
  { id: 'conv3', channels: 384, size: 13, memory: 254, params: 664, flops: 112 },
  { id: 'conv4', channels: 256, size: 13, memory: 169, params: 885, flops: 145 },
  { id: 'conv5', channels: 256, size: 13, memory: 169, params: 590, flops: 100 },
  { id: 'pool5', channels: 256, size: 6, memory: 36, params: 0, flops: 0 },
  { id: 'flatten', channels: 9216, memory: 36, params: 0, flops: 0 },
  { id: 'fc6', channels: 4096, memory: 16, params: 37_753, flops: 38 },
  { id: 'fc7', channels: 4096, memory: 16, params: 16_781, flops: 17 },
  { id: 'fc8', channels: 1000, memory: 4, params: 4097, flops: 4 },
] as const

test('the lecture’s AlexNet table, row by row, to its digits', () => {
  const costs = costsOf({ preset: 'alexnet_lecture' })
  assert.equal(costs.convention, 'lecture')
  for (const line of table) {
    const { outputShape, memoryKiB, params, flops } = row(costs, line.id)
    assert.deepEqual(outputShape, 'size' in line ? [line.channels, line.size, line.size] : [line.channels], line.id)
    assert.equal(Math.round(memoryKiB), line.memory, `${line.id} memory`)
    assert.equal(Math.round(params / 1e3), line.params, `${line.id} params`)
    // The lecture prints 145 for conv4; its own formula, 256·13·13 outputs × 384·3·3, gives 149.5.
    if (line.id === 'conv4') assert.equal(flops, 256 * 13 * 13 * 384 * 3 * 3)
    else assert.equal(Math.round(flops / 1e6), line.flops, `${line.id} flops`)
  }
  const tabled = costs.layers.filter(({ type }) => type !== 'ReLU').map(({ id }) => id)
  assert.deepEqual(tabled.sort(), table.map(({ id }) => id as string).sort())
})

test('the rows the lecture computes in full', () => {
  const costs = costsOf({ preset: 'alexnet_lecture' })
  const figures = (id: string) => {
    const { outputElements, memoryKiB, params, flops } = row(costs, id)
    return { outputElements, memoryKiB, params, flops }
  }
  assert.deepEqual(figures('conv1'), { outputElements: 200_704, memoryKiB: 784, params: 23_296, flops: 72_855_552 })
  assert.deepEqual(figures('pool1'), { outputElements: 46_656, memoryKiB: 182.25, params: 0, flops: 419_904 })
  assert.deepEqual(figures('fc6'), { outputElements: 4096, memoryKiB: 16, params: 37_752_832, flops: 37_748_736 })
})

const conv = (channels: number, kernelSize: number) => ({
  type: 'Conv2d',
  outChannels: channels,
  kernelSize,
  padding: (kernelSize - 1) / 2,
  bias: false,
})
const costsOfConvs = (shape: number[], ...layers: object[]) => computeCosts(verifyGraph({ input: { shape }, layers }))

test('VGG’s first guide: one 5×5 is 25C², two 3×3 are 18C², same receptive field', () => {
  for (const [c, h, w] of [
    [64, 56, 56],
    [7, 31, 18],
  ] as const) {
    const one = costsOfConvs([c, h, w], conv(c, 5))
    const two = costsOfConvs([c, h, w], conv(c, 3), conv(c, 3))
    assert.equal(one.totals.params, 25 * c * c)
    assert.equal(two.totals.params, 18 * c * c)
    assert.equal(one.totals.flops, 25 * c * c * h * w)
    assert.equal(two.totals.flops, 18 * c * c * h * w)
    assert.deepEqual(one.layers.at(-1)!.receptiveField, [5, 5])
    assert.deepEqual(two.layers.at(-1)!.receptiveField, [5, 5])
  }
})

test('the same by the family’s free stages', () => {
  const head = { layout: 'lecture', hiddenFeatures: 8, classes: 2, resolution: 32 } as const
  const stage = (convs: number, kernelSize: number) => ({
    ...head,
    stages: [
      { convs: 1, channels: 24 },
      { convs, channels: 24, kernelSize },
    ],
  })
  const inSecond = (options: object) => {
    const rows = costsOf({ family: 'vgg', options }).layers.filter(({ id }) => id.startsWith('conv2_'))
    return { macs: rows.reduce((n, { macs }) => n + macs, 0), field: rows.at(-1)!.receptiveField }
  }
  const one = inSecond(stage(1, 5))
  const two = inSecond(stage(2, 3))
  assert.equal(one.macs * 18, two.macs * 25)
  assert.deepEqual(one.field, two.field)
})

test('VGG’s second guide: half the resolution and twice the channels keeps the flops, halves the memory, fourfold parameters', () => {
  const [c, h, w] = [64, 112, 80]
  const wide = costsOfConvs([c, h, w], conv(c, 3))
  const deep = costsOfConvs([2 * c, h / 2, w / 2], conv(2 * c, 3))
  assert.equal(wide.totals.flops, 9 * c * c * h * w)
  assert.equal(deep.totals.flops, wide.totals.flops)
  assert.equal(deep.totals.memoryKiB, wide.totals.memoryKiB / 2)
  assert.equal(deep.totals.params, wide.totals.params * 4)
  // And so in VGG-16 itself, stage by stage.
  const vgg = costsOf({ preset: 'vgg16_lecture' })
  for (const id of ['conv2_2', 'conv3_2', 'conv4_2']) assert.equal(row(vgg, id).flops, row(vgg, 'conv1_2').flops, id)
})

test('VGG-16 against AlexNet as the lecture draws it: ×25 memory, ×2.3 parameters, ×19.4 flops', () => {
  const alexnet = costsOf({ preset: 'alexnet_lecture' })
  const vgg = costsOf({ preset: 'vgg16_lecture' })
  // The lecture's memory bars are convolution and fully connected rows only; totals.memoryKiB sums every layer.
  const mebibytes = (costs: typeof vgg) =>
    costs.layers.filter(({ type }) => type === 'Conv2d' || type === 'Linear').reduce((n, { memoryKiB }) => n + memoryKiB, 0) / 1024
  assert.equal(mebibytes(alexnet).toFixed(2), '1.91')
  assert.equal(mebibytes(vgg).toFixed(2), '48.65')
  assert.equal(Math.round(mebibytes(vgg) / mebibytes(alexnet)), 25)
  assert.ok(vgg.totals.memoryKiB / 1024 > 48.66)

  assert.equal(Math.round(alexnet.totals.params / 1e6), 61)
  assert.equal(Math.round(vgg.totals.params / 1e6), 138)
  assert.equal((vgg.totals.params / alexnet.totals.params).toFixed(1), '2.3')

  // Its 19.4 is the quotient of the two rounded bars; of the exact multiply-adds it is 19.0.
  const gigaflops = (costs: typeof vgg) => Math.round(costs.totals.macs / 1e8) / 10
  assert.equal(gigaflops(alexnet), 0.7)
  assert.equal(gigaflops(vgg), 13.6)
  assert.equal((gigaflops(vgg) / gigaflops(alexnet)).toFixed(1), '19.4')
  assert.equal((vgg.totals.macs / alexnet.totals.macs).toFixed(1), '19.0')
})

/**
 * The lecture's table of GoogLeNet's stem: convolutions and poolings, in KB, thousands and millions. Its total reads 7.5 MB,
 * 124 K parameters and 418 Mflop.
 */
const stem = [
  { id: 'conv1.conv', size: 112, channels: 64, memory: 3136, params: 9, flops: 118 },
  { id: 'maxpool1', size: 56, channels: 64, memory: 784, params: 0, flops: 2 },
  { id: 'conv2.conv', size: 56, channels: 64, memory: 784, params: 4, flops: 13 },
  { id: 'conv3.conv', size: 56, channels: 192, memory: 2352, params: 111, flops: 347 },
  { id: 'maxpool2', size: 28, channels: 192, memory: 588, params: 0, flops: 1 },
] as const

const summed = (rows: ReturnType<typeof row>[]) => ({
  mebibytes: rows.reduce((n, { memoryKiB }) => n + memoryKiB, 0) / 1024,
  params: rows.reduce((n, { params }) => n + params, 0),
  flops: rows.reduce((n, { flops }) => n + flops, 0),
})

test('GoogLeNet’s stem, from 224×224 to 28×28: 7.5 MB and 124 K parameters; its rows sum to 481 Mflop, which the lecture prints as 418', () => {
  for (const preset of ['googlenet', 'googlenet_paper', 'googlenet_2014']) {
    const costs = costsOf({ preset }, { convention: 'lecture' })
    for (const { id, size, channels, memory, params, flops } of stem) {
      const ours = row(costs, id)
      assert.deepEqual(ours.outputShape, [channels, size, size], `${preset} ${id}`)
      assert.equal(ours.memoryKiB, memory, `${preset} ${id}`)
      assert.equal(Math.round(ours.params / 1e3), params, `${preset} ${id}`)
      assert.equal(Math.round(ours.flops / 1e6), flops, `${preset} ${id}`)
    }
    const { mebibytes, params, flops } = summed(stem.map(({ id }) => row(costs, id)))
    assert.equal(mebibytes.toFixed(1), '7.5')
    assert.equal(Math.round(params / 1e3), 124)
    // 118 + 2 + 13 + 347 + 1: no choice of rows gives 418, which is 481 with its last two digits exchanged.
    assert.equal(Math.round(flops / 1e6), 481)
    for (let chosen = 0; chosen < 2 ** stem.length; chosen += 1)
      assert.notEqual(
        stem.reduce((n, line, i) => n + (chosen & (2 ** i) ? line.flops : 0), 0),
        418,
      )
  }
})

test('VGG-16 to 28×28, by the rule of the lecture’s figures: 42.9 MB and 7485 Mflop are its convolutions without poolings', () => {
  const vgg = costsOf({ preset: 'vgg16_lecture' })
  const convs = ['conv1_1', 'conv1_2', 'conv2_1', 'conv2_2', 'conv3_1', 'conv3_2'].map((id) => row(vgg, id))
  const to28 = summed(convs)
  assert.deepEqual(row(vgg, 'pool3').outputShape, [256, 28, 28])
  assert.equal(to28.mebibytes.toFixed(1), '42.9')
  assert.equal((to28.params / 1e6).toFixed(1), '1.1')
  assert.equal(Math.round(to28.flops / 1e6), 7485)

  const googlenet = costsOf({ preset: 'googlenet' }, { convention: 'lecture' })
  const ours = summed(stem.map(({ id }) => row(googlenet, id)))
  assert.equal((to28.mebibytes / ours.mebibytes).toFixed(1), '5.7')
  // Its ×8.9 is the quotient of the rounded 1.1 M and 124 K; of the exact counts it is 9.2.
  assert.equal((1100 / 124).toFixed(1), '8.9')
  assert.equal((to28.params / ours.params).toFixed(1), '9.2')
  // Its ×17.8 rests on the exchanged digits (7485 / 418 is 17.9): of its own rows it is 15.6.
  assert.equal((7485 / 418).toFixed(1), '17.9')
  assert.equal((to28.flops / ours.flops).toFixed(1), '15.6')
})

test('vgg16_lecture is vgg16 without its third convolution of stage 3', () => {
  const paper = costsOf({ preset: 'vgg16' }).totals
  const lecture = costsOf({ preset: 'vgg16_lecture' }).totals
  assert.equal(paper.macs - lecture.macs, 256 * 56 * 56 * 256 * 9)
  assert.equal(paper.params - lecture.params, 256 * 256 * 9 + 256)
})
