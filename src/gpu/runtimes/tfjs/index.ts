import * as tf from '@tensorflow/tfjs-core'
import { lowerToTfjs, type TfjsNetwork } from '../../../engine/formats/tfjs-lowering.ts'
import { numel } from '../../../engine/shape.ts'
import { seededInput, seededParameter } from '../../../engine/weights.ts'
import type {
  DeviceKind,
  LayerProfile,
  LoadRequest,
  RunJob,
  Runtime,
  RuntimeCapabilities,
  RuntimeSupport,
  Session,
} from '../../contract.ts'
import { probeRequest } from '../probe-request.ts'
import { backendFor, type TfjsBackend, wasmHeapBytes } from './backend.ts'

/** TF.js: the graph is lowered op by op, once, and every call goes through the lowered steps. */

interface Lowered {
  backend: TfjsBackend
  network: TfjsNetwork
  inputs: Record<string, tf.Tensor>
  release(): void
}

async function lower({ graph, batch, resolution, seed, device }: LoadRequest): Promise<Lowered> {
  const backend = backendFor(device.kind)
  if ('reason' in backend) throw new Error(backend.reason)
  await backend.activate()
  const network = lowerToTfjs(tf, graph, {
    batch,
    ...(resolution ? { resolution } : {}),
    parameterOf: (layerId, parameter) => seededParameter(seed, layerId, parameter),
  })
  const inputs = network.upload(Object.fromEntries(network.inputs.map(({ id, shape }) => [id, seededInput(seed, id, numel(shape))])))
  const release = () => {
    tf.dispose(inputs)
    network.dispose()
  }
  return { backend, network, inputs, release }
}

async function load(request: LoadRequest): Promise<Session> {
  const { backend, network, inputs, release } = await lower(request)
  let results: Float32Array[] = []
  return {
    backend: backend.name,
    options: backend.options,
    run() {
      const outputs = network.run(inputs)
      // Reading is what waits for the back end: TF.js has no other synchronisation.
      results = outputs.map((output) => output.dataSync<'float32'>())
      tf.dispose(outputs)
    },
    outputs: () => results,
    dispose: release,
  }
}

/** Times each layer by itself, waiting for its output: a call so timed is slower than one that is not. */
async function profile(request: LoadRequest, runs: number): Promise<LayerProfile> {
  const { network, inputs, release } = await lower(request)
  try {
    const sums = new Map<string, number>(request.graph.layers.map((layer) => [layer.id, 0]))
    let total = 0
    // One more than is counted: the first call allocates.
    for (let run = 0; run <= runs; run++) {
      const start = performance.now()
      let before = start
      const outputs = network.run(inputs, (layerId, made) => {
        for (const tensor of made) tensor.dataSync()
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
    return { perLayer, unattributedMs: 0, totalMs: total / runs, runs }
  } finally {
    release()
  }
}

function capabilities(kind: DeviceKind): RuntimeCapabilities {
  const backend = backendFor(kind)
  return { precisions: ['float32'], separatesCopies: false, perLayer: true, maxThreads: 'reason' in backend ? 1 : backend.maxThreads }
}

async function probe(device: RunJob['device']): Promise<RuntimeSupport> {
  const backend = backendFor(device.kind)
  if ('reason' in backend) return { runtime: 'tfjs', usable: false, ...backend }
  try {
    const session = await load(probeRequest(device))
    await session.run()
    await session.dispose()
    return { runtime: 'tfjs', usable: true, version: tf.version_core, backend: backend.name, capabilities: capabilities(device.kind) }
  } catch (error) {
    return { runtime: 'tfjs', usable: false, reason: (error as Error).message.slice(0, 500), command: null }
  }
}

export const tfjs: Runtime = {
  name: 'tfjs',
  version: tf.version_core,
  capabilities,
  probe,
  load,
  profile,
  // Weights in their own layout and in the kernels'. Measured: VGG-16 at batch 1 peaks at 1.8 times its weights;
  // ResNet-50 and DenseNet-121 at batch 8 at 1.7 and 1.4 times this sum.
  leastMemory: (weightBytes, peakActivationBytes) => 1.7 * weightBytes + peakActivationBytes,
  memoryLimitBytes: wasmHeapBytes,
}
