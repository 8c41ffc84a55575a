/** That the contract of the lowerings notices: a fault in either runtime's network makes the comparison fail. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Parameter } from '../../../src/engine/op.ts'
import { seededParameter } from '../../../src/engine/weights.ts'
import { distance, graphOf, inputsOf, runOnnx, runTfjs, seed, tolerance } from '../run-graph.ts'

const batch = 2
const shape = [6, 11, 9] as const
type Layer = Record<string, unknown> & { type: string }

test('one wrong attribute makes the comparison fail', async () => {
  const faults: [why: string, right: Layer, wrong: Layer][] = [
    [
      'two padding sides swapped',
      { type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: [0, 1, 1, 1] },
      { type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: [1, 1, 0, 1] },
    ],
    [
      'left and right swapped',
      { type: 'MaxPool2d', kernelSize: 3, padding: [1, 0, 1, 1], stride: 2 },
      { type: 'MaxPool2d', kernelSize: 3, padding: [1, 1, 1, 0], stride: 2 },
    ],
    [
      'padding counted',
      { type: 'AvgPool2d', kernelSize: 3, padding: 1, countIncludePad: false },
      { type: 'AvgPool2d', kernelSize: 3, padding: 1 },
    ],
    ['another window', { type: 'LocalResponseNorm', size: 5, alpha: 1 }, { type: 'LocalResponseNorm', size: 4, alpha: 1 }],
    ['another eps', { type: 'BatchNorm2d', eps: 1e-5 }, { type: 'BatchNorm2d', eps: 1e-3 }],
    ['another group count', { type: 'ChannelShuffle', groups: 3 }, { type: 'ChannelShuffle', groups: 2 }],
    ['rows for columns', { type: 'Softmax', dim: 2 }, { type: 'Softmax', dim: 3 }],
  ]
  for (const [why, right, wrong] of faults) {
    const inputs = inputsOf(graphOf(shape, [right]), batch)
    const [onnx] = await runOnnx(graphOf(shape, [{ id: 'x', ...right }]), inputs, { batch })
    const [tfjs] = await runTfjs(graphOf(shape, [{ id: 'x', ...wrong }]), inputs, { batch })
    assert.ok(distance(tfjs!, onnx!) > tolerance, why)
  }
})

test('one changed weight makes the comparison fail', async () => {
  const layers = [
    { type: 'Conv2d', id: 'c', outChannels: 4, kernelSize: 3 },
    { type: 'BatchNorm2d', id: 'n' },
  ]
  const graph = graphOf(shape, layers)
  const inputs = inputsOf(graph, batch)
  const [onnx] = await runOnnx(graph, inputs, { batch })
  for (const target of ['c.weight', 'c.bias', 'n.weight', 'n.bias', 'n.running_mean', 'n.running_var']) {
    const parameterOf = (layerId: string, parameter: Parameter): Float32Array => {
      const values = seededParameter(seed, layerId, parameter)
      if (`${layerId}.${parameter.name}` === target) values[1]! += 0.01
      return values
    }
    const [tfjs] = await runTfjs(graph, inputs, { batch, parameterOf })
    assert.ok(distance(tfjs!, onnx!) > tolerance, target)
  }
})

test('NaN and missing elements never pass as equal', () => {
  assert.equal(distance(Float32Array.of(Number.NaN, 1), Float32Array.of(1, 1)), Number.POSITIVE_INFINITY)
  assert.equal(distance(Float32Array.of(1), Float32Array.of(1, 1)), Number.POSITIVE_INFINITY)
})
