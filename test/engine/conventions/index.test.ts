import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { conventions, findConvention } from '../../../src/engine/conventions/index.ts'

const folder = new URL('../../../src/engine/conventions/', import.meta.url)

test('every convention of the folder is in the index, under the name of its file', () => {
  const files = readdirSync(folder).filter((name) => name !== 'index.ts' && name !== 'convention.ts')
  assert.deepEqual(conventions.map(({ name }) => `${name}.ts`).sort(), files.sort())
})

test('an unknown convention is refused with a list of the known ones', () => {
  assert.throws(() => findConvention('lectur'), { code: 'UNKNOWN_CONVENTION', message: /use one of .*lecture/ })
})
