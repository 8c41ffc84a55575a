/** One service that keeps running, runs queued and executed in it, and what goes wrong around it meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreOptions } from '../../src/store/index.ts'
import { type ServiceProcess, spawnService } from '../service-process.ts'
import { audit } from './audit.ts'
import type { FaultOptions, FaultResult } from './contract.ts'
import { Load } from './load.ts'

/** Pause of a client between two runs: the trouble lasts, and its runs must not pile up for minutes. */
const paceMs = 700
/** How long the service may take until it is ready again, ms: sessions that a server has to give up by itself take a minute. */
const recoveryMs = 120_000
/** A stall of this length is a failure, ms: a generous bound against hangs, on a machine that is busy. */
const mostSilenceMs = 5000

/** The service as the trouble sees it. */
export interface Stage {
  service: ServiceProcess
  url: string
  load: Load
  random(): number
}

export interface Trouble {
  /** Settings of the service besides its store's. */
  env?: Readonly<Record<string, string>>
  /** @returns how often the fault was provoked, and what did not hold. */
  provoke(stage: Stage): Promise<{ provoked: number; notes?: string[]; failures?: string[] }>
}

/** Asks `/healthz` now and then, until it is stopped: the process lives, whatever its database does. */
class Pulse {
  silenceMs = 0
  readonly others = new Map<string, number>()
  #over = false
  readonly #watching: Promise<void>

  constructor(url: string) {
    this.#watching = (async () => {
      for (; !this.#over; await sleep(200)) {
        const began = performance.now()
        const what = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(60_000) }).then(
          ({ status }) => String(status),
          ({ name }: Error) => name,
        )
        this.silenceMs = Math.max(this.silenceMs, performance.now() - began)
        if (what !== '200') this.others.set(what, (this.others.get(what) ?? 0) + 1)
      }
    })()
  }

  async stop(): Promise<string[]> {
    this.#over = true
    await this.#watching
    const failures = [...this.others].map(([what, count]) => `/healthz answered ${what} ${count} times`)
    if (this.silenceMs > mostSilenceMs) failures.push(`/healthz was silent for ${Math.round(this.silenceMs)} ms`)
    return failures
  }
}

/** Waits until `/readyz` answers so. @returns how long that took, ms. @throws Error with its answer where it does not come. */
export async function readiness(url: string, status: 200 | 503, mostMs = recoveryMs): Promise<number> {
  const began = performance.now()
  for (let last = ''; ; await sleep(100)) {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) }).catch(() => null)
    if (answer?.status === status) return performance.now() - began
    last = answer ? `${answer.status} ${await answer.text()}` : 'nothing'
    if (performance.now() - began > mostMs) throw new Error(`/readyz did not come to ${status} in ${mostMs} ms: ${last}`)
  }
}

/** Queues runs while the trouble lasts and some seconds more, lets all of them end, and reads what became of them. */
export async function underLoad(
  place: Omit<StoreOptions, 'log'>,
  { env, provoke }: Trouble,
  { random }: FaultOptions,
): Promise<FaultResult> {
  const { dataDir, databaseUrl } = place
  const service = spawnService({ DATA_DIR: dataDir, ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}), ...env })
  try {
    const url = await service.listening()
    const load = new Load([url])
    await load.prepare()
    const pulse = new Pulse(url)
    let over = false
    const queueing = load.queue(() => !over, paceMs)
    await sleep(1000)
    const { provoked, notes = [], failures = [] } = await provoke({ service, url, load, random })
    const readyMs = await readiness(url, 200)
    const before = load.acknowledged.size
    await sleep(3000)
    over = true
    await queueing
    await load.settled()
    failures.push(...(await pulse.stop()))
    if (!service.alive()) failures.push(`the service ended: ${service.log().slice(-500)}`)
    if (load.acknowledged.size === before) failures.push('no run was acknowledged any more')
    const { ms, code } = await service.stop()
    if (code !== 0) failures.push(`its stop ended with ${code} after ${Math.round(ms)} ms`)
    const seen = await audit(place, load.acknowledged)
    const refused = [...load.refused].map(([what, count]) => `${what}: ${count}`).join(', ') || 'none'
    return {
      provoked,
      tally: seen.tally,
      failures: [...failures, ...load.failures, ...seen.failures],
      notes: [
        ...notes,
        `ready again after ${(readyMs / 1000).toFixed(1)} s; the longest answer took ${(load.longestMs / 1000).toFixed(1)} s, the longest silence of /healthz ${Math.round(pulse.silenceMs)} ms`,
        `asked again: ${refused}`,
        ...seen.notes,
      ],
    }
  } catch (error) {
    // Its last words tell why.
    const { exitCode, signalCode } = service.process
    const state = service.alive() ? 'the service is alive' : `the service ended (${signalCode ?? exitCode})`
    throw new Error(`${(error as Error).message}; ${state}:\n${service.log().slice(-1500)}`, { cause: error })
  } finally {
    await service.stop()
  }
}
