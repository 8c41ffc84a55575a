/**
 * `npm run test:leaks [-- --sessions 10000]`: sessions of ONNX Runtime's C API made, run, read and released one after
 * another, on one process; the memory that it holds must not grow with them. Exit code 1 where it does. Two of three hold
 * a network of ours, whose outputs are bound, every third a user's file, whose outputs each run makes; beside each, models
 * that are no models are refused.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { exportOnnx } from '../src/engine/formats/onnx-export.ts'
import { importOnnx } from '../src/engine/formats/onnx-import/index.ts'
import { verifyGraph } from '../src/engine/verify.ts'
import type { LoadRequest } from '../src/gpu/runtimes/contract.ts'
import { loadRuntime } from '../src/gpu/runtimes/index.ts'
import { OnnxRuntime } from '../src/gpu/runtimes/onnxruntime/c-api/library.ts'
import { InferenceSession } from '../src/gpu/runtimes/onnxruntime/c-api/session.ts'
import { nativeLibrary, version } from '../src/gpu/runtimes/onnxruntime/package.ts'
import { probeRequest } from '../src/gpu/runtimes/probe-request.ts'

/**
 * What the process may hold more after six tenths of the sessions, bytes: 7 MiB were seen by chance. Of 10,000 sessions 2 kB
 * each would show, and 60 bytes a refusal.
 */
const allowed = 12 * 2 ** 20
const refusals = 40
const { values } = parseArgs({ options: { sessions: { type: 'string', default: '10000' } } })
const sessions = Number(values.sessions)

/** Input and output of 16 kB, so that a tensor that stays shows. */
const graph = verifyGraph({
  input: { shape: [16, 16, 16] },
  layers: [{ type: 'Conv2d', outChannels: 16, kernelSize: 1 }, { type: 'ReLU' }],
})
const folder = mkdtempSync(path.join(tmpdir(), 'archmeter-leaks-'))
const file = path.join(folder, 'model.onnx')
const bytes = exportOnnx(graph, { weights: 'seeded', storage: 'inline' }).model
writeFileSync(file, bytes)
const own: LoadRequest = {
  ...probeRequest({ name: 'cpu:0', uuid: '', kind: 'cpu', index: 0, model: '', driver: null }),
  graph,
  scratch: folder,
}
const users: LoadRequest = { ...own, graph: importOnnx(bytes).graph, model: { path: file, digest: '' } }

const runtime = await loadRuntime('onnxruntime', 'cpu')
const library = new OnnxRuntime(nativeLibrary('cpu'), version)
const noModel = Uint8Array.of(1, 2, 3)

async function one(request: LoadRequest): Promise<void> {
  const session = await runtime.load(request)
  for (let i = 0; i < 2; i++) await session.run()
  await session.outputs()
  await session.dispose()
}
function refuse(): void {
  try {
    new InferenceSession(library, noModel, { intraOpThreads: 1, graphOptimization: 'all' })
  } catch {
    return
  }
  throw new Error('three bytes were taken for a model')
}
/** What the process holds once finalizers, which come a turn after the garbage collector, have run. */
async function held(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc!()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage.rss()
}
try {
  const readings: number[] = []
  for (let i = 1; i <= sessions; i++) {
    await one(i % 3 === 0 ? users : own)
    for (let j = 0; j < refusals; j++) refuse()
    if (i % (sessions / 10) !== 0) continue
    readings.push(await held())
    console.log(`${i} sessions: ${(readings.at(-1)! / 2 ** 20).toFixed(1)} MiB`)
  }
  // The least of three: what the collector has not given back yet comes and goes. The first tenth fills caches.
  const grown = Math.min(...readings.slice(-3)) - Math.min(...readings.slice(1, 4))
  console.log(
    `${(grown / 2 ** 20).toFixed(1)} MiB more in the last three tenths than from the second to the fourth; ${allowed / 2 ** 20} are allowed`,
  )
  if (grown > allowed) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
