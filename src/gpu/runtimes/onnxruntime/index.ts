import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type * as ort from 'onnxruntime-node'
import { exportOnnx, type OnnxExport } from '../../../engine/formats/onnx-export.ts'
import { numel } from '../../../engine/shape.ts'
import { seededInput } from '../../../engine/weights.ts'
import type { BackendName, LayerProfile, RunJob, RuntimeCapabilities, RuntimeSupport } from '../../contract.ts'
import { setupCommand } from '../../cuda-folder.ts'
import type { DeviceKind } from '../../devices/device.ts'
import type { LoadRequest, Runtime, Session } from '../contract.ts'
import { fileAsExport } from '../model-file.ts'
import { probeRequest } from '../probe-request.ts'
import { defaultRuntimeSettings, type RuntimeSettings } from '../settings.ts'
import { bindingFor, cudaProblem, version } from './binding.ts'
import { attributeKernels, readTrace, requireProvider, type Trace } from './profile.ts'

/**
 * ONNX Runtime through onnxruntime-node. The graph is exported to ONNX in memory; weights lie in an external block, so
 * they are copied once, by the runtime. A user's own file with its weights runs as it is.
 */

/** Everything the session is told, by ONNX Runtime's own names. */
const sessionOptions = (kind: DeviceKind, threads: number, { graphOptimization }: RuntimeSettings) => ({
  executionProviders: [kind === 'cuda' ? { name: 'cuda', deviceId: 0 } : 'cpu'],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: 'sequential' as const,
  graphOptimizationLevel: graphOptimization,
  // Without this, a node that CUDA cannot take would run on the CPU in silence.
  ...(kind === 'cuda' ? { extra: { session: noCpuFallback } } : {}),
})

/** Makes ONNX Runtime refuse a graph of which a node would land on the CPU, whatever the reason. */
export const noCpuFallback = { disable_cpu_ep_fallback: '1' }
/** What ONNX Runtime calls the provider of a kind of device, in profiles too. */
const providerOf = (kind: DeviceKind): string => (kind === 'cuda' ? 'CUDAExecutionProvider' : 'CPUExecutionProvider')

const exported = (request: LoadRequest): OnnxExport => {
  const { model, graph, batch, resolution, seed, precision, settings = defaultRuntimeSettings } = request
  if (model) return fileAsExport(model, request)
  return exportOnnx(graph, {
    batch,
    seed,
    precision,
    castEdges: false,
    resident: settings.mode === 'resident',
    weights: 'seeded',
    storage: 'external',
    ...(resolution ? { resolution } : {}),
  })
}

const create = async ({ device, threads, settings = defaultRuntimeSettings }: LoadRequest, model: OnnxExport, more: object = {}) =>
  bindingFor(device.kind).InferenceSession.create(model.model, {
    ...sessionOptions(device.kind, threads, settings),
    externalData: model.externalData,
    ...more,
  })

function feedsFor(model: OnnxExport, { seed, precision, device }: LoadRequest): Record<string, ort.Tensor> {
  const { Tensor } = bindingFor(device.kind)
  const tensor = (values: Float32Array, shape: readonly number[]) =>
    precision === 'float16' ? float16Tensor(Tensor, values, shape) : new Tensor('float32', values, [...shape])
  if (model.resident) return { [model.resident.scale]: tensor(Float32Array.of(1), []) }
  return Object.fromEntries(model.inputs.map(({ name, id = name, shape }) => [name, tensor(seededInput(seed, id, numel(shape)), shape)]))
}

/**
 * A float16 tensor that the binding can read. It asks Node-API for the array, which knows no Float16Array in Node 24 and
 * calls it empty; what it expects is the same bits as Uint16Array, which the package's own class always wraps.
 */
function float16Tensor(Tensor: typeof ort.Tensor, values: Float32Array, shape: readonly number[]): ort.Tensor {
  const bits = new Uint16Array(Float16Array.from(values).buffer)
  return Object.assign(new Tensor('uint16', bits, [...shape]), { type: 'float16' })
}

/** ONNX Runtime gives float16 as it is. */
const asFloat32 = ({ data }: ort.Tensor): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data as unknown as Float16Array)

async function load(request: LoadRequest): Promise<Session> {
  const { device, threads, settings = defaultRuntimeSettings } = request
  const { kind } = device
  const model = exported(request)
  const session = await create(request, model).catch((error: Error) => {
    throw kind === 'cuda' ? new Error(reasonOf(error.message, kind).reason, { cause: error }) : error
  })
  const feeds = feedsFor(model, request)
  const outputs = model.outputs.map(({ name }) => name)
  const fetched = model.resident?.scalars ?? outputs
  let results: ort.InferenceSession.ReturnType = {}
  const { intraOpNumThreads, interOpNumThreads, executionMode, graphOptimizationLevel } = sessionOptions(kind, threads, settings)
  return {
    options: {
      executionProvider: kind,
      ...{ intraOpNumThreads, interOpNumThreads, executionMode, graphOptimizationLevel },
      mode: settings.mode,
      ...(kind === 'cuda' ? { 'session.disable_cpu_ep_fallback': '1', tf32: settings.tf32 } : {}),
    },
    addedOps: model.resident?.addedOps ?? [],
    async run() {
      results = await session.run(feeds, fetched)
    },
    async outputs() {
      // What stayed on the device is fetched once, by a call of its own.
      const made = model.resident ? await session.run(feeds, outputs) : results
      return outputs.map((name) => asFloat32(made[name]!))
    },
    dispose: () => session.release(),
  }
}

