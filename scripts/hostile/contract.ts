import type { ChildProcess } from 'node:child_process'

/**
 * What a case of `npm run test:hostile` is. A case sends something hostile to a running service and says what it was
 * answered; the harness says what it cost: peak memory, and the longest silence of `/healthz`.
 */
export interface HostileCase {
  name: string
  /** @throws Error where the service answered otherwise than it should: the case has failed. */
  run(service: Service): Promise<Outcome>
  /** Longest silence of `/healthz` that is allowed, ms. Default 1,000, a bound against hangs and not a target. */
  mostSilenceMs?: number
  /** Most memory that the service process may take (its resident set), MiB. Default 1,024. */
  mostMiB?: number
  /** Most memory that any child process of the service may take, MiB. Default 1,024. */
  mostChildMiB?: number
}

/** Cases that share one service, started for them alone. */
export interface HostileGroup {
  name: string
  /** Added to the environment that the service is started with. */
  env?: Readonly<Record<string, string>>
  /** Fills the data folder before the service starts. */
  prepare?(dataDir: string): Promise<void>
  /** Whether the cases wait until the service is ready: what its start takes is then not theirs. */
  whenReady?: boolean
  /** Undoes what `prepare` did, before the folder is removed. */
  cleanUp?(dataDir: string): void
  /** Why the group cannot run on this machine, or null. */
  skip?(): string | null
  cases: readonly HostileCase[]
}

/** What a case was answered. */
export interface Outcome {
  /** HTTP status, or a word where several requests were sent. */
  status: number | string
  /** What the table shows beside it, such as the error's code. */
  note?: string
}

/** A running service, as a case sees it. */
export interface Service {
  /** Where it listens, e.g. `http://127.0.0.1:41234`. */
  url: string
  pid: number
  /** Its DATA_DIR, made for it and removed with it. */
  dataDir: string
  process: ChildProcess
  /** What it has logged so far. */
  log(): string
}

/** What the watcher saw while a case ran. */
export interface Watched {
  /** Longest time that `/healthz` took to answer, ms. */
  silenceMs: number
  /** Answers of `/healthz` other than 200, refused connections included. */
  refused: number
  /** Highest resident set of the service process, bytes. */
  serviceBytes: number
  /** Highest resident set of any one of its child processes, bytes. */
  childBytes: number
}
