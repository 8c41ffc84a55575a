/** The disk of the data folder full, and emptied again, while runs are queued and executed. */
import { mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fill, mountTmpfs, run, unmountable } from '../mounts.ts'
import type { Fault } from './contract.ts'
import { readiness, underLoad } from './under-load.ts'

const times = 3
/** The service looks every 5 s, and a busy machine is late. */
const noticeMs = 60_000

export const diskFull: Fault = {
  name: 'disk full',
  skip: () => unmountable(mountTmpfs),
  async run(options) {
    const dataDir = mkdtempSync(join(tmpdir(), 'archmeter-faults-'))
    mountTmpfs(dataDir)
    try {
      return await underLoad(
        { dataDir },
        {
          async provoke({ url, random }) {
            const filler = join(dataDir, 'filler')
            for (let i = 0; i < times; i++) {
              await sleep(random() * 3000)
              fill(filler)
              await readiness(url, 503, noticeMs)
              // What is executed meanwhile is stored in the reserve.
              await sleep(2000)
              rmSync(filler)
              await readiness(url, 200, noticeMs)
            }
            return { provoked: times }
          },
        },
        options,
      )
    } finally {
      run('umount', dataDir)
      rmdirSync(dataDir)
    }
  },
}
