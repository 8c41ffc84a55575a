import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { zooPage } from '../../../scripts/zoo-table.ts'

test('docs/zoo.md is what scripts/zoo-table.ts writes, and differs nowhere without a reason', () => {
  const page = zooPage()
  assert.equal(readFileSync(new URL('../../../docs/zoo.md', import.meta.url), 'utf8'), page, 'run node scripts/zoo-table.ts')
  assert.doesNotMatch(page, /DIFFERS|unexplained/)
})
