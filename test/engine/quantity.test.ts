import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showBytes, showCount } from '../../src/engine/quantity.ts'

const cases: [reason: string, text: string, expected: string][] = [
  ['as it is below a thousand', showCount(999), '999'],
  ['ResNet-50 by torchvision: 4.09 GFLOPS', showCount(4_089_184_256), '4.09 G'],
  ['three figures round down', showCount(999_400), '999 k'],
  ['rounded up to a thousand, it is one of the next unit', showCount(999_600), '1.00 M'],
  ['the same where the fourth figure rounds', showCount(999_999), '1.00 M'],
  ['nothing is above peta', showCount(1_234e15), '1234 P'],
  ['a thousand KiB are less than a MiB: no exponent', showBytes(1_023_700), '1000 KiB'],
  ['up to 1023 KiB', showBytes(1023 * 1024), '1023 KiB'],
  ['a MiB', showBytes(2 ** 20), '1.00 MiB'],
  ['1000 MiB', showBytes(1000 * 2 ** 20), '1000 MiB'],
  ['less', showBytes(-30_000_000), '-28.6 MiB'],
]

for (const [reason, text, expected] of cases) test(`${expected}: ${reason}`, () => assert.equal(text, expected))
