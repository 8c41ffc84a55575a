/**
 * `node scripts/gpu/checks.ts [--only name,name] [--cuda FOLDER]`, on a host with an NVIDIA GPU: what the service claims of
 * GPUs and only a GPU can show, one JSON line a check, by the worker processes that the service uses. `ok` says whether it
 * holds; the rest is what was seen. Under four minutes; needs no network. What it settled before is in docs/gpu-results.md.
 */
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { Graph } from '../../src/engine/graph.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { expandZoo } from '../../src/engine/zoo/index.ts'
import { gpuPeak } from '../../src/gpu/certificate/peaks.ts'
import { profileProblem } from '../../src/gpu/certificate/profile.ts'
import type { BackendName, RunJob, RunProfile, RunSuccess } from '../../src/gpu/contract.ts'
import { defaultCudaFolder } from '../../src/gpu/cuda-folder.ts'
import { surveyDevices } from '../../src/gpu/devices/survey.ts'
import type { FromWorker } from '../../src/gpu/messages.ts'
import { rooflineOf } from '../../src/gpu/roofline.ts'
import { resolveSettings, type TimingSettings } from '../../src/gpu/timing/settings.ts'
import { DeviceWorker } from '../../src/gpu/worker/parent/device-worker.ts'
import { kindFor, spawnChild, workerProgram } from '../../src/gpu/worker/parent/process.ts'
import { tryDevices } from '../setup-tensorflow/check.ts'

const { values: given } = parseArgs({
  options: { only: { type: 'string' }, cuda: { type: 'string', default: defaultCudaFolder }, backend: { type: 'string', default: 'cuda' } },
})
const only = given.only?.split(',')
const began = performance.now()
const { devices, absent } = await surveyDevices()
const gpu = devices.find(({ kind }) => kind === 'cuda')
if (!gpu) throw new Error(`there is no GPU here: ${JSON.stringify(absent)}`)

const say = (name: string, ok: boolean, seen: object) =>
  console.log(JSON.stringify({ name, ok, atS: Math.round((performance.now() - began) / 1000), ...seen }))
const words: string[] = []
const log = {
  debug: (data: object) => void ('line' in data && words.push(String(data.line))),
  warn: (data: object) => void words.push(JSON.stringify(data)),
}
const options = { cudaFolder: given.cuda, memoryBytes: 0, program: workerProgram }
const zoo = (preset: string): Graph => verifyGraph(expandZoo({ preset }).spec)

interface Asked extends Partial<Omit<RunJob, 'settings'>> {
  graph: Graph
  settings?: Partial<TimingSettings>
}
const job = ({ settings, ...over }: Asked): RunJob => ({
  runId: randomUUID(),
  runtime: 'onnxruntime',
  backend: over.runtime === 'tfjs' ? 'tensorflow' : (given.backend as BackendName),
  device: gpu,
  batch: 1,
  precision: 'float32',
  resolution: null,
  profile: false,
  settings: resolveSettings({ warmupMs: 300, minDurationMs: 700, maxDurationMs: 2000, ...settings }),
  ...over,
})
const worker = new DeviceWorker(gpu, { log, ...options })
/** @returns the success, or the failure in words. */
async function run(asked: Asked, by = worker): Promise<RunSuccess | string> {
  const outcome = await by.execute(job(asked), { timeoutMs: 90_000 })
  return outcome.outcome === 'succeeded' ? outcome.success : JSON.stringify(outcome).slice(0, 1500)
}
const figures = (success: RunSuccess | string) =>
  typeof success === 'string'
    ? { failed: success }
    : {
        p50: success.result.latencyMs.p50,
        samples: success.result.samples,
        verdict: success.certificate.verdict,
        reasons: success.certificate.reasons.map(({ code }) => code),
        maxAbs: success.result.output.maxAbs,
        options: success.environment.runtimeOptions,
      }
const apart = (a: RunSuccess | string, b: RunSuccess | string) =>
  typeof a === 'string' || typeof b === 'string'
    ? null
    : a.outputs.reduce((most, value, i) => Math.max(most, Math.abs(value - b.outputs[i]!)), 0) / a.result.output.maxAbs

