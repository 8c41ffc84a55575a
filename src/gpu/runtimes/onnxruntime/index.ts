import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import ort from 'onnxruntime-node'
import { exportOnnx, type OnnxExport } from '../../../engine/formats/onnx-export.ts'
import { numel } from '../../../engine/shape.ts'
import { seededInput } from '../../../engine/weights.ts'
import type { BackendName, DeviceKind, LayerProfile, LoadRequest, RunJob, Runtime, RuntimeSupport, Session } from '../../contract.ts'
import { fileAsExport } from '../model-file.ts'
import { probeRequest } from '../probe-request.ts'
import { attributeKernels, readTrace } from './profile.ts'

/**
 * ONNX Runtime through onnxruntime-node. The graph is exported to ONNX in memory; weights lie in an external block, so
 * they are copied once, by the runtime. A user's own file with its weights runs as it is.
 */

/**
 * ONNX Runtime's own builds send usage events from 1.30 on, on Linux too, and keep an identifier and a log in the
 * temporary folder. This is read at the first session, and turns all of it off.
 */
process.env.ORT_DISABLE_TELEMETRY = '1'

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }

/** Everything the session is told, by ONNX Runtime's own names. */
const sessionOptions = (kind: DeviceKind, threads: number) => ({
  executionProviders: [kind === 'cuda' ? { name: 'cuda', deviceId: 0 } : 'cpu'],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: 'sequential' as const,
  graphOptimizationLevel: 'all' as const,
  // Without this, a node that CUDA cannot take would run on the CPU in silence.
  ...(kind === 'cuda' ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
})

const exported = (request: LoadRequest): OnnxExport => {
  const { model, graph, batch, resolution, seed } = request
  if (model) return fileAsExport(model, request)
  return exportOnnx(graph, { batch, seed, weights: 'seeded', storage: 'external', ...(resolution ? { resolution } : {}) })
}

const feedsFor = (model: OnnxExport, seed: number): Record<string, ort.Tensor> =>
  Object.fromEntries(
    model.inputs.map(({ name, id = name, shape }) => [name, new ort.Tensor('float32', seededInput(seed, id, numel(shape)), [...shape])]),
  )

async function load(request: LoadRequest): Promise<Session> {
  const model = exported(request)
  const { kind } = request.device
  const options = sessionOptions(kind, request.threads)
  const session = await ort.InferenceSession.create(model.model, { ...options, externalData: model.externalData })
  const feeds = feedsFor(model, request.seed)
  const names = model.outputs.map((output) => output.name)
  let results: ort.InferenceSession.ReturnType = {}
  const { intraOpNumThreads, interOpNumThreads, executionMode, graphOptimizationLevel } = options
  return {
    options: {
      executionProvider: kind,
      ...{ intraOpNumThreads, interOpNumThreads, executionMode, graphOptimizationLevel },
      ...(options.extra ? { 'session.disable_cpu_ep_fallback': '1' } : {}),
    },
    async run() {
      results = await session.run(feeds, names)
    },
    outputs: () => names.map((name) => results[name]!.data as Float32Array),
    dispose: () => session.release(),
  }
}

async function profile(request: LoadRequest, runs: number): Promise<LayerProfile> {
  const model = exported(request)
  const folder = await mkdtemp(path.join(request.scratch, 'profile-'))
  try {
    const session = await ort.InferenceSession.create(model.model, {
      ...sessionOptions(request.device.kind, request.threads),
      externalData: model.externalData,
      enableProfiling: true,
      profileFilePrefix: path.join(folder, 'trace'),
    })
    try {
      const feeds = feedsFor(model, request.seed)
      // One more than is counted: the first call allocates.
      for (let i = 0; i <= runs; i++) await session.run(feeds)
      session.endProfiling()
    } finally {
      await session.release()
    }
    const [file] = await readdir(folder)
    return attributeKernels(request.graph, readTrace(await readFile(path.join(folder, file!), 'utf8'), runs), model.layerOfNode)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function probe(device: RunJob['device']): Promise<RuntimeSupport> {
  try {
    const session = await load(probeRequest(device))
    await session.run()
    await session.dispose()
    return { runtime: 'onnxruntime', backend: device.kind, usable: true, version, capabilities: capabilities() }
  } catch (error) {
    return { runtime: 'onnxruntime', backend: device.kind, usable: false, reason: reasonOf((error as Error).message), command: null }
  }
}

/** ONNX Runtime's words, and what they mean where they do not say. */
function reasonOf(message: string): string {
  const said = message.trim().slice(0, 500)
  return /AppendExecutionProvider_Cuda|providers_cuda/.test(message)
    ? `the CUDA provider of onnxruntime-node ${version} does not load, since its library or one it needs (CUDA 13, cuDNN 9) is missing: ${said}`
    : said
}

const capabilities = () => ({
  precisions: ['float32' as const],
  separatesCopies: false,
  perLayer: true,
  maxThreads: os.availableParallelism(),
})

/** Its back end is an execution provider, named as the kind of device is. */
export const onnxruntimeOn = (backend: BackendName): Runtime => ({
  name: 'onnxruntime',
  backend,
  version,
  capabilities,
  probe,
  load,
  profile,
  // The exported block, the session's copy and the copy packed for its kernels. Measured: VGG-16 at batch 1 peaks at
  // 3.0 times its weights while it loads; ResNet-50 and DenseNet-121 at batch 8 at 1.2 and 1.5 times this sum.
  leastMemory: (weightBytes, peakActivationBytes) => 2.9 * weightBytes + peakActivationBytes,
  memoryLimitBytes: null,
})
