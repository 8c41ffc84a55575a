import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { ConditionWatch, loadOfOthers } from '../../../../src/gpu/worker/child/conditions.ts'

test('others are the host’s busy time less our own', () => {
  // In 2 s the host was busy for 3.5 CPU seconds, 3 of them ours.
  assert.deepEqual(loadOfOthers({ busy: 10, steal: 1 }, { busy: 13.5, steal: 1.5 }, 3, 2), { othersCpus: 0.25, stolenCpus: 0.25 })
  // Counters of 1/100 s may lag our own clock: never below none.
  assert.equal(loadOfOthers({ busy: 10, steal: 1 }, { busy: 12, steal: 1 }, 2.01, 2)!.othersCpus, 0)
})

test('of all clocks that the cores were seen at, the lowest and the highest are kept, however many readings there are', async (t) => {
  const read = fs.readFileSync
  let looks = 0
  // The clocks of Linux, which not every host shows: core n of 64 at 1,000 + n MHz, and once at 3,000 more.
  t.mock.method(fs, 'readFileSync', (path: string, ...rest: [BufferEncoding]) => {
    if (path === '/proc/self/status') return 'Cpus_allowed_list:\t0-63\n'
    const core = /^\/sys\/devices\/system\/cpu\/cpu(\d+)\/cpufreq\/scaling_cur_freq$/.exec(path)?.[1]
    return core === undefined ? read(path, ...rest) : `${(1000 + Number(core) + (looks === 50 ? 3000 : 0)) * 1000}\n`
  })
  syncBuiltinESMExports()
  try {
    const watch = await ConditionWatch.start({ name: 'cpu:0', uuid: 'CPU-1', kind: 'cpu', index: 0, model: 'test', driver: null })
    watch.begin()
    for (; looks < 100; looks++) watch.look()
    assert.deepEqual((await watch.end(3600)).frequenciesMHz, [1000, 4063])
  } finally {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  }
})
