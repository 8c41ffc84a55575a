import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { agreementPage } from '../scripts/agreement.ts'

const page = agreementPage()

test('docs/agreement.md is what `npm run agreement` writes', () => {
  assert.equal(readFileSync(new URL('../docs/agreement.md', import.meta.url), 'utf8'), page)
})

test('every figure of the page is the other tool’s', () => {
  assert.ok(page.includes('4,089,184,256'))
  // What differs stands in bold; nothing else does.
  assert.doesNotMatch(page, /\*\*/)
})