/**
 * The kernels that a request runs, by ONNX Runtime's own profile, in a session of its own.
 * @throws RunError FOREIGN_PROVIDER where one ran on another provider than that of the device.
 */
async function trace(request: LoadRequest, runs: number): Promise<{ kernels: Trace; model: OnnxExport }> {
  const model = exported(request)
  const folder = await mkdtemp(path.join(request.scratch, 'profile-'))
  try {
    const session = await create(request, model, { enableProfiling: true, profileFilePrefix: path.join(folder, 'trace') })
    try {
      const feeds = feedsFor(model, request)
      const fetched = [...(model.resident?.scalars ?? model.outputs.map(({ name }) => name))]
      // One more than is counted: the first call allocates.
      for (let i = 0; i <= runs; i++) await session.run(feeds, fetched)
      session.endProfiling()
    } finally {
      await session.release()
    }
    const [file] = await readdir(folder)
    const kernels = readTrace(await readFile(path.join(folder, file!), 'utf8'), runs)
    requireProvider(kernels, providerOf(request.device.kind))
    return { kernels, model }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function profile(request: LoadRequest, runs: number): Promise<LayerProfile> {
  const { kernels, model } = await trace(request, runs)
  return { ...attributeKernels(request.graph, kernels, model.layerOfNode), method: profileMethods[request.device.kind] }
}

/** Its profiler reads the host's clock before it calls a kernel and when the call returns. */
const profileMethods: Readonly<Record<DeviceKind, string>> = {
  cpu: 'ONNX Runtime’s profiler: host clock from the call of each kernel to its return, which is when the kernel is done',
  cuda: 'ONNX Runtime’s profiler: host clock from the launch of each kernel until the GPU is done with it, since the process was started with CUDA_LAUNCH_BLOCKING=1; calls are slower so',
}

/** Traced, not only run: on a GPU each kernel of the tiny graph must have run there. */
async function probe(device: RunJob['device']): Promise<RuntimeSupport> {
  try {
    await trace(probeRequest(device), 1)
    return { runtime: 'onnxruntime', backend: device.kind, usable: true, version, capabilities: await capabilities(device.kind) }
  } catch (error) {
    return { runtime: 'onnxruntime', backend: device.kind, usable: false, ...reasonOf((error as Error).message, device.kind) }
  }
}

/** ONNX Runtime's words, and what they mean where they do not say. */
function reasonOf(message: string, kind: DeviceKind): { reason: string; command: string | null } {
  const said = message.replace(/\s+/g, ' ').trim()
  // Behind some hundred characters of its own source come the number and the words of CUDA.
  const cuda = /CUDA failure \d+: [^;]*/.exec(said)?.[0].trim()
  if (cuda) return { reason: `ONNX Runtime's CUDA provider loads, and CUDA refuses: ${cuda}`, command: null }
  if (kind !== 'cuda' || !/AppendExecutionProvider_Cuda|providers_cuda/.test(said)) return { reason: said.slice(0, 500), command: null }
  const why = cudaProblem() ?? 'its library, or one that it needs (CUDA 13, cuDNN 9, the driver), is missing'
  return { reason: `the CUDA provider of onnxruntime-node ${version} does not load: ${why} (${said.slice(0, 300)})`, command: setupCommand }
}

/**
 * Why float16 is not offered on the CPU of this host; null where it is. ONNX Runtime takes any float16 graph, and where
 * its CPU provider has no such kernel computes in float32 between casts that it inserts: a trace of a tiny graph shows
 * them. Timing that and calling it float16 would mislead.
 */
async function traceFloat16(): Promise<string | null> {
  const device = { name: 'cpu:0', uuid: '', kind: 'cpu', index: 0, model: '', driver: null } as const
  const { kernels } = await trace({ ...probeRequest(device), precision: 'float16' }, 1)
  const casts = kernels.kernels.filter(({ operator }) => operator === 'Cast').length
  return casts === 0
    ? null
    : `its CPU provider has no float16 kernels on this CPU: it computes in float32 between casts (${casts} for a graph of four layers), and that would be timed instead`
}
let float16Problem: Promise<string | null> | null = null
/** Found once in a process. */
export function float16OnCpu(): Promise<string | null> {
  float16Problem ??= traceFloat16().catch((error: Error) => error.message)
  return float16Problem
}

async function capabilities(kind: DeviceKind): Promise<RuntimeCapabilities> {
  const float16 = kind === 'cuda' || (await float16OnCpu()) === null
  return {
    precisions: float16 ? ['float32', 'float16'] : ['float32'],
    separatesCopies: false,
    perLayer: true,
    maxThreads: os.availableParallelism(),
    settings: kind === 'cuda' ? ['graphOptimization', 'tf32', 'mode'] : ['graphOptimization', 'mode'],
  }
}

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
