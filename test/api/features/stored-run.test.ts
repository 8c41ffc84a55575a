/** Runs that an earlier version stored: settings that came later are shown and compared at their defaults. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shownPoint, shownRun, storedRun } from '../../../src/api/features/runs/stored-run.ts'
import type { RunEnvironment } from '../../../src/gpu/contract.ts'
import { differencesOf } from '../../../src/gpu/timing/differences.ts'
import { blockSettings, defaultSettings } from '../../../src/gpu/timing/settings.ts'
import type { Run, RunPoint } from '../../../src/store/index.ts'

const without = (settings: object): object => {
  const { fuseConvBias: _, gpuMemoryBytes: __, ...earlier } = settings as typeof defaultSettings
  return earlier
}

test('a row that lacks settings has them in full wherever it is shown, and both sides of a comparison do', () => {
  const row = {
    settings: without({ ...defaultSettings, seed: 9 }),
    against: { batch: 2, settings: without(blockSettings) },
  } as unknown as Run
  const shown = shownRun(row)
  assert.deepEqual(shown.settings, { ...defaultSettings, seed: 9 })
  assert.deepEqual(shown.against, { batch: 2, settings: blockSettings })
  assert.deepEqual(storedRun(row).settings, shown.settings)
  assert.deepEqual(shownPoint(row as unknown as RunPoint).settings, shown.settings)
  assert.equal(shownRun({ settings: {}, against: null } as unknown as Run).against, null)
})

test('what an earlier version did not record makes no difference, and what it was asked does', () => {
  const environment = (settings: object) => ({ settings, runtimeOptions: {}, cpu: { governor: null } }) as unknown as RunEnvironment
  assert.deepEqual(differencesOf(environment(without(defaultSettings)), environment(defaultSettings)), [])
  assert.deepEqual(differencesOf(environment(without(defaultSettings)), environment({ ...defaultSettings, gpuMemoryBytes: 2 ** 30 })), [
    { what: 'settings.gpuMemoryBytes', a: '0', b: '1073741824' },
  ])
})
