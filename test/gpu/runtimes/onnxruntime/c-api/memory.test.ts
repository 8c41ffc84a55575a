/** The engine's peak of activations is what ONNX Runtime's own allocator counts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counted, measured } from '../../../../../bench/memory/peaks.ts'
import { exportOnnx } from '../../../../../src/engine/formats/onnx-export.ts'
import { verifyGraph } from '../../../../../src/engine/verify.ts'
import { expandZoo } from '../../../../../src/engine/zoo/index.ts'

const peaks = (preset: string) => {
  const graph = verifyGraph(expandZoo({ preset }).spec)
  return { graph, model: exportOnnx(graph, { weights: 'seeded', storage: 'external' }) }
}

test('node by node: the peak of MobileNet v2, whose blocks branch and join, to the byte', () => {
  const { graph, model } = peaks('mobilenet_v2')
  assert.equal(measured(model, 'disabled').peak, counted(graph, false).peak)
})

test('fused and in place: the peaks of SqueezeNet 1.1 and ShuffleNet v2 to the byte, the block of the first but for the output', () => {
  const squeezenet = peaks('squeezenet1_1')
  const ours = counted(squeezenet.graph, true)
  const theirs = measured(squeezenet.model, 'all')
  assert.equal(theirs.peak, ours.peak)
  // The output, 1000 numbers rounded up to 256 bytes, is outside the block.
  assert.equal(theirs.planned, ours.block + 4096)
  const shufflenet = peaks('shufflenet_v2_x1_0')
  assert.equal(measured(shufflenet.model, 'extended').peak, counted(shufflenet.graph, true).peak)
})
