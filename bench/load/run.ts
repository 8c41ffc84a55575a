/**
 * `npm run bench:load [-- --minutes 10 --rate 40 --store pglite|postgres --streams 20 --save]`: a service of its own under requests
 * at a fixed rate, whatever it answers, while it works off runs on the CPU and streams of events are held open. Prints latencies by kind,
 * counted from the moment when each request was due, memory over time, the event loop's longest silence, and what the certificates of
 * the runs say. Ends with 1 where something failed other than by an honest 503, or memory is not flat. `--save` keeps the result in bench/results.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { withPostgres } from '../compare/postgres.ts'
import { ready, startService } from '../service.ts'
import { openLoop, spread } from './open-loop.ts'
import { WorkingQueue } from './queue.ts'
import { type LoadResult, print, summarize } from './report.ts'
import { agent, type Kind, kinds, prepare, sendOne } from './requests.ts'
import { Streams } from './streams.ts'
import { Watch } from './watch.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '40' },
    store: { type: 'string', default: 'pglite' },
    streams: { type: 'string', default: '20' },
    save: { type: 'boolean', default: false },
  },
})

/** @throws Error where it is no number within the bounds. */
function numberOf(name: 'minutes' | 'rate' | 'streams', least: number, most: number): number {
  const value = Number(values[name])
  if (Number.isFinite(value) && value >= least && value <= most) return value
  throw new Error(`--${name} is ${values[name]}, but must be a number from ${least} to ${most}`)
}

async function load(store: LoadResult['store'], env: Record<string, string>): Promise<LoadResult> {
  const [minutes, rate, streamCount] = [numberOf('minutes', 0.1, 1440), numberOf('rate', 1, 10_000), numberOf('streams', 0, 1000)]
  const loadBefore = loadavg()[0]!
  const service = await startService(env)
  try {
    await ready(service)
    const world = await prepare(service.url)
    const queue = new WorkingQueue(service.url, world.networks.at(-1)!)
    console.log('timing on a quiet service …')
    world.runs.push(...(await queue.quiet()))
    const streams = new Streams(service.url)
    // A fifth of them over websockets.
    const subscriptions = Math.floor(streamCount / 5)
    await streams.open(streamCount - subscriptions, subscriptions)
    queue.start()
    console.log(`${rate} requests a second for ${minutes} min …`)
    const watch = new Watch(service.url, service.child.pid!)
    const sent = new Map<Kind, number>()
    const taken = await openLoop<Kind>({
      rate,
      seconds: minutes * 60,
      kindAt: spread(kinds),
      send(kind) {
        const n = sent.get(kind) ?? 0
        sent.set(kind, n + 1)
        return sendOne(world, kind, n)
      },
    })
    const cores = await watch.stop()
    const { runs, ids } = await queue.stop()
    // The last events are on their way.
    await sleep(2000)
    return summarize({
      date: new Date().toISOString(),
      host: {
        cpu: cpus()[0]?.model ?? 'unknown',
        cores: availableParallelism(),
        memoryGiB: Math.round(totalmem() / 2 ** 30),
        node: process.version,
        loadBefore,
      },
      commit: commitOf(),
      store,
      minutes,
      rate,
      taken,
      watch,
      cores,
      runs,
      streams: streams.close(ids),
    })
  } finally {
    agent.destroy()
    await service.stop()
  }
}

/** Null outside of a repository. */
function commitOf(): string | null {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null
  }
}

function keep(result: LoadResult): void {
  const folder = join(import.meta.dirname, '../results')
  const name = `load-${result.store}-${result.date.slice(0, 10)}.json`
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), `${JSON.stringify(result, null, 1)}\n`)
  console.log(`written to bench/results/${name}`)
}

try {
  const { store } = values
  if (store !== 'pglite' && store !== 'postgres') throw new Error(`--store is ${store}, but must be pglite or postgres`)
  const result =
    store === 'pglite'
      ? await load(store, {})
      : await withPostgres(async (database) => load(store, { DATABASE_URL: await database('load') }))
  print(result)
  if (values.save) keep(result)
  process.exitCode = result.failures.length === 0 ? 0 : 1
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause)
  process.exitCode = 2
}
