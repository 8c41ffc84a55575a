import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { exportOnnx, type OnnxExport } from '../../../engine/formats/onnx-export.ts'
import type { BackendName, LayerProfile, RunJob, RuntimeCapabilities, RuntimeSupport } from '../../contract.ts'
import type { DeviceKind } from '../../devices/device.ts'
import { RunError } from '../../run-error.ts'
import type { LoadRequest, Runtime, Session } from '../contract.ts'
import { fileAsExport } from '../model-file.ts'
import { probeRequest } from '../probe-request.ts'
import { defaultRuntimeSettings } from '../settings.ts'
import { cApiDriver } from './c-api/driver.ts'
import { type Driver, noCpuFallback, type Opened } from './driver.ts'
import { nodeDriver } from './node.ts'
import { version } from './package.ts'
import { attributeKernels, readTrace, requireProvider, type Trace } from './profile.ts'
import { reasonOf } from './reason.ts'
import { refusalOf } from './refusal.ts'

/**
 * ONNX Runtime, by its C API or by the npm package's binding. The graph is exported to ONNX in memory; weights lie in an
 * external block, so they are copied once, by the runtime. A user's own file with its weights runs as it is.
 */

/** What ONNX Runtime calls the provider of a kind of device, in profiles too. */
const providerOf = (kind: DeviceKind): string => (kind === 'cuda' ? 'CUDAExecutionProvider' : 'CPUExecutionProvider')

function exported(request: LoadRequest, { residentByOps }: Driver): OnnxExport {
  const { model, graph, batch, resolution, seed, precision, settings = defaultRuntimeSettings } = request
  if (model) return fileAsExport(model, request)
  return exportOnnx(graph, {
    batch,
    seed,
    precision,
    castEdges: false,
    resident: residentByOps && settings.mode === 'resident',
    weights: 'seeded',
    storage: 'external',
    ...(resolution ? { resolution } : {}),
  })
}

/** @throws RunError as `refusalOf` gives it; else Error in ONNX Runtime's words. */
async function open(driver: Driver, request: LoadRequest, model: OnnxExport, profilePrefix?: string): Promise<Opened> {
  return driver.open(request, model, profilePrefix).catch((error: Error) => {
    throw refusalOf(error, request, model)
  })
}

async function load(driver: Driver, request: LoadRequest): Promise<Session> {
  const { device, threads, settings = defaultRuntimeSettings } = request
  const { kind } = device
  const model = exported(request, driver)
  const { options, endProfiling, ...session } = await open(driver, request, model).catch((error: Error) => {
    if (kind !== 'cuda' || error instanceof RunError) throw error
    // With the status, by which failures are told apart too.
    throw Object.assign(
      new Error(reasonOf(error.message, kind).reason, { cause: error }),
      'status' in error ? { status: error.status } : {},
    )
  })
  return {
    ...session,
    options: {
      executionProvider: kind,
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: settings.graphOptimization,
      mode: settings.mode,
      ...(kind === 'cuda' ? { ...noCpuFallback, tf32: settings.tf32 } : {}),
      ...options,
    },
    addedOps: model.resident?.addedOps ?? [],
  }
}

/**
 * The kernels that a request runs, by ONNX Runtime's own profile, in a session of its own.
 * @throws RunError FOREIGN_PROVIDER where one ran on another provider than that of the device.
 */
async function trace(driver: Driver, request: LoadRequest, runs: number): Promise<{ kernels: Trace; model: OnnxExport }> {
  const model = exported(request, driver)
  const folder = await mkdtemp(path.join(request.scratch, 'profile-'))
  try {
    const session = await open(driver, request, model, path.join(folder, 'trace'))
    try {
      // One call more than is counted: the first one allocates.
      for (let i = 0; i <= runs; i++) await session.run()
      session.endProfiling()
    } finally {
      await session.dispose()
    }
    const [file] = await readdir(folder)
    const kernels = readTrace(await readFile(path.join(folder, file!), 'utf8'), runs)
    requireProvider(kernels, providerOf(request.device.kind))
    return { kernels, model }
  } finally {
    // In a folder that goes with the run.
    await rm(folder, { recursive: true, force: true }).catch(() => {})
  }
}

