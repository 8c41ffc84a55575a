/**
 * What every runtime owes: the same graph, seed and input give the same logits. Every zoo family, shrunk, goes through
 * both, TF.js on its back end wasm, or on tensorflow by `npm run test:tensorflow`; a fault injected on one side (a padding side moved, a weight changed) must show.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { type Graph, graphToJson } from '../../../src/engine/graph.ts'
import { opOf } from '../../../src/engine/ops/index.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { seededInput, seededParameter } from '../../../src/engine/weights.ts'
import { families } from '../../../src/engine/zoo/index.ts'
import { type BackendName, type RuntimeName, runtimeNames } from '../../../src/gpu/contract.ts'
import type { LoadRequest } from '../../../src/gpu/runtimes/contract.ts'
import { loadRuntime } from '../../../src/gpu/runtimes/index.ts'
import { runTfjs, testCpu, tfjsBackend } from '../../engine/run-graph.ts'
import { temporaryFolder } from '../worker/helpers.ts'
import { networks } from './networks.ts'

const tolerance = 1e-4
const seed = 7

const backendOf: Record<RuntimeName, BackendName> = { onnxruntime: 'cpu', tfjs: tfjsBackend }
const scratch = temporaryFolder()
const request = (graph: Graph, batch = 1): LoadRequest => ({
  graph,
  batch,
  resolution: null,
  precision: 'float32',
  threads: 1,
  seed,
  device: testCpu,
  scratch,
})

async function logits(name: RuntimeName, graph: Graph, batch = 1): Promise<Float32Array[]> {
  const session = await (await loadRuntime(name, backendOf[name])).load(request(graph, batch))
  try {
    await session.run()
    return (await session.outputs()).map((output) => output.slice())
  } finally {
    await session.dispose()
  }
}

/** Largest difference of any output, as a share of that output's largest value. */
function difference(a: Float32Array[], b: Float32Array[]): number {
  assert.deepEqual(
    a.map((output) => output.length),
    b.map((output) => output.length),
  )
  const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return Math.max(...a.map((output, i) => largest(output.map((value, j) => value - b[i]![j]!)) / largest(b[i]!)))
}

test('every family of the zoo is in the suite', () => {
  assert.deepEqual(
    [...new Set(networks.map(({ label }) => label.split(' ')[0]))],
    families.map((family) => family.name),
  )
})

test('every folder of runtimes is in the index, and every name has its folder', () => {
  const folders = readdirSync(new URL('../../../src/gpu/runtimes/', import.meta.url), { withFileTypes: true })
  assert.deepEqual(
    folders
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort(),
    [...runtimeNames].sort(),
  )
})

for (const { label, graph } of networks) {
  test(`${label}: both runtimes give the same logits; a moved padding side and a changed weight show`, async () => {
    const onnx = await logits('onnxruntime', graph)
    assert.ok(onnx.every((output) => output.every(Number.isFinite) && output.some((value) => value !== 0)))
    const same = difference(await logits('tfjs', graph), onnx)
    assert.ok(same <= tolerance, `differ by ${same}`)
    const moved = withMovedPadding(graph)
    if (moved) assert.ok(difference(await logits('tfjs', moved), onnx) > 10 * tolerance, 'a padding side was moved and nothing showed')
    const changed = difference(await withChangedWeight(graph), onnx)
    assert.ok(changed > tolerance, `a weight was changed, and the logits differ by ${changed} only`)
  })
}

test('a batch of three is three images, through both runtimes', async () => {
  const { graph } = networks.find(({ label }) => label === 'resnet 1')!
  const onnx = await logits('onnxruntime', graph, 3)
  assert.equal(onnx[0]!.length, 3 * 7)
  assert.ok(difference(await logits('tfjs', graph, 3), onnx) <= tolerance)
})

/** The graph with the first padded window shifted by one: as many rows, one more above and one less below. */
function withMovedPadding(graph: Graph): Graph | null {
  const json = graphToJson(graph)
  const padded = json.layers.find((layer) => layer.type === 'Conv2d' && Array.isArray(layer.padding) && layer.padding[2] > 0)
  if (!padded) return null
  const [top, left, bottom, right] = padded.padding as [number, number, number, number]
  padded.padding = [top + 1, left, bottom - 1, right]
  return verifyGraph(json)
}

