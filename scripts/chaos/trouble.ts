/** Four hosts, and what is done to them at random: killed, stopped, let go on; service and worker process alike. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Longer than a lease, so that another host takes over what the stopped one holds. */
const longPauseMs = 13_000

export interface Tally {
  servicesKilled: number
  workersKilled: number
  servicesStopped: number
  workersStopped: number
  leasesOutlived: number
  startedAgain: number
}

const signal = (pid: number | undefined, name: NodeJS.Signals): boolean => {
  try {
    return pid !== undefined && process.kill(pid, name)
  } catch {
    return false
  }
}

/** Worker processes of a host. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

export class Hosts {
  readonly tally: Tally = { servicesKilled: 0, workersKilled: 0, servicesStopped: 0, workersStopped: 0, leasesOutlived: 0, startedAgain: 0 }
  readonly #options: string
  readonly #random: () => number
  readonly #hosts: (ChildProcess | null)[]
  readonly #pauses = new Set<Promise<void>>()
  #over = false

  constructor(count: number, options: object, random: () => number) {
    this.#options = JSON.stringify(options)
    this.#random = random
    this.#hosts = Array.from({ length: count }, () => null)
    for (let at = 0; at < count; at++) this.#start(at)
  }

  /** Makes trouble until `done` says that it is enough. */
  async trouble(done: () => boolean): Promise<void> {
    while (!done()) {
      await sleep(200 + this.#random() * 900)
      const at = Math.floor(this.#random() * this.#hosts.length)
      const host = this.#hosts[at]
      if (!host) continue
      const workers = childrenOf(host.pid!)
      const worker = workers[Math.floor(this.#random() * workers.length)]
      const dice = this.#random()
      if (dice < 0.2) await this.#killService(at, host)
      else if (dice < 0.45) this.tally.workersKilled += Number(signal(worker, 'SIGKILL'))
      else if (dice < 0.65) this.#pause([host.pid!], 100 + this.#random() * 2000, 'servicesStopped')
      else if (dice < 0.85) this.#pause(worker === undefined ? [] : [worker], 100 + this.#random() * 2000, 'workersStopped')
      else if (dice < 0.93) this.#pause([host.pid!], longPauseMs, 'leasesOutlived')
      else this.#pause([host.pid!, ...workers], longPauseMs, 'leasesOutlived')
    }
  }

  /** Lets everything go on and ends every host cleanly. */
  async close(): Promise<void> {
    this.#over = true
    await Promise.all(this.#pauses)
    await Promise.all(
      this.#hosts.map(async (host) => {
        if (!host || host.exitCode !== null || host.signalCode !== null) return
        const ended = once(host, 'exit')
        host.kill('SIGTERM')
        await Promise.race([ended, sleep(20_000).then(() => host.kill('SIGKILL'))])
      }),
    )
  }

  /** Starts a host, and again where it ends by itself, as a service manager would: one stopped while it starts may. */
  #start(at: number): void {
    if (this.#over) return
    const program = fileURLToPath(new URL('./host.ts', import.meta.url))
    const host = spawn(process.execPath, [program, this.#options], { stdio: ['ignore', 'ignore', 'ignore'] })
    this.#hosts[at] = host
    host.once('exit', async () => {
      if (this.#hosts[at] !== host) return
      this.#hosts[at] = null
      this.tally.startedAgain += Number(!this.#over)
      await sleep(500)
      this.#start(at)
    })
  }

  async #killService(at: number, host: ChildProcess): Promise<void> {
    this.#hosts[at] = null
    this.tally.servicesKilled += Number(signal(host.pid, 'SIGKILL'))
    await sleep(this.#random() * 1000)
    this.#start(at)
  }

  #pause(pids: readonly number[], ms: number, what: keyof Tally): void {
    const stopped = pids.filter((pid) => signal(pid, 'SIGSTOP'))
    if (stopped.length === 0) return
    this.tally[what] += 1
    const over = sleep(ms).then(() => {
      for (const pid of stopped) signal(pid, 'SIGCONT')
      this.#pauses.delete(over)
    })
    this.#pauses.add(over)
  }
}
