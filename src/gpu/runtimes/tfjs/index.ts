import * as tf from '@tensorflow/tfjs-core'
import { lowerToTfjs, type TfjsNetwork } from '../../../engine/formats/tfjs-lowering.ts'
import type { BackendName, LayerProfile, RunJob, RuntimeSupport } from '../../contract.ts'
import type { LoadRequest, Runtime, Session } from '../contract.ts'
import { seededFeed } from '../elements.ts'
import { givenFor } from '../model-file.ts'
import { probeRequest } from '../probe-request.ts'
import type { TfjsBackend } from './backend.ts'
import { openBackend } from './backends.ts'

/** TF.js: the graph is lowered op by op, once, and every call goes through the lowered steps, whatever the back end. */

interface Lowered {
  options: Session['options']
  network: TfjsNetwork
  inputs: Record<string, tf.Tensor>
  release(): void
}

async function lower(backend: TfjsBackend, request: LoadRequest): Promise<Lowered> {
  const { graph, batch, resolution, seed, precision } = request
  const { parameterOf, elements } = givenFor(request)
  const options = await backend.activate(request)
  const network = lowerToTfjs(tf, graph, {
    batch,
    ...(resolution ? { resolution } : {}),
    parameterOf,
  })
  // The numbers that ONNX Runtime gets: whole ones where the file takes such.
  const feeds = network.inputs.map(({ id, shape }, i) => {
    const element = elements[i]
    return [id, seededFeed({ name: id, shape, ...(element ? { element } : {}) }, seed, precision).values] as const
  })
  const inputs = network.upload(Object.fromEntries(feeds))
  const release = () => {
    tf.dispose(inputs)
    network.dispose()
  }
  return { options, network, inputs, release }
}

async function load(backend: TfjsBackend, request: LoadRequest): Promise<Session> {
  const { options, network, inputs, release } = await lower(backend, request)
  let results: Float32Array[] = []
  return {
    options,
    run() {
      const outputs = network.run(inputs)
      // Reading waits for the back end; TF.js has no other synchronization.
      results = outputs.map((output) => output.dataSync<'float32'>())
      tf.dispose(outputs)
    },
    outputs: () => results,
    dispose: release,
  }
}

/**
 * Waits until a tensor is computed. WebAssembly's kernels are done when they return. Elsewhere only reading waits, and one
 * element suffices: reading all would time a copy that no layer makes.
 */
function settle(tensor: tf.Tensor): void {
  if (tf.getBackend() !== 'wasm') tf.tidy(() => tf.slice(tf.reshape(tensor, [-1]), [0], [1]).dataSync())
}

/** How the time of a layer is taken. */
const profileMethod = (): string =>
  tf.getBackend() === 'wasm'
    ? 'host clock around the kernels of each layer, which are done when they return'
    : 'host clock around the kernels of each layer, until one element of its output has been read, which waits for all of them'

/** Times each layer by itself, waiting for its output: a call so timed is slower than one that is not. */
async function profile(backend: TfjsBackend, request: LoadRequest, runs: number): Promise<LayerProfile> {
  const { network, inputs, release } = await lower(backend, request)
  try {
    const sums = new Map<string, number>(request.graph.layers.map((layer) => [layer.id, 0]))
    let total = 0
    // One call more than is counted: the first one allocates.
    for (let run = 0; run <= runs; run++) {
      const start = performance.now()
      let before = start
      const outputs = network.run(inputs, (layerId, made) => {
        for (const tensor of made) settle(tensor)
        const now = performance.now()
        if (run > 0) sums.set(layerId, sums.get(layerId)! + now - before)
        before = performance.now()
      })
      for (const output of outputs) output.dataSync()
      if (run > 0) total += performance.now() - start
      tf.dispose(outputs)
    }
    const perLayer = [...sums].map(([layerId, ms]) => ({ layerIds: [layerId], ms: ms / runs }))
    // Kernels run inside their layer; what is left between layers is bookkeeping, part of the total alone.
    return { perLayer, unattributedMs: 0, totalMs: total / runs, runs, method: profileMethod() }
  } finally {
    release()
  }
}

async function probe(runtime: Runtime, backend: TfjsBackend, device: RunJob['device']): Promise<RuntimeSupport> {
  const about = { runtime: 'tfjs' as const, backend: backend.name }
  try {
    const session = await load(backend, probeRequest(device))
    await session.run()
    await session.dispose()
    return { ...about, usable: true, version: runtime.version, capabilities: await runtime.capabilities(device.kind) }
  } catch (error) {
    return { ...about, usable: false, reason: (error as Error).message.slice(0, 500), command: backend.remedy(device.kind) }
  }
}

/** @throws Error where TF.js has no such back end. */
export async function tfjsOn(name: BackendName): Promise<Runtime> {
  const backend = await openBackend(name)
  const { version, leastMemory, memoryLimitBytes } = backend
  const runtime: Runtime = {
    name: 'tfjs',
    backend: name,
    version,
    // On CUDA the end of a layer is seen only by reading from it: 0.2 to 0.5 ms each on an H200, where ResNet-50 by layer
    // took 63 to 97 ms of calls of 18, and an Add moved 0.1 TB/s of 4.8. Those would not be times of kernels.
    capabilities: (kind) => ({
      precisions: ['float32'],
      separatesCopies: false,
      perLayer: kind !== 'cuda',
      maxThreads: backend.maxThreads,
    }),
    probe: (device) => probe(runtime, backend, device),
    load: (request) => load(backend, request),
    profile: (request, runs) => profile(backend, request, runs),
    leastMemory,
    memoryLimitBytes,
  }
  return runtime
}
