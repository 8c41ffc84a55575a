import type { Tally } from './audit.ts'

/** What `npm run test:faults` provokes: one line of `run.ts`, one line of the table that it prints. */
export interface Fault {
  name: string
  /** Why it cannot be provoked on this machine, or null. */
  skip?(): string | null
  /** @throws Error where it could not be provoked, or the service answered otherwise than it should: the fault has failed. */
  run(options: FaultOptions): Promise<FaultResult>
}

export interface FaultOptions {
  /** Runs that are queued while processes are killed. */
  runs: number
  /** How long a server is out of reach, ms. */
  outageMs: number
  /** Uniform on [0, 1). */
  random(): number
  /** Says how far it is. */
  say(line: string): void
}

export interface FaultResult {
  /** How often the fault was provoked. */
  provoked: number
  /** What became of the runs that were acknowledged meanwhile. */
  tally: Tally
  /** What did not hold, in words; empty where all did. */
  failures: string[]
  /** For whoever reads the table. */
  notes: string[]
}
