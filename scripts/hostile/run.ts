/**
 * `npm run test:hostile [-- group …]`: starts real services, sends them what must not end, stall or fill them, and
 * prints a line a case: what it was answered, the peak memory of the service and of its children, and the longest silence
 * of `/healthz`. Exits with 1 where a case did not hold. Linux only, since memory is read from `/proc`.
 */

import { browsers } from './cases/browsers.ts'
import { disks } from './cases/disk.ts'
import { exports } from './cases/exports.ts'
import { imports } from './cases/imports.ts'
import { large } from './cases/large.ts'
import { queue, seededQueues } from './cases/queue.ts'
import { readers } from './cases/readers.ts'
import { slow } from './cases/slow.ts'
import type { HostileGroup } from './contract.ts'
import { type CaseResult, runGroup, tableOf } from './harness.ts'

/** One file a group in `cases/`, one line here. */
const groups: readonly HostileGroup[] = [imports, exports, large, browsers, readers, slow, ...disks, queue, ...seededQueues]

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !groups.some((group) => group.name === name))
if (unknown.length > 0) {
  console.error(`there is no group ${unknown.join(', ')}: take ${groups.map((group) => group.name).join(', ')}`)
  process.exit(2)
}
if (process.platform !== 'linux') {
  console.log('skipped: memory is read from /proc, which only Linux has')
  process.exit(77)
}

const results: CaseResult[] = []
for (const group of groups) {
  if (wanted.length > 0 && !wanted.includes(group.name)) continue
  const reason = group.skip?.()
  if (reason) console.log(`${group.name}: skipped, ${reason}`)
  else
    results.push(
      ...(await runGroup(group, ({ name, failures }) => console.log(`${group.name}: ${name}: ${failures.join('; ') || 'held'}`))),
    )
}
console.log(`\n${tableOf(results)}\n`)
const failed = results.filter(({ failures }) => failures.length > 0).length
console.log(`${results.length - failed} held, ${failed} did not`)
process.exitCode = failed === 0 ? 0 : 1
