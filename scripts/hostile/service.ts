import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnService, startMs } from '../service-process.ts'
import type { HostileGroup, Service } from './contract.ts'

export interface StartedService extends Service {
  /** Whether its process runs. */
  alive(): boolean
  /** Stops it and removes its folder. */
  stop(): Promise<void>
}

/**
 * Starts the service on a free port with a data folder of its own, as the group wants it.
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
  const service = spawnService({ DATA_DIR: dataDir, ...env })
  const stop = async () => {
    await service.stop()
    cleanUp?.(dataDir)
    rmSync(dataDir, { recursive: true, force: true })
  }
  try {
    const url = await service.listening()
    for (const deadline = performance.now() + startMs; whenReady && !(await fetch(`${url}/readyz`)).ok && performance.now() < deadline; )
      await sleep(50)
    return { ...service, url, dataDir, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
