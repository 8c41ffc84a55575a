/**
 * `npm run fuzz:uploads [-- count [seed]]`: mutated ONNX files, 20,000 by default, uploaded to a running service, which reads each in a
 * process of the engine. Each is answered with 2xx or 4xx, the event loop of the service never stands still for 100 ms, and memory stays
 * bounded; what is otherwise is printed with what makes it again, and the exit status is 1. Linux only.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { mutant, originals } from './fuzz-onnx.ts'
import type { Watched } from './hostile/contract.ts'
import { upload } from './hostile/requests.ts'
import { type StartedService, startService } from './hostile/service.ts'
import type { ToWatcher } from './hostile/watcher.ts'

const bounds = { stallMs: 100, serviceMiB: 700, childMiB: 1024 }
/** Files between two looks at the event loop, and how many are under way at a time. */
const windowSize = 200
const together = 3
const MiB = 2 ** 20

interface Tally {
  imported: number
  refused: number
  failures: string[]
}

async function send(service: StartedService, seeds: readonly number[], tally: Tally): Promise<void> {
  const files = originals()
  const left = [...seeds]
  const one = async () => {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
      const { what, bytes } = mutant(seed, files)
      const { status, detail } = await upload(service, bytes, `mutated-${seed}`)
      if (status === 200 || status === 201) tally.imported++
      else if (typeof status === 'number' && status < 500 && detail.length > 0) tally.refused++
      else tally.failures.push(`${what}: answered ${status}: ${detail}`)
    }
  }
  await Promise.all(Array.from({ length: together }, one))
}

/** Longest delay of the event loop since the last look, ms, by the service's own measure, which begins anew with each. */
async function lag(service: StartedService): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text()
  return 1000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)![1])
}

export interface UploadsFuzzed extends Tally {
  /** Longest delay of the event loop, ms: of all windows, and of those that were sent again because it was long, when it came again. */
  longestMs: number
  stalls: string[]
  /** Windows whose delay did not come again: the machine was busy with something else. */
  notAgain: number
  watched: Watched
}

export async function fuzzUploads(count: number, seed: number): Promise<UploadsFuzzed> {
  const service = await startService()
  const watcher = fork(join(import.meta.dirname, 'hostile/watcher.ts'), { stdio: 'inherit' })
  const found = { imported: 0, refused: 0, failures: [] as string[], longestMs: 0, stalls: [] as string[], notAgain: 0 }
  try {
    watcher.send({ watch: { url: service.url, pid: service.pid } } satisfies ToWatcher)
    for (let from = 0; from < count && service.alive(); from += windowSize) {
      const seeds = Array.from({ length: Math.min(windowSize, count - from) }, (_, i) => seed + from + i)
      await lag(service)
      await send(service, seeds, found)
      let ms = await lag(service)
      // On a machine with other work a delay may be the scheduler's: one of ours comes again with the same files.
      for (let again = 0; again < 2 && ms > bounds.stallMs; again++) {
        await send(service, seeds, { imported: 0, refused: 0, failures: [] })
        const next = await lag(service)
        if (next <= bounds.stallMs) found.notAgain++
        ms = Math.min(ms, next)
      }
      found.longestMs = Math.max(found.longestMs, ms)
      if (ms > bounds.stallMs) found.stalls.push(`seeds ${seeds[0]} to ${seeds.at(-1)}: ${Math.round(ms)} ms, three times`)
    }
    if (!service.alive()) found.failures.push(`the service ended:\n${service.log().slice(-2000)}`)
    const said = once(watcher, 'message')
    watcher.send({ stop: true } satisfies ToWatcher)
    return { ...found, watched: (await said)[0] as Watched }
  } finally {
    watcher.disconnect()
    await service.stop()
  }
}

if (import.meta.main) {
  const [count = 20_000, seed = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2).map(Number)
  if (![count, seed].every(Number.isSafeInteger)) {
    console.error('usage: npm run fuzz:uploads [-- count [seed]]')
    process.exit(2)
  }
  console.log(`${count} mutated files, seed ${seed}: node scripts/fuzz-uploads.ts ${count} ${seed} sends the same ones`)
  const start = performance.now()
  const { imported, refused, failures, longestMs, stalls, notAgain, watched } = await fuzzUploads(count, seed)
  const [service, child] = [watched.serviceBytes, watched.childBytes].map((bytes) => Math.round(bytes / MiB)) as [number, number]
  if (service > bounds.serviceMiB) failures.push(`the service took ${service} MiB, at most ${bounds.serviceMiB} are allowed`)
  if (child > bounds.childMiB) failures.push(`a process of the engine took ${child} MiB, at most ${bounds.childMiB} are allowed`)
  for (const failure of [...failures, ...stalls].slice(0, 20)) console.error(failure)
  console.log(
    `${imported} imported, ${refused} refused, ${failures.length} failures; the event loop stood still for ${Math.round(longestMs)} ms at most (${notAgain} longer delays did not come again), /healthz was silent for ${Math.round(watched.silenceMs)} ms; the service took ${service} MiB, one of its processes ${child} MiB; ${Math.round((performance.now() - start) / 1000)} s, load ${loadavg()[0]!.toFixed(1)}`,
  )
  process.exitCode = failures.length + stalls.length > 0 ? 1 : 0
}
