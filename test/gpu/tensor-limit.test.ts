import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyGraph } from '../../src/engine/verify.ts'
import { refuseLargeTensors } from '../../src/gpu/tensor-limit.ts'

const stem = verifyGraph({
  input: { shape: [3, 448, 448] },
  layers: [{ id: 'conv1', type: 'Conv2d', outChannels: 64, kernelSize: 7, stride: 2, padding: 3 }],
})
const message = (batch: number, kind: 'cpu' | 'cuda' = 'cuda', graph = stem): string => {
  try {
    refuseLargeTensors(kind, graph, { batch })
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

test('what cuDNN refused on an H200 is refused beforehand, with the layer and the figure: ResNet’s stem at 448×448', () => {
  // 64 × 224 × 224 = 3,211,264 elements an image: 668 images stay below 2^31, 669 do not.
  assert.equal(message(668), '')
  assert.match(message(669), /^the output of layer conv1 has 2148335616 elements \(669×64×224×224\).*fewer than 2\^31 = 2147483648/)
  assert.match(message(2048), /6576668672 elements/)
})

test('exactly 2^31 is too many; one row fewer is not; an input counts as well; a CPU has no such limit', () => {
  const square = (height: number) => verifyGraph({ input: { shape: [2 ** 11, height, 2 ** 10] }, layers: [{ type: 'ReLU' }] })
  assert.match(message(1, 'cuda', square(2 ** 10)), /^input .* has 2147483648 elements/)
  assert.equal(message(1, 'cuda', square(2 ** 10 - 1)), '')
  assert.equal(message(1, 'cpu', square(2 ** 10)), '')
})
