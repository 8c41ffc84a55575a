import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadOfOthers } from '../../../../src/gpu/worker/child/conditions.ts'

test('others are the host’s busy time less our own', () => {
  // In 2 s the host was busy for 3.5 CPU seconds, 3 of them ours.
  assert.deepEqual(loadOfOthers({ busy: 10, steal: 1 }, { busy: 13.5, steal: 1.5 }, 3, 2), { othersCpus: 0.25, stolenCpus: 0.25 })
  // Counters of 1/100 s may lag our own clock: never below none.
  assert.equal(loadOfOthers({ busy: 10, steal: 1 }, { busy: 12, steal: 1 }, 2.01, 2)!.othersCpus, 0)
})
