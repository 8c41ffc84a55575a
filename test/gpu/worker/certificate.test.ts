import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveSettings } from '../../../src/gpu/timing/settings.ts'
import { certify, loadOfOthers } from '../../../src/gpu/worker/certificate.ts'

const measured = (n = 100) => ({
  samples: new Float64Array(n).fill(1),
  stability: { stable: true, reason: null as string | null },
  endedBy: 'settled' as const,
})
const idle = { othersCpus: 0.01, stolenCpus: 0 }
const codes = (...parameters: Parameters<typeof certify>) => certify(...parameters).reasons.map((reason) => reason.code)
const settings = resolveSettings()
const fine = { maxAbs: 1 }

test('a steady run on an idle CPU is valid', () => {
  assert.deepEqual(certify(measured(), settings, { kind: 'cpu' }, idle, 2, fine), { verdict: 'valid', reasons: [] })
})

test('each trouble is its own reason, with figures', () => {
  const unsteady = { ...measured(), stability: { stable: false, reason: 'it rose' } }
  assert.deepEqual(codes(unsteady, settings, { kind: 'cpu' }, idle, 2, fine), ['UNSTABLE'])
  assert.deepEqual(codes(measured(10), settings, { kind: 'cpu' }, idle, 2, fine), ['TOO_FEW_SAMPLES'])
  assert.deepEqual(codes(measured(), settings, { kind: 'cpu' }, { othersCpus: 0.3, stolenCpus: 0.05 }, 2, fine), ['CPU_BUSY', 'CPU_STOLEN'])
  assert.deepEqual(codes(measured(), settings, { kind: 'cpu' }, null, 2, fine), ['LOAD_UNKNOWN'])
  assert.deepEqual(codes(measured(), settings, { kind: 'cpu' }, idle, 2, { maxAbs: Number.NaN }), ['OUTPUT_NOT_FINITE'])
  const busy = certify(measured(), settings, { kind: 'cpu' }, { othersCpus: 1.5, stolenCpus: 0 }, 8, fine)
  assert.equal(busy.verdict, 'suspect')
  assert.match(busy.reasons[0]!.message, /1\.50 of 8 CPUs/)
})

test('the CPU’s load is no reason on a GPU', () => {
  assert.deepEqual(codes(measured(), settings, { kind: 'cuda' }, { othersCpus: 2, stolenCpus: 1 }, 2, fine), [])
})

test('others are the host’s busy time less our own', () => {
  // In 2 s the host was busy for 3.5 CPU seconds, 3 of them ours.
  assert.deepEqual(loadOfOthers({ busy: 10, steal: 1 }, { busy: 13.5, steal: 1.5 }, 3, 2), { othersCpus: 0.25, stolenCpus: 0.25 })
  // Counters of 1/100 s may lag our own clock: never below none.
  assert.equal(loadOfOthers({ busy: 10, steal: 1 }, { busy: 12, steal: 1 }, 2.01, 2)!.othersCpus, 0)
})
