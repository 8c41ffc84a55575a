/** A real service as a process of one's own, as `npm start` makes it: started, heard, stopped and killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const program = join(import.meta.dirname, '../src/api/server.ts')
/** Longest time that a start may take, ms: a first one makes the database, and a busy machine is slow. */
export const startMs = 180_000

export interface ServiceProcess {
  process: ChildProcess
  pid: number
  /** What it has logged so far, and written to standard error. */
  log(): string
  alive(): boolean
  /** Where it listens, e.g. `http://127.0.0.1:41234`. @throws Error with its log where it ends before that. */
  listening(): Promise<string>
  /**
   * SIGTERM, and SIGKILL where it has not ended by then.
   * @returns how long it took, ms, and its exit code: null where it was killed.
   */
  stop(graceMs?: number): Promise<{ ms: number; code: number | null }>
}

/** @param env settings, added to this process's environment. */
export function spawnService(env: Readonly<Record<string, string>>): ServiceProcess {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0', LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text))
  const alive = () => child.exitCode === null && child.signalCode === null
  return {
    process: child,
    pid: child.pid!,
    log: () => log,
    alive,
    async listening() {
      for (const deadline = performance.now() + startMs; ; await sleep(20)) {
        const url = /listens on (http:\/\/[^\s"]+)/.exec(log)?.[1]
        if (url !== undefined) return url
        if (!alive() || performance.now() > deadline) throw new Error(`the service did not start:\n${log.slice(-2000)}`)
      }
    },
    async stop(graceMs = 30_000) {
      const began = performance.now()
      if (alive()) {
        const ended = once(child, 'close')
        child.kill('SIGTERM')
        const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
        await ended
        clearTimeout(timer)
      }
      return { ms: performance.now() - began, code: child.exitCode }
    },
  }
}

/** A port of this machine that nobody listens on. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
