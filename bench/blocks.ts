/** Blocks of one network's timing, each in a process of its own: through our worker, and by a bare loop in Node. */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportOnnx } from '../src/engine/formats/onnx-export.ts'
import type { Graph } from '../src/engine/graph.ts'
import { verifyGraph } from '../src/engine/verify.ts'
import { expandZoo } from '../src/engine/zoo/index.ts'
import type { RunSuccess } from '../src/gpu/contract.ts'
import { type Device, surveyDevices } from '../src/gpu/devices.ts'
import { resolveSettings, type TimingSettings } from '../src/gpu/timing/settings.ts'
import { DeviceWorker } from '../src/gpu/worker/host.ts'

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

export interface BlockLength {
  threads: number
  warmupMs: number
  timedMs: number
}

/** Median of a bare loop over onnxruntime-node, ms. */
export function nodeBlock({ job }: Network, length: BlockLength): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./bare-block.ts', import.meta.url), [JSON.stringify({ ...job, ...length })], {
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    })
    child.once('message', (ms) => resolve(Number(ms)))
    child.once('exit', (code) => reject(new Error(`the bare loop in Node ended with code ${code} and no figure`)))
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
