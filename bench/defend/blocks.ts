/** Blocks of one network's timing, each in a process of its own: through our worker, by a bare loop in Node, by one in Python. */
import { execFileSync, fork, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportOnnx } from '../../src/engine/formats/onnx-export.ts'
import type { Graph } from '../../src/engine/graph.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { expandZoo } from '../../src/engine/zoo/index.ts'
import type { RunSuccess } from '../../src/gpu/contract.ts'
import { type Device, surveyDevices } from '../../src/gpu/devices.ts'
import { resolveSettings, type TimingSettings } from '../../src/gpu/timing/settings.ts'
import { DeviceWorker } from '../../src/gpu/worker/host.ts'

/** The version that both bindings are of, so that the same kernels run. */
const onnxruntimeVersion = '1.30.0'

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
  const folder = mkdtempSync(join(tmpdir(), 'archmeter-defend-'))
  const { model, externalData, inputs } = exportOnnx(graph, { batch: 1, seed: 0 })
  writeFileSync(join(folder, 'model.onnx'), model)
  const weights = externalData.map(({ path, data }) => {
    writeFileSync(join(folder, path), data)
    return { path, file: join(folder, path) }
  })
  return { preset, graph, job: { model: join(folder, 'model.onnx'), weights, inputs }, remove: () => rmSync(folder, { recursive: true }) }
}

export interface BlockLength {
  threads: number
  warmupMs: number
  timedMs: number
}

/** Median of a bare loop over onnxruntime-node, ms. */
export function nodeBlock({ job }: Network, length: BlockLength): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('../fidelity-bare.ts', import.meta.url), [JSON.stringify({ ...job, ...length })], {
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    })
    child.once('message', (ms) => resolve(Number(ms)))
    child.once('exit', (code) => reject(new Error(`the bare loop in Node ended with code ${code} and no figure`)))
  })
}

/** Python with onnxruntime in an environment of the project's own, made where it is missing; null where it cannot be had. */
export function pythonEnvironment(): string | null {
  const folder = join(import.meta.dirname, '..', '..', '.cache', 'bench-venv')
  const python = join(folder, 'bin', 'python')
  try {
    if (!existsSync(join(folder, 'ready'))) {
      console.log(`setting up Python with onnxruntime ${onnxruntimeVersion} in .cache/bench-venv (once) …`)
      mkdirSync(folder, { recursive: true })
      execFileSync('python3', ['-m', 'venv', folder], { stdio: ['ignore', 'ignore', 'pipe'] })
      execFileSync(python, ['-m', 'pip', 'install', '--quiet', `onnxruntime==${onnxruntimeVersion}`, 'numpy'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      writeFileSync(join(folder, 'ready'), '')
    }
    return python
  } catch (cause) {
    console.log(`no Python beside it: ${(cause as Error).message.split('\n')[0]}`)
    return null
  }
}

/** Median of a bare loop over onnxruntime in Python, ms. */
export function pythonBlock(python: string, { job }: Network, length: BlockLength): Promise<number> {
  return new Promise((resolve, reject) => {
    const program = join(import.meta.dirname, 'bare.py')
    const child = spawn(python, [program, JSON.stringify({ ...job, ...length })], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    })
    let said = ''
    child.stdout.on('data', (chunk) => (said += chunk))
    child.once('exit', () => {
      const ms = Number(said)
      if (ms > 0) resolve(ms)
      else reject(new Error(`the bare loop in Python gave no figure: ${said}`))
    })
  })
}

let device: Device | undefined

/** A run through the worker, in a fresh process. */
export async function workerRun({ graph, preset }: Network, given: Partial<TimingSettings>): Promise<RunSuccess> {
  device ??= (await surveyDevices()).devices[0]!
  const worker = new DeviceWorker(device, { log: { debug() {}, warn: console.warn } })
  try {
    const job = {
      runId: 'bench',
      graph,
      runtime: 'onnxruntime',
      backend: 'cpu',
      device,
      batch: 1,
      precision: 'float32',
      resolution: null,
    } as const
    const outcome = await worker.execute({ ...job, profile: false, settings: resolveSettings(given) }, { timeoutMs: 300_000 })
    if (outcome.outcome !== 'succeeded') throw new Error(`the run of ${preset} did not succeed: ${JSON.stringify(outcome)}`)
    return outcome.success
  } finally {
    await worker.close()
  }
}