/** A profile in a process that waits for its launches or does not. */
async function profileIn(launchBlocking: boolean, asked: Asked): Promise<RunProfile | string> {
  const wanted = job({ ...asked, profile: true })
  const kind = { ...kindFor(wanted, true)!, launchBlocking }
  const said: string[] = []
  const child = await spawnChild(gpu!, kind, options, (line) => said.push(line))
  const answer = new Promise<RunProfile | string>((resolve) => {
    child.process.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') child.process.send({ kind: 'profile', job: wanted })
      if (message.kind === 'profiled') resolve(message.profile)
      if (message.kind === 'failed') resolve(JSON.stringify(message.failure))
    })
    child.gone.then(() => resolve(said.slice(-5).join('\n')))
  })
  try {
    return await answer
  } finally {
    child.process.kill('SIGKILL')
    await child.gone
  }
}
const inShort = (profile: RunProfile, graph: Graph, batch: number) => {
  const { ceilings, totals, rows } = rooflineOf(graph, profile, profile.ceilings, { batch })
  const slowest = [...rows].sort((a, b) => b.ms - a.ms).slice(0, 5)
  return {
    method: profile.method,
    launchBlocking: profile.launchBlocking,
    kernelOverhead: profile.kernelOverhead,
    ceilings,
    totals,
    problem: profileProblem(profile, gpu!.model, gpuPeak(gpu!.model, 'float32', true)),
    above: rows.filter(({ above }) => above !== null).map(({ layerIds, above, rooflineShare }) => [layerIds[0], above, rooflineShare]),
    slowest: slowest.map(({ layerIds, ms, rooflineShare, bound }) => [layerIds.join(' '), ms, rooflineShare, bound]),
  }
}

/**
 * Tensors of 8 GB that all live at once: each is under 2^31 elements, and so many of them fill the GPU to the brim. Each is
 * made of the one before and added, last first, once the last is there, so that none can be given back early.
 */
function brimful(): Graph {
  const gigabytes = (gpu!.memoryFreeBytes ?? gpu!.memoryBytes) / 2 ** 30
  const channels = 2000
  const each = (channels * 2 ** 20 * 4) / 2 ** 30
  const tensors = Math.floor((0.97 * gigabytes) / each)
  const chain = Array.from({ length: tensors - 1 }, (_, i) => ({
    id: `step${i + 1}`,
    type: 'Sigmoid',
    inputs: [i === 0 ? 'step0' : `step${i}`],
  }))
  const sums = Array.from({ length: tensors - 1 }, (_, i) => ({
    id: `sum${i}`,
    type: 'Add',
    inputs: [i === 0 ? `step${tensors - 1}` : `sum${i - 1}`, `step${tensors - 2 - i}`],
  }))
  return verifyGraph({
    input: { id: 'input', shape: [1, 1024, 1024] },
    layers: [
      { id: 'step0', type: 'Conv2d', inputs: ['input'], outChannels: channels, kernelSize: 1, bias: false },
      ...chain,
      ...sums,
      { id: 'pool', type: 'GlobalAvgPool2d' },
    ],
  })
}

