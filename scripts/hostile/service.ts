import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostileGroup, Service } from './contract.ts'

const program = join(import.meta.dirname, '../../src/api/server.ts')
const startMs = 180_000
const stopMs = 30_000

export interface StartedService extends Service {
  /** Whether its process runs. */
  alive(): boolean
  /** Stops it and removes its folder. */
  stop(): Promise<void>
}

/**
 * Starts the service as `npm start` does, on a free port with a data folder of its own, as the group wants it.
 * @throws Error where it does not start.
 */
export async function startService({
  env,
  prepare,
  whenReady,
  cleanUp,
}: Omit<HostileGroup, 'name' | 'cases'> = {}): Promise<StartedService> {
  const dataDir = mkdtempSync(join(tmpdir(), 'archmeter-hostile-'))
  await prepare?.(dataDir)
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, PORT: '0', DATA_DIR: dataDir, LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text))
  const alive = () => child.exitCode === null && child.signalCode === null
  const stop = async () => {
    if (alive()) {
      const ended = once(child, 'close')
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), stopMs)
      await ended
      clearTimeout(timer)
    }
    cleanUp?.(dataDir)
    rmSync(dataDir, { recursive: true, force: true })
  }
  const deadline = performance.now() + startMs
  let url: string | undefined
  while ((url = /listens on (http:\/\/[^\s"]+)/.exec(log)?.[1]) === undefined) {
    if (!alive() || performance.now() > deadline) {
      await stop()
      throw new Error(`the service did not start:\n${log.slice(-2000)}`)
    }
    await sleep(50)
  }
  while (whenReady && performance.now() < deadline && !(await fetch(`${url}/readyz`)).ok) await sleep(50)
  return { url, pid: child.pid!, dataDir, process: child, log: () => log, alive, stop }
}
