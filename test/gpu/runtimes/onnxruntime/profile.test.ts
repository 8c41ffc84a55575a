import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyGraph } from '../../../../src/engine/verify.ts'
import { onnxruntimeOn } from '../../../../src/gpu/runtimes/onnxruntime/index.ts'
import { attributeKernels, readTrace, requireProvider } from '../../../../src/gpu/runtimes/onnxruntime/profile.ts'
import { jobOf, temporaryFolder, testDevice } from '../../worker/helpers.ts'

/** Two blocks of a ResNet whose second has a projection, as torchvision names them. */
const graph = verifyGraph({
  input: { shape: [4, 8, 8] },
  layers: [
    { id: 'a.conv1', type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: 1 },
    { id: 'a.bn1', type: 'BatchNorm2d' },
    { id: 'a.relu', type: 'ReLU' },
    { id: 'a.conv2', type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: 1 },
    { id: 'a.bn2', type: 'BatchNorm2d' },
    { id: 'a.add', type: 'Add', inputs: ['a.bn2', 'input'] },
    { id: 'a.relu_1', type: 'ReLU' },
    { id: 'b.conv1', type: 'Conv2d', outChannels: 8, kernelSize: 3, stride: 2, padding: 1 },
    { id: 'b.relu', type: 'ReLU' },
    { id: 'b.conv2', type: 'Conv2d', outChannels: 8, kernelSize: 3, padding: 1 },
    { id: 'b.down', type: 'Conv2d', inputs: ['a.relu_1'], outChannels: 8, kernelSize: 1, stride: 2 },
    { id: 'b.add', type: 'Add', inputs: ['b.conv2', 'b.down'] },
    { id: 'b.relu_1', type: 'ReLU' },
    { id: 'norm', type: 'BatchNorm2d' },
    { id: 'pool', type: 'GlobalAvgPool2d' },
    { id: 'flatten', type: 'Flatten' },
    { id: 'fc', type: 'Linear', outFeatures: 3 },
    { id: 'drop', type: 'Dropout' },
  ],
})
const layerOfNode = new Map(graph.layers.map(({ id }) => [id, id]))
const provider = 'CPUExecutionProvider'
const kernel = (node: string, operator: string, ms = 1) => ({ node, operator, ms, provider })
/** Names and operators as onnxruntime 1.30 wrote them for ResNet-18 and DenseNet-121: convolutions under the last layer fused. */
const kernels = [
  kernel('ReorderInput_token_3', 'ReorderInput', 0.5),
  kernel('a.relu_nchwc', 'Conv', 2),
  kernel('a.bn2_nchwc', 'Conv', 3),
  kernel('b.down_nchwc', 'Conv', 4),
  kernel('b.relu_nchwc', 'Conv', 5),
  kernel('b.conv2_nchwc', 'Conv', 6),
  kernel('norm_bn_nchwc', 'Conv', 7),
  kernel('pool_nchwc', 'GlobalAveragePool', 8),
  kernel('ReorderOutput', 'ReorderOutput', 0.25),
  kernel('flatten', 'Reshape', 9),
  kernel('fc', 'Gemm', 10),
]

test('fused layers share the row of their kernel; changes of layout belong to none', () => {
  const { perLayer, unattributedMs, totalMs, runs } = attributeKernels(graph, { kernels, totalMs: 60, runs: 3 }, layerOfNode)
  assert.deepEqual(
    perLayer.map(({ layerIds, ms }) => [layerIds.join(' '), ms]),
    [
      ['a.conv1 a.bn1 a.relu', 2],
      ['a.conv2 a.bn2 a.add a.relu_1', 3],
      ['b.conv1 b.relu', 5],
      // The addition goes to the convolution that ran last, which had both operands.
      ['b.conv2 b.add b.relu_1', 6],
      ['b.down', 4],
      ['norm', 7],
      ['pool', 8],
      ['flatten', 9],
      ['fc drop', 10],
    ],
  )
  assert.deepEqual([unattributedMs, totalMs, runs], [0.75, 60, 3])
})

test('kernels under names that the optimizers made up go to their layers, as this ONNX Runtime makes them up', async () => {
  const mlp = verifyGraph({
    input: { shape: [8, 4, 4] },
    layers: [
      { id: 'flatten', type: 'Flatten' },
      { id: 'fc1', type: 'Linear', outFeatures: 64 },
      { id: 'relu', type: 'ReLU' },
      { id: 'fc2', type: 'Linear', outFeatures: 64 },
      { id: 'gelu', type: 'GELU' },
      { id: 'fc3', type: 'Linear', outFeatures: 64 },
      { id: 'hardswish', type: 'HardSwish' },
      { id: 'fc4', type: 'Linear', outFeatures: 64 },
      { id: 'silu', type: 'SiLU' },
    ],
  })
  const { perLayer, unattributedMs } = await onnxruntimeOn('cpu').profile!(
    { ...jobOf(testDevice(), mlp), threads: 1, seed: 1, scratch: temporaryFolder() },
    3,
  )
  assert.deepEqual(
    perLayer.map(({ layerIds }) => layerIds.join(' ')),
    ['flatten', 'fc1 relu', 'fc2', 'gelu', 'fc3', 'hardswish', 'fc4', 'silu'],
  )
  // Nothing here needs another layout.
  assert.equal(unattributedMs, 0)
})

test('nodes of one layer add up', () => {
  const names = new Map([...layerOfNode, ['fc/matmul', 'fc'], ['fc/out', 'fc']])
  const { perLayer } = attributeKernels(
    graph,
    { kernels: [kernel('fc/matmul', 'MatMul', 2), kernel('fc/out', 'Add', 3)], totalMs: 5, runs: 1 },
    names,
  )
  assert.deepEqual(
    perLayer.map(({ layerIds, ms }) => [layerIds.join(' '), ms]),
    [['fc drop', 5]],
  )
})

test('a trace is averaged over its last calls, the first left out', () => {
  const call = (ts: number, dur: number, kernelDur: number) => [
    { cat: 'Session', name: 'model_run', ts, dur, args: {} },
    { cat: 'Node', name: 'conv_nchwc_kernel_time', ts: ts + 1, dur: kernelDur, args: { op_name: 'Conv', provider } },
    { cat: 'Node', name: 'conv_nchwc_fence_before', ts: ts + 1, dur: 999, args: {} },
  ]
  const loading = { cat: 'Session', name: 'session_initialization', ts: 0, dur: 50_000, args: {} }
  const trace = readTrace(JSON.stringify([loading, ...call(100, 9000, 8000), ...call(10_000, 2000, 1000), ...call(20_000, 4000, 2000)]), 2)
  assert.deepEqual(trace, { kernels: [kernel('conv_nchwc', 'Conv', 1.5)], totalMs: 3, runs: 2 })
  assert.throws(() => readTrace(JSON.stringify([loading]), 2), /holds no call/)
})

test('a kernel on another provider than the one asked for is refused by its name', () => {
  requireProvider({ kernels }, provider)
  const strayed = kernels.with(3, { ...kernels[3]!, provider: 'CUDAExecutionProvider' })
  assert.throws(() => requireProvider({ kernels: strayed }, provider), {
    code: 'FOREIGN_PROVIDER',
    message: '1 of 11 kernels did not run on CPUExecutionProvider: Conv b.down_nchwc on CUDAExecutionProvider',
  })
  assert.throws(() => requireProvider({ kernels: [] }, provider), { code: 'FOREIGN_PROVIDER' })
})
