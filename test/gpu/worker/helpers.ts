import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import type { Graph } from '../../../src/engine/graph.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import type { BackendName, RunJob, RuntimeName } from '../../../src/gpu/contract.ts'
import type { Device } from '../../../src/gpu/devices/device.ts'
import { resolveSettings, type TimingSettings } from '../../../src/gpu/timing/settings.ts'

/** A folder that goes with the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'archmeter-test-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** This host's CPU under a UUID of its own, so that tests do not wait for one another's lock. */
export const testDevice = (uuid = `CPU-${randomUUID()}`): Device => ({
  name: 'cpu:0',
  uuid,
  kind: 'cpu',
  index: 0,
  host: os.hostname(),
  model: 'test',
  memoryBytes: os.totalmem(),
  driver: null,
})

/** Well under a millisecond a call. */
export const tinyGraph: Graph = verifyGraph({
  input: { shape: [3, 16, 16] },
  layers: [
    { id: 'conv', type: 'Conv2d', outChannels: 8, kernelSize: 3, padding: 1 },
    { id: 'relu', type: 'ReLU' },
    { id: 'flatten', type: 'Flatten' },
    { id: 'fc', type: 'Linear', outFeatures: 10 },
  ],
})

/** Hundreds of milliseconds a call, all of them in native code that listens to nothing. */
export const slowGraph: Graph = verifyGraph({
  input: { shape: [64, 192, 192] },
  layers: Array.from({ length: 2 }, () => ({ type: 'Conv2d', outChannels: 64, kernelSize: 5, padding: 2 })),
})

export const quick: Partial<TimingSettings> = { threads: 1, warmupMs: 20, minDurationMs: 60, maxDurationMs: 120, minSamples: 11 }
/** Never settles before anybody loses patience. */
export const endless: Partial<TimingSettings> = { threads: 1, warmupMs: 0, minDurationMs: 600_000, maxDurationMs: 600_000 }

export const jobOf = (
  device: Device,
  graph: Graph = tinyGraph,
  settings: Partial<TimingSettings> = quick,
  runtime: RuntimeName = 'onnxruntime',
  backend: BackendName = runtime === 'tfjs' ? 'wasm' : 'cpu',
): RunJob => ({
  runId: randomUUID(),
  graph,
  runtime,
  backend,
  device,
  batch: 1,
  precision: 'float32',
  resolution: null,
  profile: false,
  settings: resolveSettings(settings),
})

/** Whether a process runs. A zombie, which only waits for its parent to look, does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Waits for a condition, ms. @throws Error where it does not come true in time. */
export async function until(condition: () => boolean, timeoutMs: number, what: string): Promise<number> {
  const start = performance.now()
  while (!condition()) {
    if (performance.now() - start > timeoutMs) throw new Error(`waited ${timeoutMs} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return performance.now() - start
}

export const silent = { debug() {}, warn() {} }
