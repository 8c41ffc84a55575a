/**
 * Queue pick-up over HTTP, on the service as a user starts it: idle, from the run's `queuedAt` to its `startedAt`; with a
 * backlog, from one run's `finishedAt` to the next one's `startedAt`. Beside it a GET of a run from the same service, which
 * is one request and one read of the same database.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type Benchmark, type Figure, median, runIfMain, show } from './figure.ts'
import { call, startService } from './service.ts'

const idleRuns = 25
const backlogRuns = 25
const aimMs = 15

interface Run {
  id: string
  status: string
  queuedAt: string
  startedAt: string
  finishedAt: string
  error: unknown
  links: { self: string }
}

const at = (time: string): number => Date.parse(time)
const worst = (values: readonly number[]): number => Math.max(...values)

async function run(): Promise<Figure[]> {
  const service = await startService()
  try {
    const { id: architectureId } = await call<{ id: string }>(`${service.url}/v1/architectures`, {
      name: 'small',
      input: { shape: [3, 8, 8] },
      layers: [{ type: 'Conv2d', outChannels: 4, kernelSize: 3 }, { type: 'Flatten' }, { type: 'Linear', outFeatures: 10 }],
    })
    const settings = { threads: 1, warmupMs: 10, minDurationMs: 10, maxDurationMs: 100, minSamples: 1 }
    const queue = () =>
      call<Run>(`${service.url}/v1/runs`, { architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true, settings })
    const finished = async ({ links }: Run): Promise<Run> => {
      for (;;) {
        const now = await call<Run>(`${service.url}${links.self}`)
        if (now.status === 'succeeded') return now
        if (now.status !== 'queued' && now.status !== 'running') throw new Error(`a run is ${now.status}: ${JSON.stringify(now.error)}`)
        await delay(20)
      }
    }
    const idle: number[] = []
    const reads: number[] = []
    // The first runs load the runtime and are left out.
    for (let i = -3; i < idleRuns; i++) {
      const done = await finished(await queue())
      const start = performance.now()
      await call(`${service.url}${done.links.self}`)
      if (i >= 0) {
        reads.push(performance.now() - start)
        idle.push(at(done.startedAt) - at(done.queuedAt))
      }
      await delay(50)
    }
    const backlog = await Promise.all(Array.from({ length: backlogRuns }, queue))
    const done: Run[] = []
    for (const each of backlog) done.push(await finished(each))
    done.sort((a, b) => at(a.startedAt) - at(b.startedAt))
    const between = done.slice(1).map((next, i) => at(next.startedAt) - at(done[i]!.finishedAt))
    const yardstick = { name: 'GET of a run: one request, one read of the database', value: median(reads), unit: 'ms' }
    const figure = (name: string, waits: number[]): Figure => ({
      name,
      value: median(waits),
      unit: 'ms',
      yardstick,
      aim: `median under ${aimMs} ms`,
      met: median(waits) < aimMs,
      note: `median of ${waits.length}, worst ${show(worst(waits))} ms`,
    })
    return [figure('queue pick-up, idle', idle), figure(`queue pick-up, ${backlogRuns} waiting`, between)]
  } finally {
    await service.stop()
  }
}

export const benchmark: Benchmark = { name: 'queue', run }
await runIfMain(benchmark, import.meta.main)
