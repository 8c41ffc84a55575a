import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Graph } from '../../../src/engine/graph.ts'
import { inferShapes } from '../../../src/engine/infer.ts'
import { peakActivation } from '../../../src/engine/memory/lives.ts'
import { opOf } from '../../../src/engine/ops/index.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { random } from '../random.ts'
import { presetGraph } from '../zoo-graphs.ts'

const peakOf = (graph: Graph, batch = 1) => peakActivation(graph, inferShapes(graph, { batch }), { batch })

test('a residual block by hand', () => {
  const graph = verifyGraph({
    input: { shape: [1, 10, 10] },
    layers: [
      { id: 'a', type: 'Conv2d', outChannels: 4, kernelSize: 1 },
      { id: 'b', type: 'Conv2d', outChannels: 8, kernelSize: 1 },
      { id: 'c', type: 'Conv2d', outChannels: 4, kernelSize: 1 },
      { id: 'd', type: 'Add', inputs: ['a', 'c'] },
      { id: 'e', type: 'GlobalAvgPool2d' },
    ],
  })
  // Alive at a: input 100 + a 400 = 500. At b: a 400 + b 800 = 1200. At c: a 400 (for d) + b 800 + c 400 = 1600.
  // At d: a 400 + c 400 + d 400 = 1200. At e: d 400 + e 4.
  assert.deepEqual(peakOf(graph), { amount: 1600, layerId: 'c' })
  assert.deepEqual(peakOf(graph, 3), { amount: 4800, layerId: 'c' })
})

test('a view takes no memory, and keeps the buffer it looks at', () => {
  const graph = verifyGraph({
    input: { shape: [100] },
    layers: [
      { id: 'a', type: 'ReLU' },
      { id: 'view', type: 'Reshape', shape: [10, 10] },
      { id: 'b', type: 'ReLU', inputs: ['a'] },
      { id: 'c', type: 'Reshape', shape: [10, 10], inputs: ['b'] },
      { id: 'd', type: 'Add', inputs: ['view', 'c'] },
    ],
  })
  // Alive at d: a's buffer through its view, b's through its view, and d.
  assert.deepEqual(peakOf(graph), { amount: 300, layerId: 'd' })
})

test('the input alone can be the peak only where nothing is made of it', () => {
  const graph = verifyGraph({ input: { shape: [100] }, layers: [{ id: 'v', type: 'Identity' }] })
  assert.deepEqual(peakOf(graph), { amount: 100, layerId: null })
})

test('an output that nobody reads lives while its layer runs', () => {
  const graph = verifyGraph({
    input: { shape: [100] },
    layers: [
      { id: 's', type: 'Split', sizes: [10, 90] },
      { id: 'r', type: 'ReLU', inputs: ['s'] },
    ],
  })
  assert.deepEqual(peakOf(graph), { amount: 200, layerId: 's' })
})

/**
 * The same figure by its definition: at each layer, add up every buffer that is made by then and still wanted by it, by
 * a later layer or by the caller, looking through the whole graph each time.
 */
function bruteForce(graph: Graph): number {
  const layers = inferShapes(graph)
  const buffers = new Map<string, { size: number; from: number; names: Set<string> }>()
  const owner = new Map<string, string>()
  for (const { id, shape } of graph.inputs) {
    buffers.set(id, { size: shape.reduce((a, b) => a * b, 1), from: -1, names: new Set([id]) })
    owner.set(id, id)
  }
  layers.forEach(({ layer, outputs }, step) => {
    outputs.forEach((shape, i) => {
      const name = i === 0 ? layer.id : `${layer.id}:${i}`
      if (opOf(layer.type).view) {
        owner.set(name, owner.get(layer.inputs[0]!)!)
        buffers.get(owner.get(name)!)!.names.add(name)
      } else {
        owner.set(name, name)
        buffers.set(name, { size: shape.reduce((a, b) => a * b, 1), from: step, names: new Set([name]) })
      }
    })
  })
  let peak = 0
  for (let step = -1; step < layers.length; step++) {
    let alive = 0
    for (const { size, from, names } of buffers.values()) {
      const wanted =
        from === step ||
        graph.outputs.some((name) => names.has(name)) ||
        layers.slice(Math.max(step, 0)).some(({ layer }) => layer.inputs.some((name) => names.has(name)))
      if (from <= step && wanted) alive += size
    }
    peak = Math.max(peak, alive)
  }
  return peak
}

/** A graph of layers that read one or two earlier tensors each; every tensor that nobody reads is an output. */
function randomGraph(seed: number): Graph {
  const { below, pick } = random(seed)
  const tensors = ['input']
  const layers: Record<string, unknown>[] = []
  const unread = new Set<string>()
  const read = () => {
    const name = pick(tensors)
    unread.delete(name)
    return name
  }
  for (let i = 0; i < 12; i++) {
    const id = `l${i}`
    const kind = below(4)
    if (kind === 0) layers.push({ id, type: 'Identity', inputs: [read()] })
    else if (kind === 1) layers.push({ id, type: 'ReLU', inputs: [read()] })
    else if (kind === 2) layers.push({ id, type: 'Conv2d', outChannels: 1 + below(9), kernelSize: 1, inputs: [read()] })
    else layers.push({ id, type: 'Concat', inputs: [read(), read()] })
    tensors.push(id)
    unread.add(id)
  }
  return verifyGraph({ input: { shape: [2, 3, 3] }, layers, outputs: [...unread] })
}

test('the peak is that of a simulation by definition: 200 random graphs', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const graph = randomGraph(seed)
    assert.equal(peakOf(graph).amount, bruteForce(graph), `graph ${seed}`)
  }
})

test('the peak is that of a simulation by definition: networks of the zoo', () => {
  for (const preset of ['alexnet', 'resnet50', 'googlenet', 'densenet121', 'shufflenet_v2_x1_0', 'mobilenet_v3_small', 'squeezenet1_1']) {
    const graph = presetGraph(preset)
    assert.equal(peakOf(graph).amount, bruteForce(graph), preset)
  }
})
