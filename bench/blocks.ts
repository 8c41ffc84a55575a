/** Blocks of one network's timing, each in a process of its own: through our worker, and by a bare loop in Node. */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { exportOnnx } from '../src/engine/formats/onnx-export.ts'
import type { Graph } from '../src/engine/graph.ts'
import { verifyGraph } from '../src/engine/verify.ts'
import { expandZoo } from '../src/engine/zoo/index.ts'
import type { RunJob, RunSuccess } from '../src/gpu/contract.ts'
import { cudaFolderProblem, defaultCudaFolder, libraryFolder, packageFolder } from '../src/gpu/cuda-folder.ts'
import type { Device } from '../src/gpu/devices/device.ts'
import { surveyDevices } from '../src/gpu/devices/survey.ts'
import { resolveSettings, type TimingSettings } from '../src/gpu/timing/settings.ts'
import { DeviceWorker } from '../src/gpu/worker/parent/device-worker.ts'
import { median } from './figure.ts'

export interface Network {
  preset: string
  graph: Graph
  /** The exported file, weights beside it, and what the bare loops are told. */
  job: { model: string; weights: { path: string; file: string }[]; inputs: { name: string; shape: readonly number[] }[] }
  remove(): void
}

/** Exports a preset to a folder of its own. */
export function exportPreset(preset: string): Network {
  const graph = verifyGraph(expandZoo({ preset }).spec)
  const folder = mkdtempSync(join(tmpdir(), 'archmeter-bench-'))
  const { model, externalData, inputs } = exportOnnx(graph, { batch: 1, seed: 0 })
  writeFileSync(join(folder, 'model.onnx'), model)
  const weights = externalData.map(({ path, data }) => {
    writeFileSync(join(folder, path), data)
    return { path, file: join(folder, path) }
  })
  return {
    preset,
    graph,
    job: { model: join(folder, 'model.onnx'), weights, inputs },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** What loops are told. At least so many calls, too: of two calls of a large network there is no median. */
export interface BlockLength {
  threads: number
  warmupMs: number
  warmupCalls: number
  timedMs: number
  timedCalls: number
}

export const blockOf = (times: Pick<BlockLength, 'threads' | 'warmupMs' | 'timedMs'>): BlockLength => ({
  ...times,
  // As many as the worker makes: one apart, then three.
  warmupCalls: 4,
  timedCalls: 7,
})

/** The device that blocks run on, and what a bare loop needs to run there too. */
export interface Target {
  device: Device
  /** Of ONNX Runtime, as its binding names it. */
  provider: 'cpu' | 'cuda'
  /** The package a bare loop in Node loads. */
  binding: string
  /** Environment of a bare loop. */
  env: NodeJS.ProcessEnv
}

/** @throws Error with what is there, where nothing of that name is. */
export async function targetNamed(name: string): Promise<Target> {
  const { devices, absent } = await surveyDevices()
  const device = devices.find((each) => each.name === name)
  if (!device) {
    const missing = absent.map(({ kind, reason }) => `; no ${kind}: ${reason}`).join('')
    throw new Error(`there is no device ${name} here, but ${devices.map((each) => each.name).join(', ')}${missing}`)
  }
  const env: NodeJS.ProcessEnv = { ...process.env, ORT_DISABLE_TELEMETRY: '1' }
  if (device.kind === 'cpu') return { device, provider: 'cpu', binding: 'onnxruntime-node', env }
  const onCuda = { ...env, CUDA_VISIBLE_DEVICES: device.uuid }
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
  // Where the CUDA libraries are the host's own, the loader finds them as it does for the service.
  if (cudaFolderProblem(defaultCudaFolder, version)) return { device, provider: 'cuda', binding: 'onnxruntime-node', env: onCuda }
  const libraries = [libraryFolder(defaultCudaFolder), env.LD_LIBRARY_PATH].filter((folder) => folder).join(delimiter)
  return { device, provider: 'cuda', binding: packageFolder(defaultCudaFolder), env: { ...onCuda, LD_LIBRARY_PATH: libraries } }
}

/** Median of a bare loop over onnxruntime-node, ms. */
export function nodeBlock({ job }: Network, length: BlockLength, { provider, binding, env }: Target): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./bare-block.ts', import.meta.url), [JSON.stringify({ ...job, ...length, provider, binding })], { env })
    child.once('message', (ms) => resolve(Number(ms)))
    child.once('exit', (code) => reject(new Error(`the bare loop in Node ended with code ${code} and no figure`)))
  })
}

/** What the worker is told: the network as it is registered, at a batch of 1, on ONNX Runtime. */
export const jobFor = ({ graph }: Network, { device, provider }: Target, settings: Partial<TimingSettings>): RunJob => ({
  runId: 'bench',
  graph,
  runtime: 'onnxruntime',
  backend: provider,
  device,
  batch: 1,
  precision: 'float32',
  resolution: null,
  profile: false,
  settings: resolveSettings(settings),
})

/** A worker of the service for the device. */
export const workerFor = ({ device }: Target): DeviceWorker => new DeviceWorker(device, { log: { debug() {}, warn: console.warn } })

/** A run through the worker, in a fresh process. */
export async function workerRun(
  network: Network,
  settings: Partial<TimingSettings>,
  target: Target,
  block?: RunJob['block'],
): Promise<RunSuccess> {
  const worker = workerFor(target)
  try {
    const job = { ...jobFor(network, target, settings), ...(block ? { block } : {}) }
    const outcome = await worker.execute(job, { timeoutMs: 300_000 })
    if (outcome.outcome !== 'succeeded') throw new Error(`the run of ${network.preset} did not succeed: ${JSON.stringify(outcome)}`)
    return outcome.success
  } finally {
    await worker.close()
  }
}

/** Median of a block of the worker, ms: no longer than asked, steady or not, as a bare loop does not look. */
export async function workerBlock(network: Network, { threads, warmupMs, timedMs, timedCalls }: BlockLength, target: Target) {
  const settings = { threads, warmupMs, minDurationMs: timedMs, minSamples: timedCalls, stabilityTolerance: 1 }
  return median([...(await workerRun(network, settings, target, { mostSamples: 1_000_000 })).samples])
}
