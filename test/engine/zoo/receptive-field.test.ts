import assert from 'node:assert/strict'
import { test } from 'node:test'
import { costsOf, row } from './reference.ts'

/**
 * Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019: receptive field
 * and effective stride of the last feature map. Theirs are TF-slim's networks; those named have the same windows. Their
 * resnet_v1 is the paper's, so `resnet50_v1` is compared, not the v1.5 of torchvision.
 */
const distill = [
  { name: 'alexnet_v2', reference: { preset: 'alexnet' }, layer: 'features.12', field: 195 },
  { name: 'vgg_16', reference: { preset: 'vgg16' }, layer: 'features.30', field: 212 },
  { name: 'mobilenet_v1', reference: { preset: 'mobilenet_v1' }, layer: 'conv_pw_13_relu', field: 315 },
  { name: 'resnet_v1_50', reference: { preset: 'resnet50_v1' }, layer: 'layer4.2.relu_2', field: 483 },
  {
    name: 'resnet_v1_101',
    reference: { preset: 'resnet50_v1', options: { depths: [3, 4, 23, 3] } },
    layer: 'layer4.2.relu_2',
    field: 1027,
  },
] as const

for (const { name, reference, layer, field } of distill)
  test(`${name}: ${field}, stride 32`, () => {
    const { receptiveField, effectiveStride } = row(costsOf(reference), layer)
    assert.deepEqual(
      [receptiveField, effectiveStride],
      [
        [field, field],
        [32, 32],
      ],
    )
  })

test('the stride in the 3×3 (v1.5) sees less than in the 1×1 before it (v1): 427 against 483', () => {
  // By hand: stem and pooling 11 at stride 4; a 3×3 adds 2 steps of its input, and each stage's first one still sees
  // the finer stride: 11 + 3·8 + (8 + 3·16) + (16 + 5·32) + (32 + 2·64) = 427.
  assert.deepEqual(row(costsOf({ preset: 'resnet50' }), 'layer4.2.relu_2').receptiveField, [427, 427])
  assert.deepEqual(row(costsOf({ preset: 'resnet50', options: { strideIn: '1x1' } }), 'layer4.2.relu_2').receptiveField, [483, 483])
})