async function profile(driver: Driver, request: LoadRequest, runs: number): Promise<LayerProfile> {
  const { kernels, model } = await trace(driver, request, runs)
  return { ...attributeKernels(request.graph, kernels, model.layerOfNode), method: profileMethods[request.device.kind] }
}

/** Its profiler reads the host's clock before it calls a kernel and when the call returns. */
const profileMethods: Readonly<Record<DeviceKind, string>> = {
  cpu: 'ONNX Runtime’s profiler: host clock from the call of each kernel to its return, which is when the kernel is done',
  cuda: 'ONNX Runtime’s profiler: host clock from the launch of each kernel until the GPU is done with it, since the process was started with CUDA_LAUNCH_BLOCKING=1; calls are slower so',
}

/** Traced, not only run: on a GPU each kernel of the tiny graph must have run there. */
async function probe(backend: BackendName, driver: Driver, device: RunJob['device']): Promise<RuntimeSupport> {
  try {
    await trace(driver, probeRequest(device), 1)
    return { runtime: 'onnxruntime', backend, usable: true, version, capabilities: await capabilities(driver, device.kind) }
  } catch (error) {
    return { runtime: 'onnxruntime', backend, usable: false, ...reasonOf((error as Error).message, device.kind) }
  }
}

/**
 * Why float16 is not offered on the CPU of this host; null where it is. ONNX Runtime takes any float16 graph, and where
 * its CPU provider has no such kernel computes in float32 between casts that it inserts: a trace of a tiny graph shows
 * them. Timing that and calling it float16 would mislead.
 */
async function traceFloat16(driver: Driver): Promise<string | null> {
  const device = { name: 'cpu:0', uuid: '', kind: 'cpu', index: 0, model: '', driver: null } as const
  const { kernels } = await trace(driver, { ...probeRequest(device), precision: 'float16' }, 1)
  const casts = kernels.kernels.filter(({ operator }) => operator === 'Cast').length
  return casts === 0
    ? null
    : `its CPU provider has no float16 kernels on this CPU: it computes in float32 between casts (${casts} for a graph of four layers), and that would be timed instead`
}
let float16Problem: Promise<string | null> | null = null
/** Found once in a process: each way into ONNX Runtime calls the same kernels. */
export function float16OnCpu(driver: Driver): Promise<string | null> {
  float16Problem ??= traceFloat16(driver).catch((error: Error) => error.message)
  return float16Problem
}

async function capabilities(driver: Driver, kind: DeviceKind): Promise<RuntimeCapabilities> {
  const float16 = kind === 'cuda' || (await float16OnCpu(driver)) === null
  return {
    precisions: float16 ? ['float32', 'float16'] : ['float32'],
    separatesCopies: driver.separatesCopies(kind),
    perLayer: true,
    maxThreads: os.availableParallelism(),
    settings: driver.settings(kind),
  }
}

/**
 * Its back ends `cpu` and `cuda` are execution providers, named as the kinds of device are, reached by ONNX Runtime's C
 * API; `node` is either of them by the npm package's binding, for those who ask what that takes.
 */
export function onnxruntimeOn(backend: BackendName): Runtime {
  const driver = backend === 'node' ? nodeDriver : cApiDriver
  return {
    name: 'onnxruntime',
    backend,
    version,
    capabilities: (kind) => capabilities(driver, kind),
    probe: (device) => probe(backend, driver, device),
    load: (request) => load(driver, request),
    profile: (request, runs) => profile(driver, request, runs),
    // The exported block, the session's copy and the copy packed for its kernels. Measured: VGG-16 at batch 1 peaks at
    // 3.0 times its weights while it loads; ResNet-50 and DenseNet-121 at batch 8 at 1.2 and 1.5 times this sum.
    leastMemory: (weightBytes, peakActivationBytes) => 2.9 * weightBytes + peakActivationBytes,
    memoryLimitBytes: null,
  }
}