const resnet50 = zoo('resnet50')
const checks: Record<string, () => Promise<void>> = {
  async smi() {
    const query = ['--query-gpu=name,driver_version,memory.total,memory.free,power.limit,clocks.sm,clocks.max.sm', '--format=csv']
    say('smi', true, { csv: execFileSync('nvidia-smi', query, { encoding: 'utf8' }), gpu })
  },
  async profiles() {
    for (const batch of [1, 64]) {
      const made = await run({ graph: resnet50, batch, profile: true })
      if (typeof made === 'string') {
        say(`profile, onnxruntime, batch ${batch}`, false, { failed: made })
        continue
      }
      const { profile, profileRefused } = made.result
      const seen = profile ? inShort(profile, resnet50, batch) : {}
      say(`profile, onnxruntime, batch ${batch}`, profile !== null, { timed: figures(made), profileRefused, ...seen })
    }
    const launch = await profileIn(false, { graph: resnet50, batch: 1 })
    const problem = typeof launch === 'string' ? null : inShort(launch, resnet50, 1)
    say('profile without blocking is refused', problem?.problem != null, typeof launch === 'string' ? { failed: launch } : problem!)
  },
  async tensorflow() {
    const lines: string[] = []
    const ok = await tryDevices([gpu, ...devices.filter(({ kind }) => kind === 'cpu')], 'cuda', (line) => lines.push(line))
    say('TensorFlow on these CUDA libraries agrees', ok, { lines })
  },
  async tfjsProfiles() {
    for (const batch of [1, 16])
      for (const blocking of [true, false]) {
        const profile = await profileIn(blocking, { graph: resnet50, batch, runtime: 'tfjs' })
        const seen = typeof profile === 'string' ? { failed: profile } : inShort(profile, resnet50, batch)
        say(`profile, tfjs, batch ${batch}, ${blocking ? 'blocking' : 'not blocking'}`, typeof profile !== 'string', seen)
      }
    const timed = await run({ graph: resnet50, batch: 16, runtime: 'tfjs' })
    say('tfjs timed, batch 16', typeof timed !== 'string', figures(timed))
  },
  async tf32() {
    const settings = { mode: 'resident' } as const
    const on = await run({ graph: resnet50, batch: 64, settings: { ...settings, tf32: true } })
    const off = await run({ graph: resnet50, batch: 64, settings: { ...settings, tf32: false } })
    const difference = apart(on, off)
    say('TF32 off is slower and more exact', difference !== null && difference > 0 && difference < 0.01, {
      on: figures(on),
      off: figures(off),
      difference,
    })
  },
  async optimization() {
    const base = await run({ graph: resnet50, settings: { graphOptimization: 'all' } })
    for (const graphOptimization of ['disabled', 'basic', 'extended', 'all'] as const) {
      const made = await run({ graph: resnet50, settings: { graphOptimization } })
      const difference = apart(base, made)
      say(`graphOptimization ${graphOptimization}`, difference !== null && difference < 0.01, { ...figures(made), difference })
    }
  },
  async large() {
    const start = performance.now()
    const refused = await run({ graph: resnet50, batch: 2048, resolution: [448, 448] })
    say('2^31 elements are refused beforehand', typeof refused === 'string' && refused.includes('TENSOR_TOO_LARGE'), {
      refused: typeof refused === 'string' ? refused : figures(refused),
      ms: performance.now() - start,
    })
  },
  async memory() {
    const brim = brimful()
    const settings = { warmupMs: 0, minDurationMs: 1, maxDurationMs: 100, minSamples: 1 }
    for (const runtime of ['onnxruntime', 'tfjs'] as const) {
      const full = await run({ graph: brim, runtime, settings })
      say(`out of memory for real, ${runtime}`, typeof full === 'string' && full.includes('"OUT_OF_MEMORY"'), {
        layers: brim.layers.length,
        seen: typeof full === 'string' ? full : figures(full),
        words: words.slice(-6),
      })
      const next = await run({ graph: zoo('resnet18'), runtime })
      say(`the next run, ${runtime}`, typeof next !== 'string', figures(next))
    }
  },
  async options() {
    const plain = await run({ graph: resnet50, settings: { mode: 'resident' } })
    const graphed = await run({ graph: resnet50, settings: { mode: 'resident', cudaGraph: true } })
    const node = await run({ graph: resnet50, backend: 'node' })
    const half = { graph: resnet50, batch: 64, precision: 'float16' } as const
    const nchw = await run({ ...half, settings: { mode: 'resident' } })
    const nhwc = await run({ ...half, settings: { mode: 'resident', layout: 'nhwc' } })
    const both = await run({ ...half, settings: { mode: 'resident', layout: 'nhwc', cudaGraph: true } })
    const differences = [apart(plain, graphed), apart(plain, node), apart(nchw, nhwc), apart(nchw, both)]
    say(
      'cudaGraph, nhwc and the npm binding give the same output',
      differences.every((each) => each !== null && each < 0.02),
      {
        ...{ differences, plain: figures(plain), graphed: figures(graphed), node: figures(node) },
        ...{ nchw: figures(nchw), nhwc: figures(nhwc), both: figures(both) },
      },
    )
  },
  async float16() {
    const made = await run({ graph: resnet50, batch: 256, precision: 'float16', settings: { mode: 'resident' } })
    const ok = typeof made !== 'string' && !made.certificate.reasons.some(({ code }) => code === 'ABOVE_PEAK')
    say('float16, batch 256, is not above the peak', ok, figures(made))
  },
  async cap() {
    const capped = new DeviceWorker(gpu, { log, ...options, memoryBytes: 8 * 2 ** 30 })
    try {
      const made = await run({ graph: resnet50 }, capped)
      say('WORKER_MEMORY_BYTES of 8 GiB leaves room for the driver', typeof made !== 'string', figures(made))
    } finally {
      await capped.close()
    }
  },
  async holder() {
    const running = run({ graph: resnet50, batch: 64, settings: { minDurationMs: 3000, maxDurationMs: 4000 } })
    let ended = false
    running.finally(() => {
      ended = true
    })
    let processes = ''
    while (!ended && !/<pid>\d+<\/pid>/.test(processes)) {
      const xml = execFileSync('nvidia-smi', ['-q', '-x'], { encoding: 'utf8' })
      processes = /<processes>[\s\S]*?<\/processes>/.exec(xml)?.[0] ?? ''
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    await running
    say('nvidia-smi names who holds the GPU', /<pid>\d+<\/pid>/.test(processes), { processes })
  },
}
try {
  for (const [name, check] of Object.entries(checks)) {
    if (only && !only.includes(name)) continue
    await check().catch((error: Error) => say(name, false, { error: error.stack }))
  }
} finally {
  await worker.close()
}
