import type { GpuWatch, RunEnvironment, RunJob } from '../../contract.ts'
import { cpuFrequencies, type HostCpuTime, hostCpuTime } from '../../devices/host-facts.ts'
import { watchGpu } from './gpu-watch.ts'

/** Observations of host and device while a run was timed. */
export interface Conditions {
  hostLoad: RunEnvironment['hostLoad']
  /** The lowest and the highest; empty where the host shows none. */
  frequenciesMHz: number[]
  gpu: GpuWatch | null
}

/** CPU seconds of this process, all threads. */
const ownCpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Observes the conditions of the timed part: at its start, from time to time between calls, and at its end. */
export class ConditionWatch {
  readonly #kind: RunJob['device']['kind']
  readonly #gpu: Awaited<ReturnType<typeof watchGpu>> | null
  /** Lowest and highest clock that a core was seen at; null where the host shows none. */
  #mhz: [number, number] | null = null
  #before: { host: HostCpuTime | null; own: number } = { host: null, own: 0 }
  #began = 0

  private constructor(kind: RunJob['device']['kind'], gpu: Awaited<ReturnType<typeof watchGpu>> | null) {
    this.#kind = kind
    this.#gpu = gpu
  }

  /** Begins to watch a GPU; a CPU is looked at when the timing begins. */
  static async start({ kind, uuid }: RunJob['device']): Promise<ConditionWatch> {
    return new ConditionWatch(kind, kind === 'cuda' ? await watchGpu(uuid) : null)
  }

  begin(): void {
    this.#began = Date.now()
    this.look()
    this.#before = { host: hostCpuTime(), own: ownCpuSeconds() }
  }

  look(): void {
    // Only the extremes: a day on a large host would give millions of readings.
    if (this.#kind === 'cpu')
      for (const mhz of cpuFrequencies()) this.#mhz = [Math.min(mhz, this.#mhz?.[0] ?? mhz), Math.max(mhz, this.#mhz?.[1] ?? mhz)]
  }

  /** @param seconds length of the timed part. */
  async end(seconds: number): Promise<Conditions> {
    const after = { host: hostCpuTime(), own: ownCpuSeconds() }
    const ended = Date.now()
    this.look()
    const { host, own } = this.#before
    return {
      hostLoad: host && after.host ? loadOfOthers(host, after.host, after.own - own, seconds) : null,
      frequenciesMHz: this.#mhz ?? [],
      gpu: (await this.#gpu?.end(this.#began, ended)) ?? null,
    }
  }
}

/**
 * CPUs that others kept busy over an interval: the host's busy time less this process's own.
 * @param seconds length of the interval; @param own CPU seconds of this process in it.
 */
export function loadOfOthers(before: HostCpuTime, after: HostCpuTime, own: number, seconds: number): RunEnvironment['hostLoad'] {
  if (seconds <= 0) return null
  return {
    othersCpus: Math.max(0, after.busy - before.busy - own) / seconds,
    stolenCpus: Math.max(0, after.steal - before.steal) / seconds,
  }
}
