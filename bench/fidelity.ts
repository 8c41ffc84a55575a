/**
 * Whether the worker's figure is the network's: a run's median, as the service measures it, against a bare loop over
 * onnxruntime on the same exported file. Latency of one network differs from process to process and from minute to
 * minute by more than any overhead looked for here. So blocks alternate, bare, worker, bare, bare′, bare …, each a
 * process of its own; a block is set against the bare ones right before and after it; and the yardstick is bare′, a bare
 * block taken in the worker's place. One thread, since two on a shared machine wait for one another.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportOnnx } from '../src/engine/formats/onnx-export.ts'
import type { Graph } from '../src/engine/graph.ts'
import { verifyGraph } from '../src/engine/verify.ts'
import { expandZoo } from '../src/engine/zoo/index.ts'
import { surveyDevices } from '../src/gpu/devices.ts'
import { resolveSettings } from '../src/gpu/timing/settings.ts'
import { DeviceWorker } from '../src/gpu/worker/host.ts'
import { type Benchmark, type Figure, median, runIfMain, show } from './figure.ts'

const rounds = 8
const timedMs = 700
const warmupMs = 300
/** Where the bare loop strays from itself by more than this, nothing can be said of the worker. */
const undecidedAbove = 0.1
const settings = resolveSettings({ threads: 1, warmupMs, minDurationMs: timedMs, maxDurationMs: timedMs, minSamples: 1 })

/** What the bare loop is told: the file, and how long. */
interface BareJob {
  model: string
  weights: { path: string; file: string }[]
  inputs: { name: string; shape: readonly number[] }[]
  threads: number
}

/** One block of the bare loop in a process of its own. @returns the median, ms. */
function bareBlock(job: BareJob): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./fidelity-bare.ts', import.meta.url), [JSON.stringify({ ...job, warmupMs, timedMs })], {
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    })
    child.once('message', (ms) => resolve(Number(ms)))
    child.once('exit', (code) => reject(new Error(`the bare loop ended with code ${code} and no figure`)))
  })
}

/** One block through the worker, in a fresh process as well. @returns the run's median, ms. */
async function workerBlock(graph: Graph): Promise<number> {
  const device = (await surveyDevices()).devices[0]!
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
    const outcome = await worker.execute({ ...job, profile: false, settings }, { timeoutMs: 120_000 })
    if (outcome.outcome !== 'succeeded') throw new Error(`the worker's run did not succeed: ${JSON.stringify(outcome)}`)
    return median([...outcome.success.samples])
  } finally {
    await worker.close()
  }
}

async function measure(preset: string): Promise<Figure> {
  const graph = verifyGraph(expandZoo({ preset }).spec)
  const folder = mkdtempSync(join(tmpdir(), 'archmeter-bench-'))
  try {
    const { model, externalData, inputs } = exportOnnx(graph, { batch: 1, seed: settings.seed })
    writeFileSync(join(folder, 'model.onnx'), model)
    const weights = externalData.map(({ path, data }) => {
      writeFileSync(join(folder, path), data)
      return { path, file: join(folder, path) }
    })
    const bare: BareJob = { model: join(folder, 'model.onnx'), weights, inputs, threads: settings.threads }
    const ratios: { worker: number[]; bare: number[] } = { worker: [], bare: [] }
    let before = await bareBlock(bare)
    const bareMedians = [before]
    for (let block = 0; block < 2 * rounds; block++) {
      const who = block % 2 === 0 ? 'worker' : 'bare'
      const taken = who === 'worker' ? await workerBlock(graph) : await bareBlock(bare)
      const after = await bareBlock(bare)
      ratios[who].push(taken / Math.sqrt(before * after))
      bareMedians.push(after)
      before = after
    }
    const value = median(ratios.worker)
    const self = median(ratios.bare)
    const allowed = Math.max(0.03, Math.abs(self - 1) + 2 * errorOfMedian(ratios.bare))
    const decided = allowed <= undecidedAbove
    const list = (values: number[]) => values.map((each) => each.toFixed(3)).join(' ')
    return {
      name: `median of a run of ${preset} over that of a bare onnxruntime loop`,
      value,
      unit: 'x',
      yardstick: { name: 'the bare loop over itself', value: self, unit: 'x' },
      aim: `within ${(100 * allowed).toFixed(1)} % of 1: 3 %, or as far as the bare loop is from itself, with two standard errors`,
      met: decided && Math.abs(value - 1) <= allowed,
      note: `${decided ? '' : 'UNDECIDED, this machine is too noisy just now: a bare loop does not agree with itself; '}worker ${list(ratios.worker)}; bare ${list(ratios.bare)}; the bare median is ${show(median(bareMedians))} ms`,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Standard error of the median of a sample, its spread taken from the median absolute deviation (1.4826 and 1.2533: normal). */
function errorOfMedian(values: readonly number[]): number {
  const middle = median(values)
  return (1.2533 * 1.4826 * median(values.map((value) => Math.abs(value - middle)))) / Math.sqrt(values.length)
}

export const benchmark: Benchmark = {
  name: 'fidelity',
  run: async () => [await measure('resnet18'), await measure('squeezenet1_1')],
}
await runIfMain(benchmark, import.meta.main)
