/** Services of one store, and what is done to them at random: killed, stopped, let go on; service, child process and database alike. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../postgres-server.ts'
import { type ServiceProcess, spawnService } from '../service-process.ts'

/** Longer than a lease, so that another host takes over what the stopped one holds. */
const longPauseMs = 13_000

/** Of the troubles that would meet a service as it starts, how many do. */
const whileStarting = 0.15

export interface Done {
  servicesKilled: number
  childrenKilled: number
  databasesKilled: number
  servicesStopped: number
  childrenStopped: number
  leasesOutlived: number
  startedAgain: number
}

/** Pauses between two troubles, ms, and how likely each is. The rest of 1 is a pause without any. */
export interface Rates {
  pauseMs: readonly [least: number, most: number]
  service: number
  child: number
  database: number
  stopService: number
  stopChild: number
  outlive: number
}

const signal = (pid: number | undefined, name: NodeJS.Signals): boolean => {
  try {
    return pid !== undefined && process.kill(pid, name)
  } catch {
    return false
  }
}

/** Processes that one started: of a service its workers and those that cost, of PostgreSQL its sessions. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

export class Hosts {
  readonly done: Done = {
    ...{ servicesKilled: 0, childrenKilled: 0, databasesKilled: 0 },
    ...{ servicesStopped: 0, childrenStopped: 0, leasesOutlived: 0, startedAgain: 0 },
  }
  readonly #settings: readonly Readonly<Record<string, string>>[]
  readonly #random: () => number
  readonly #database: Server | null
  readonly #hosts: (ServiceProcess | null)[]
  readonly #pauses = new Set<Promise<void>>()
  #over = false

  /** @param settings of each service. @param database the server behind them; null where each has its own inside. */
  constructor(settings: readonly Readonly<Record<string, string>>[], random: () => number, database: Server | null = null) {
    this.#settings = settings
    this.#random = random
    this.#database = database
    this.#hosts = settings.map(() => null)
    for (let at = 0; at < settings.length; at++) this.#start(at)
  }

  /** Makes trouble until `over` says that it is enough. */
  async trouble(over: () => boolean, rates: Rates): Promise<void> {
    const [least, most] = rates.pauseMs
    while (!over()) {
      await sleep(least + this.#random() * (most - least))
      const at = Math.floor(this.#random() * this.#hosts.length)
      const host = this.#hosts[at]
      if (!host) continue
      // On a busy machine a start takes as long as many troubles, and has its share of them, not all.
      if (!/listens on/.test(host.log()) && this.#random() > whileStarting) continue
      const children = childrenOf(host.pid)
      const child = children.slice(Math.floor(this.#random() * children.length))[0]
      const shortMs = 100 + this.#random() * 2000
      const acts: [share: number, act: () => unknown][] = [
        [rates.service, () => this.#killService(at, host)],
        [rates.child, () => (this.done.childrenKilled += Number(signal(child, 'SIGKILL')))],
        [rates.database, () => this.#killDatabase()],
        [rates.stopService, () => this.#pause([host.pid], shortMs, 'servicesStopped')],
        [rates.stopChild, () => this.#pause(child === undefined ? [] : [child], shortMs, 'childrenStopped')],
        [rates.outlive / 2, () => this.#pause([host.pid], longPauseMs, 'leasesOutlived')],
        [rates.outlive / 2, () => this.#pause([host.pid, ...children], longPauseMs, 'leasesOutlived')],
      ]
      let dice = this.#random()
      for (const [share, act] of acts) {
        if (dice < share) {
          await act()
          break
        }
        dice -= share
      }
    }
  }

  /** Lets everything go on, and every service that has ended be started again. */
  async peace(): Promise<void> {
    await Promise.all(this.#pauses)
    await this.#database?.resume()
  }

  /** Ends every service cleanly. */
  async close(): Promise<void> {
    this.#over = true
    await this.peace()
    await Promise.all(this.#hosts.map((host) => host?.stop()))
  }

  /** Starts a service, and again where it ends by itself, as a service manager would: one stopped while it starts may. */
  #start(at: number): void {
    if (this.#over) return
    const host = spawnService(this.#settings[at]!)
    this.#hosts[at] = host
    host.process.once('exit', async () => {
      if (this.#hosts[at] !== host) return
      this.#hosts[at] = null
      this.done.startedAgain += Number(!this.#over)
      await sleep(500)
      this.#start(at)
    })
  }

  async #killService(at: number, host: ServiceProcess): Promise<void> {
    this.#hosts[at] = null
    this.done.servicesKilled += Number(signal(host.pid, 'SIGKILL'))
    await sleep(this.#random() * 1000)
    this.#start(at)
  }

  /** Now the server, and now a session of it: then it ends all of them, and recovers by itself. */
  async #killDatabase(): Promise<void> {
    const database = this.#database
    if (!database) return
    this.done.databasesKilled += 1
    const sessions = childrenOf(database.pid())
    if (this.#random() < 0.5) signal(sessions.slice(Math.floor(this.#random() * sessions.length))[0], 'SIGKILL')
    else await database.halt('SIGKILL')
    await sleep(this.#random() * 1000)
    await database.resume()
  }

  #pause(pids: readonly number[], ms: number, what: keyof Done): void {
    const stopped = pids.filter((pid) => signal(pid, 'SIGSTOP'))
    if (stopped.length === 0) return
    this.done[what] += 1
    const over = sleep(ms).then(() => {
      for (const pid of stopped) signal(pid, 'SIGCONT')
      this.#pauses.delete(over)
    })
    this.#pauses.add(over)
  }
}
