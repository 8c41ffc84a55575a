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

test('in place: the peak of SqueezeNet 1.1 node by node, and of ShuffleNet v2 with its layers fused, to the byte', () => {
  const squeezenet = peaks('squeezenet1_1')
  assert.equal(measured(squeezenet.model, 'disabled').peak, counted(squeezenet.graph, true).peak)
  const shufflenet = peaks('shufflenet_v2_x1_0')
  assert.equal(measured(shufflenet.model, 'extended').peak, counted(shufflenet.graph, true).peak)
})
