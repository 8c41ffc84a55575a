/** One network, timed and traced: the process that `measure.ts` starts for each block. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { exportOnnx } from '../../src/engine/formats/onnx-export.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { expandZoo } from '../../src/engine/zoo/index.ts'
import { attributeKernels, readTrace } from '../../src/gpu/runtimes/onnxruntime/profile.ts'

/** Times in ms. */
export interface Block {
  version: string
  /** Processor time of a call, the least. */
  callMs: number
  /** Of kernels that belong to no layer. */
  unattributedMs: number
  perLayer: { layerIds: string[]; ms: number }[]
}

/** Processor time of the calls of either kind, ms: enough for a least that lasts, no more. */
const budgetMs = 700
const calls = { least: 7, most: 60 }

const graph = verifyGraph(expandZoo({ preset: process.argv[2]! }).spec)
const { model, externalData, inputs, layerOfNode } = exportOnnx(graph, { batch: 1, seed: 0 })
const folder = mkdtempSync(join(tmpdir(), 'archmeter-bench-'))

const open = (profile: boolean) =>
  ort.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    externalData,
    ...(profile ? { enableProfiling: true, profileFilePrefix: join(folder, 'trace') } : {}),
  })
const random = (length: number) => Float32Array.from({ length }, () => 3.46 * (Math.random() - 0.5))
const feeds = Object.fromEntries(
  inputs.map(({ name, shape }) => [name, new ort.Tensor('float32', random(shape.reduce((a, b) => a * b, 1)), [...shape])]),
)

async function loop(session: ort.InferenceSession): Promise<number[]> {
  // The first calls allocate.
  for (let i = 0; i < 3; i++) await session.run(feeds)
  const samples: number[] = []
  for (let spent = 0; samples.length < calls.least || (spent < budgetMs && samples.length < calls.most); ) {
    const before = process.cpuUsage()
    await session.run(feeds)
    const { user, system } = process.cpuUsage(before)
    samples.push((user + system) / 1000)
    spent += (user + system) / 1000
  }
  return samples
}

try {
  const timed = await open(false)
  const samples = await loop(timed)
  await timed.release()
  const traced = await open(true)
  const counted = (await loop(traced)).length
  traced.endProfiling()
  const text = readFileSync(join(folder, readdirSync(folder).find((file) => file.startsWith('trace'))!), 'utf8')
  // The trace read one call at a time: of each kernel the least stands.
  const kernels = new Map<string, ReturnType<typeof readTrace>['kernels'][number]>()
  const events = JSON.parse(text) as { cat: string; name: string; ts: number; dur: number }[]
  const runs = events.filter(({ cat, name }) => cat === 'Session' && name === 'model_run').sort((a, b) => a.ts - b.ts)
  for (const run of runs.slice(-counted)) {
    const inside = events.filter((event) => event === run || (event.ts >= run.ts && event.ts < run.ts + run.dur))
    for (const kernel of readTrace(JSON.stringify(inside), 1).kernels) {
      const seen = kernels.get(kernel.node)
      if (!seen || kernel.ms < seen.ms) kernels.set(kernel.node, kernel)
    }
  }
  const trace = { kernels: [...kernels.values()], totalMs: 0, runs: counted }
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
  const { perLayer, unattributedMs } = attributeKernels(graph, trace, layerOfNode)
  process.send!({ version, callMs: Math.min(...samples), unattributedMs, perLayer } satisfies Block)
  process.disconnect()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
