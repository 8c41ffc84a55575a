/** Watches the service from outside while it is under load: memory by /proc, its event loop by /metrics, processor time. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { processTree, statusBytes } from '../../scripts/hostile/memory.ts'
import { median } from '../figure.ts'

/** At one moment, s from the start of the load; bytes resident. */
export interface MemorySample {
  at: number
  service: number
  children: number
}

/** How the service's memory went, by the rule of `memoryTrend`. */
export interface MemoryTrend {
  /** Medians of the second and of the last fifth of the time, bytes. */
  early: number
  late: number
  /** Theil–Sen slope over the last four fifths, bytes a minute. */
  slope: number
  /** Null where the load was too short to tell. */
  flat: boolean | null
}

/** Shortest load of which memory is judged, minutes: before, caches and heaps still fill. */
export const leastMinutes = 5
/** By how much the last fifth may lie above the second one. */
export const mostGrowth = 0.05

/**
 * Whether memory is flat: the first fifth is left out, in which caches and heaps fill; the median of the last fifth may lie at most
 * 5 % above that of the second one. Medians, since a heap goes up and down as it is collected.
 */
export function memoryTrend(samples: readonly MemorySample[], minutes: number): MemoryTrend {
  const end = minutes * 60
  const between = (from: number, until: number) => samples.filter(({ at }) => at >= from * end && at < until * end)
  const middle = (list: readonly MemorySample[]) => (list.length === 0 ? 0 : median(list.map(({ service }) => service)))
  const early = middle(between(0.2, 0.4))
  const late = middle(between(0.8, 1.01))
  return { early, late, slope: slopeOf(between(0.2, 1.01)), flat: minutes < leastMinutes ? null : late <= early * (1 + mostGrowth) }
}

/** Median of the slopes between all pairs (Theil 1950, Sen 1968), which spikes do not move; of 200 samples at most. Bytes a minute. */
function slopeOf(all: readonly MemorySample[]): number {
  const step = Math.max(1, Math.ceil(all.length / 200))
  const samples = all.filter((_, i) => i % step === 0)
  const slopes = samples.flatMap((a, i) => samples.slice(i + 1).map((b) => ((b.service - a.service) / (b.at - a.at)) * 60))
  return slopes.length === 0 ? 0 : median(slopes)
}

export class Watch {
  readonly memory: MemorySample[] = []
  /** The longest that a turn of the service's event loop took, ms. */
  longestSilenceMs = 0
  readonly #url: string
  readonly #pid: number
  readonly #began = performance.now()
  readonly #processorAtStart: number
  readonly #watching: Promise<void>
  #over = false

  constructor(url: string, pid: number) {
    this.#url = url
    this.#pid = pid
    this.#processorAtStart = processorSeconds(pid)
    this.#watching = this.#watch()
  }

  async #watch(): Promise<void> {
    for (let n = 0; !this.#over; n++) {
      const [service, ...children] = processTree(this.#pid).map((each) => statusBytes(each, 'VmRSS'))
      this.memory.push({ at: this.#elapsed(), service: service!, children: children.reduce((sum, bytes) => sum + bytes, 0) })
      // Each read begins the maximum anew; the first one has that of the start.
      if (n % 5 === 0) {
        const silence = await this.#silence()
        if (n > 0) this.longestSilenceMs = Math.max(this.longestSilenceMs, silence)
      }
      await sleep(1000)
    }
  }

  #elapsed(): number {
    return (performance.now() - this.#began) / 1000
  }

  async #silence(): Promise<number> {
    const text = await (await fetch(`${this.#url}/metrics`)).text()
    return 1000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1] ?? 0)
  }

  /** @returns cores that the service's process took on average, without its workers. */
  async stop(): Promise<number> {
    const cores = (processorSeconds(this.#pid) - this.#processorAtStart) / this.#elapsed()
    this.#over = true
    await this.#watching
    return cores
  }
}

/** Processor time of a process, all its threads together (proc_pid_stat(5), fields 14 and 15, of 1/100 s). */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
