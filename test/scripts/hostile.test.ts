import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exports } from '../../scripts/hostile/cases/exports.ts'
import { imports } from '../../scripts/hostile/cases/imports.ts'
import type { HostileGroup } from '../../scripts/hostile/contract.ts'
import { runGroup } from '../../scripts/hostile/harness.ts'

/** Those of `npm run test:hostile` that are quick: a real service, its memory and its silence, case by case. */
const groups: readonly HostileGroup[] = [imports, exports]

describe('a real service holds', { skip: process.platform !== 'linux' }, () => {
  for (const group of groups)
    it(group.name, async () => {
      const results = await runGroup(group)
      assert.deepEqual(
        results.filter(({ failures }) => failures.length > 0).map(({ name, failures }) => `${name}: ${failures.join('; ')}`),
        [],
      )
    })
})
