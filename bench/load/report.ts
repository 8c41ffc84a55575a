/** What a load test came to, and how it is printed. */
import { show } from '../figure.ts'
import type { Taken } from './open-loop.ts'
import type { TimedRuns } from './queue.ts'
import { answered, type Kind, refused } from './requests.ts'
import type { HeldStreams } from './streams.ts'
import { leastMinutes, type MemoryTrend, memoryTrend, mostGrowth, type Watch } from './watch.ts'

/** Latencies from the moment when a request was due, ms. */
interface Line {
  kind: string
  count: number
  refused: number
  failed: number
  p50: number
  p99: number
  max: number
}

interface Conditions {
  date: string
  host: { cpu: string; cores: number; memoryGiB: number; node: string; loadBefore: number }
  commit: string | null
  store: 'pglite' | 'postgres'
  minutes: number
  rate: number
  runs: TimedRuns
  streams: HeldStreams
}

export interface LoadResult extends Conditions {
  kinds: Line[]
  /** By how much this program itself sent too late, ms; part of the latencies. */
  senderLateMs: { p99: number; max: number }
  longestSilenceMs: number
  /** Of the service's process, bytes; `samples` every ten seconds: s, bytes of the service, bytes of its workers. */
  memory: MemoryTrend & { samples: [at: number, service: number, children: number][] }
  serviceCores: number
  /** Why the load test failed, in words; empty where it held. */
  failures: string[]
}

const MiB = 2 ** 20

/** The value at or above which a share `1 − q` lies (nearest rank). */
function rank(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0
}

function lineOf(kind: string, taken: readonly Taken<Kind>[]): Line {
  const sorted = taken.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b)
  const count = (fits: (outcome: string) => boolean) => taken.filter(({ outcome }) => fits(outcome)).length
  return {
    kind,
    count: taken.length,
    refused: count((outcome) => outcome === refused),
    failed: count((outcome) => outcome !== refused && outcome !== answered),
    p50: rank(sorted, 0.5),
    p99: rank(sorted, 0.99),
    max: sorted.at(-1) ?? 0,
  }
}

export function summarize({
  taken,
  watch,
  cores,
  ...conditions
}: Conditions & { taken: Taken<Kind>[]; watch: Watch; cores: number }): LoadResult {
  const lines = [...Map.groupBy(taken, ({ kind }) => kind.name)].map(([name, list]) => lineOf(name, list))
  const late = taken.map(({ lateMs }) => lateMs).sort((a, b) => a - b)
  const memory = memoryTrend(watch.memory, conditions.minutes)
  const wrong = Map.groupBy(
    taken.filter(({ outcome }) => outcome !== answered && outcome !== refused),
    ({ kind, outcome }) => `${kind.name}: ${outcome}`,
  )
  const failures = [
    ...[...wrong].slice(0, 20).map(([what, list]) => `${list.length} × ${what}`),
    ...conditions.streams.faults,
    ...conditions.runs.faults,
    ...(memory.flat === false ? [`memory is not flat: it grew by ${show((memory.late / memory.early - 1) * 100)} %`] : []),
    ...(conditions.runs.ended === 0 ? ['no run ended: the queue was not worked off'] : []),
  ]
  return {
    ...conditions,
    kinds: [...lines.sort((a, b) => b.count - a.count), lineOf('all', taken)],
    senderLateMs: { p99: rank(late, 0.99), max: late.at(-1) ?? 0 },
    longestSilenceMs: watch.longestSilenceMs,
    memory: {
      ...memory,
      samples: watch.memory.filter((_, i) => i % 10 === 0).map(({ at, service, children }) => [Math.round(at), service, children]),
    },
    serviceCores: cores,
    failures,
  }
}

export function print(result: LoadResult): void {
  const { host, kinds, senderLateMs, longestSilenceMs, memory, serviceCores, runs, streams, failures } = result
  console.log(
    `\n${result.date.slice(0, 10)}: ${host.cpu}, ${host.cores} cores, load ${show(host.loadBefore)} before the start, Node ${host.node}; ` +
      `${result.store}, ${result.rate} requests a second for ${result.minutes} min\n`,
  )
  const head = ['requests', 'count', '503', 'failed', 'p50 ms', 'p99 ms', 'max ms']
  const rows = kinds.map(({ kind, count, refused, failed, p50, p99, max }) => [
    kind,
    ...[count, refused, failed].map(String),
    ...[p50, p99, max].map((ms) => ms.toFixed(1)),
  ])
  const widths = head.map((title, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length), title.length))
  for (const row of [head, ...rows])
    console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
  console.log(
    `latencies count from when a request was due; of that this sender was late by ${show(senderLateMs.p99)} ms (p99), at most ${show(senderLateMs.max)} ms`,
  )
  console.log(`\nlongest silence of the service’s event loop: ${show(longestSilenceMs)} ms; its process took ${show(serviceCores)} cores`)
  const mib = (bytes: number) => show(bytes / MiB)
  const verdict =
    memory.flat === null
      ? `not judged: under ${leastMinutes} min caches and heaps still fill`
      : `${memory.flat ? 'flat' : 'NOT FLAT'}, by the rule that the last fifth of the time may lie ${mostGrowth * 100} % above the second one`
  console.log(
    `memory of the service, median of the second and the last fifth: ${mib(memory.early)} and ${mib(memory.late)} MiB, slope ${mib(memory.slope)} MiB/min: ${verdict}`,
  )
  const every = Math.max(1, Math.ceil(memory.samples.length / 12))
  console.log(
    `  ${memory.samples
      .filter((_, i) => i % every === 0)
      .map(([at, service]) => `${at} s ${Math.round(service / MiB)}`)
      .join(', ')} MiB`,
  )
  const { valid, suspect, invalid } = runs.verdicts
  const reasons = Object.entries(runs.reasons).map(([code, count]) => `${code} ${count}`)
  console.log(
    `\nruns: ${runs.ended} ended, the device busy for ${show(runs.busy * 100)} % of the time; ${valid} valid, ${suspect} suspect, ${invalid} invalid${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`,
  )
  const over = runs.validOverQuiet
  console.log(
    `  median of a call on the quiet service ${show(runs.quietMs)} ms; valid ones over it: ${over ? `${show(over.median)}, from ${show(over.least)} to ${show(over.most)}` : 'none'}`,
  )
  console.log(`streams: ${streams.open} held open, ${streams.events} events heard`)
  console.log(failures.length === 0 ? '\nit held' : `\nFAILED\n${failures.map((each) => `  ${each}`).join('\n')}`)
}
