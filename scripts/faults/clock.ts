/** The time of day set forward and back under a service that runs, its database inside: libfaketime answers for the system. */
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './contract.ts'
import { underLoad } from './under-load.ts'

const library = (): string | undefined =>
  globSync([
    '/usr/lib/*/faketime/libfaketimeMT.so.1',
    '/usr/lib/faketime/libfaketimeMT.so.1',
    '/usr/local/lib/faketime/libfaketimeMT.so.1',
  ])[0]

/** Set one after the other, and right in the end. */
const jumps = ['+1h', '-1h', '+1y', '-2y', '+0']
/** How long each lasts, ms. */
const lastsMs = 4000

export const clockJumps: Fault = {
  name: 'clock set',
  skip: () => (library() === undefined ? 'no libfaketime here (Debian: apt-get install libfaketime)' : null),
  async run(options) {
    const dataDir = mkdtempSync(join(tmpdir(), 'archmeter-faults-'))
    const now = join(dataDir, 'now')
    writeFileSync(now, '+0\n')
    const env = {
      ...{ LD_PRELOAD: library()!, FAKETIME_TIMESTAMP_FILE: now, FAKETIME_CACHE_DURATION: '1' },
      // Which nobody can set on a real machine either.
      ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' },
    }
    try {
      return await underLoad(
        { dataDir },
        {
          env,
          async provoke({ load, url }) {
            const failures: string[] = []
            for (const jump of jumps) {
              writeFileSync(now, `${jump}\n`)
              await sleep(lastsMs / 2)
              const { date } = Object.fromEntries((await fetch(`${url}/healthz`)).headers)
              const before = load.acknowledged.size
              await sleep(lastsMs / 2)
              if (load.acknowledged.size === before) failures.push(`no run was acknowledged after the clock was set to ${jump} (${date})`)
            }
            return { provoked: jumps.length, failures }
          },
        },
        options,
      )
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  },
}