/** Logits of TF.js where the middle weight of the first convolution has another sign and size. */
function withChangedWeight(graph: Graph): Promise<Float32Array[]> {
  const first = graph.layers.find((layer) => layer.type === 'Conv2d')!
  const inputs = Object.fromEntries(
    graph.inputs.map(({ id, shape }) => [
      id,
      seededInput(
        seed,
        id,
        shape.reduce((a, b) => a * b),
      ),
    ]),
  )
  return runTfjs(graph, inputs, {
    parameterOf(layerId, parameter) {
      const values = seededParameter(seed, layerId, parameter)
      if (layerId === first.id && parameter.name === 'weight') {
        const middle = values.length >> 1
        values[middle] = -2 * values[middle]! - 0.5
      }
      return values
    },
  })
}

test('tfjs on CUDA offers no times by layer: on an H200 they were waits for an element of each output', async () => {
  const runtime = await loadRuntime('tfjs', 'tensorflow')
  assert.equal((await runtime.capabilities('cuda')).perLayer, false)
  assert.equal((await runtime.capabilities('cpu')).perLayer, true)
})

for (const name of runtimeNames) {
  test(`${name}: what its capabilities declare, it has`, async () => {
    const runtime = await loadRuntime(name, backendOf[name])
    assert.deepEqual([runtime.name, runtime.backend], [name, backendOf[name]])
    const { perLayer, precisions, maxThreads } = await runtime.capabilities('cpu')
    assert.equal(perLayer, runtime.profile !== undefined)
    assert.ok(precisions.includes('float32'))
    assert.ok(maxThreads >= 1 && maxThreads <= availableParallelism())
    const support = await runtime.probe(request(networks[0]!.graph).device)
    assert.ok(support.usable, JSON.stringify(support))
    assert.deepEqual([support.backend, support.version], [backendOf[name], runtime.version])
    assert.match(support.version, /^(\d+\.\d+\.\d+|tfjs-node-gpu \d+\.\d+\.\d+, binding built on TensorFlow \d+\.\d+\.\d+)$/)
  })

  test(`${name}: no GPU, no CUDA, and the reason; the CPU does not stand in`, async () => {
    const runtime = await loadRuntime(name, name === 'tfjs' ? 'tensorflow' : 'cuda')
    const gpu = { name: 'cuda:0', uuid: 'GPU-none', kind: 'cuda', index: 0, model: 'none', driver: null } as const
    const support = await runtime.probe(gpu)
    if (support.usable) {
      assert.equal(support.backend, name === 'onnxruntime' ? 'cuda' : 'tensorflow', 'a host with a GPU')
      return
    }
    assert.ok(support.reason.length > 20, support.reason)
    await assert.rejects(async () => runtime.load({ ...request(networks[0]!.graph), device: gpu }))
  })

  test(`${name}: a profile gives each layer its time, once, and no more than the whole call`, async () => {
    const runtime = await loadRuntime(name, backendOf[name])
    for (const label of ['resnet 1', 'densenet 1', 'mobilenet_v3 1', 'googlenet 1', 'shufflenet_v2 1']) {
      const { graph } = networks.find((network) => network.label === label)!
      const profile = await runtime.profile!(request(graph), 3)
      const ids = profile.perLayer.flatMap((row) => row.layerIds)
      assert.equal(new Set(ids).size, ids.length, `${label}: a layer has two rows`)
      assert.deepEqual([...ids].sort(), graph.layers.map((layer) => layer.id).sort(), `${label}: layers without a row`)
      assert.equal(profile.runs, 3)
      const sum = profile.perLayer.reduce((total, row) => total + row.ms, profile.unattributedMs)
      assert.ok(sum > 0 && sum <= profile.totalMs * 1.001, `${label}: ${sum} of ${profile.totalMs} ms`)
      // Two convolutions are never one kernel.
      const convolutions = new Set(graph.layers.filter((layer) => opOf(layer.type).type === 'Conv2d').map((layer) => layer.id))
      for (const row of profile.perLayer)
        assert.ok(row.layerIds.filter((id) => convolutions.has(id)).length <= 1, `${label}: ${row.layerIds.join(' ')}`)
    }
  })
}
