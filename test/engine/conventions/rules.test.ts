/** Single layers that torchvision's networks do not have or do not set apart, counted by hand from the tools' sources. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conventions } from '../../../src/engine/conventions/index.ts'
import { computeCosts } from '../../../src/engine/cost.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'

const layer = (shape: number[], attributes: object, convention: string, batch = 1): number =>
  computeCosts(verifyGraph({ input: { shape }, layers: [attributes] }), { convention, batch }).totals.flops

test('conventions of tools name the version', () => {
  const versions = { fvcore: '0.1.5.post20221221', torchinfo: '1.8.0', ptflops: '0.7.5', thop: '0.1.1.post2209072238', torch: '2.9.1' }
  for (const [name, version] of Object.entries(versions))
    assert.ok(conventions.find((convention) => convention.name === name)!.source.includes(`${name} ${version}`), name)
})

test('ptflops: a module counts by its hook and by the function it calls', () => {
  const map = [8, 4, 4]
  const pool = { kernelSize: 2, stride: 2 }
  const cases: [object, number][] = [
    [{ type: 'ReLU' }, 2],
    [{ type: 'ReLU', functional: true }, 1],
    [{ type: 'ReLU6' }, 1],
    [{ type: 'GELU' }, 2],
    [{ type: 'SiLU' }, 1],
    [{ type: 'Softmax' }, 1],
    [{ type: 'HardSwish' }, 0],
    [{ type: 'MaxPool2d', ...pool }, 2],
    [{ type: 'MaxPool2d', ...pool, functional: true }, 1],
    [{ type: 'AvgPool2d', ...pool }, 2],
    [{ type: 'AvgPool2d', ...pool, functional: true }, 1],
    [{ type: 'AdaptiveAvgPool2d', outputSize: 2 }, 2],
    [{ type: 'AdaptiveAvgPool2d', outputSize: 2, functional: true }, 1],
    [{ type: 'GlobalAvgPool2d' }, 0],
    [{ type: 'BatchNorm2d' }, 2],
    [{ type: 'BatchNorm2d', affine: false }, 1],
  ]
  for (const [attributes, perInputElement] of cases)
    assert.equal(layer(map, attributes, 'ptflops', 3), perInputElement * 3 * 128, JSON.stringify(attributes))
  // local_response_norm: input.mul(input), avg_pool3d over 8 + 5 − 1 channels, .mul(alpha), .add(k); the division is an operator.
  assert.equal(layer(map, { type: 'LocalResponseNorm', size: 5 }, 'ptflops'), 3 * 128 + 12 * 16)
  // 27 weights and a bias per output element.
  assert.equal(layer([3, 4, 4], { type: 'Conv2d', outChannels: 2, kernelSize: 3 }, 'ptflops'), 8 * 28)
  assert.equal(layer([3, 4, 4], { type: 'Conv2d', outChannels: 2, kernelSize: 3, bias: false }, 'ptflops'), 8 * 27)
})

test('ptflops: GELU twice, from the tool’s ConvNeXt-T', () => {
  // tools.json 4,488,347,368: 4,455,531,264 multiply-adds, LayerNorm 2,145,024, biases 564,480 + 2,145,024 + 10,725,120 + 1,000,
  // pooling 2 × 37,632; what is left is GELU over 8,580,096 elements.
  const rest = 4_488_347_368 - 4_455_531_264 - 2_145_024 - (564_480 + 2_145_024 + 10_725_120 + 1_000) - 2 * 37_632
  assert.equal(rest / 8_580_096, layer([1, 1, 1], { type: 'GELU' }, 'ptflops'))
})

test('thop: pooling per output element, adaptive windows of fractions cut to an integer, functions not seen', () => {
  assert.equal(layer([8, 4, 4], { type: 'AvgPool2d', kernelSize: 2, stride: 2 }, 'thop', 3), 3 * 8 * 4)
  assert.equal(layer([8, 4, 4], { type: 'AdaptiveAvgPool2d', outputSize: 2 }, 'thop', 3), 3 * 8 * 4 * (4 + 1))
  // 7 → 6 and 5 → 3: 18 outputs × (7/6 × 5/3 + 1) = 53.
  assert.equal(layer([1, 7, 5], { type: 'AdaptiveAvgPool2d', outputSize: [6, 3] }, 'thop'), 53)
  // 7 → 5 both ways: 25 × (1.96 + 1) = 74; 7 → 4: 16 × (3.0625 + 1) = 65; 5 → 4 by 3 → 2: 8 × (1.875 + 1) = 23.
  assert.equal(layer([1, 7, 7], { type: 'AdaptiveAvgPool2d', outputSize: 5 }, 'thop'), 74)
  assert.equal(layer([1, 7, 7], { type: 'AdaptiveAvgPool2d', outputSize: 4 }, 'thop'), 65)
  assert.equal(layer([1, 5, 3], { type: 'AdaptiveAvgPool2d', outputSize: [4, 2] }, 'thop'), 23)
  assert.equal(layer([8, 4, 4], { type: 'AdaptiveAvgPool2d', outputSize: 2, functional: true }, 'thop'), 0)
  assert.equal(layer([8, 4, 4], { type: 'AvgPool2d', kernelSize: 2, functional: true }, 'thop'), 0)
  assert.equal(layer([8, 4, 4], { type: 'GlobalAvgPool2d' }, 'thop'), 0)
  assert.equal(layer([8, 4, 4], { type: 'BatchNorm2d', affine: false }, 'thop'), 256)
  assert.equal(layer([8, 4, 4], { type: 'ReLU' }, 'thop'), 0)
  // 10 exp, 9 additions, 10 divisions a row.
  assert.equal(layer([10], { type: 'Softmax' }, 'thop', 3), 3 * 29)
})

test('torchinfo: parameters × positions of a convolution, × images elsewhere', () => {
  assert.equal(layer([3, 4, 4], { type: 'Conv2d', outChannels: 2, kernelSize: 3 }, 'torchinfo', 5), 5 * 4 * (54 + 2))
  assert.equal(layer([8, 4, 4], { type: 'BatchNorm2d' }, 'torchinfo', 5), 5 * 16)
  assert.equal(layer([8, 4, 4], { type: 'BatchNorm2d', affine: false }, 'torchinfo', 5), 0)
  assert.equal(layer([10], { type: 'Linear', outFeatures: 3 }, 'torchinfo', 5), 5 * 33)
  assert.equal(layer([8, 4, 4], { type: 'ReLU' }, 'torchinfo', 5), 0)
})

test('fvcore, torch and onnx: no bias; fvcore by operator, module or function', () => {
  const conv = { type: 'Conv2d', outChannels: 2, kernelSize: 3 }
  assert.deepEqual(
    ['fvcore', 'torch', 'onnx'].map((name) => layer([3, 4, 4], conv, name)),
    [8 * 27, 2 * 8 * 27, 8 * 27],
  )
  for (const functional of [true, false])
    assert.equal(layer([8, 4, 4], { type: 'AdaptiveAvgPool2d', outputSize: 2, functional }, 'fvcore'), 128)
  assert.equal(layer([8, 4, 4], { type: 'BatchNorm2d', affine: false }, 'fvcore'), 128)
  // It looks for the operator's weight, not its bias.
  assert.equal(layer([8, 4, 4], { type: 'BatchNorm2d', scale: false }, 'fvcore'), 128)
  assert.equal(layer([8, 4, 4], { type: 'BatchNorm2d', shift: false }, 'fvcore'), 256)
})

test('full: what its words say, written out for a small layer of each kind', () => {
  const [c, h, w] = [6, 5, 4]
  const map = c * h * w
  const cases: [attributes: object, figure: number, shape?: number[]][] = [
    [{ type: 'Conv2d', outChannels: 4, kernelSize: 3, groups: 2 }, 2 * (4 * 3 * 2) * (3 * 9) + 4 * 3 * 2],
    [{ type: 'Linear', outFeatures: 3 }, 2 * 10 * 3 + 3, [10]],
    [{ type: 'BatchNorm2d' }, 2 * map],
    [{ type: 'LocalResponseNorm', size: 3 }, 7 * map],
    [{ type: 'MaxPool2d', kernelSize: [2, 3], stride: 1 }, 5 * (c * 4 * 2)],
    [{ type: 'AvgPool2d', kernelSize: [2, 3], stride: 1 }, 6 * (c * 4 * 2)],
    [{ type: 'GlobalAvgPool2d' }, map],
    // 5 rows in 2 windows of 3, 4 columns in 3 windows of 2.
    [{ type: 'AdaptiveAvgPool2d', outputSize: [2, 3] }, c * (2 * 3) * (3 * 2)],
    [{ type: 'Softmax', dim: 3 }, c * h * (5 * w - 2)],
    [{ type: 'Add', inputs: ['input', 'input', 'input'] }, 2 * map],
    [{ type: 'Mul', inputs: ['input', 'input'] }, map],
    [{ type: 'ReLU' }, map],
    [{ type: 'ReLU6' }, 2 * map],
    [{ type: 'HardSigmoid' }, 4 * map],
    [{ type: 'HardSwish' }, 5 * map],
    [{ type: 'Sigmoid' }, 3 * map],
    [{ type: 'SiLU' }, 3 * map],
    [{ type: 'Tanh' }, map],
    [{ type: 'GELU' }, 5 * map],
    [{ type: 'GELU', approximate: 'tanh' }, 9 * map],
    [{ type: 'Flatten' }, 0],
  ]
  for (const [attributes, figure, shape] of cases)
    assert.equal(layer(shape ?? [c, h, w], attributes, 'full', 2), 2 * figure, JSON.stringify(attributes))
})
