import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { describeSchema } from '../../src/engine/schema-problems.ts'

test('both ends of a range are told, and whether an end is in it', () => {
  const words = [
    { minimum: 1, maximum: 5 },
    { minimum: 0 },
    { maximum: 7 },
    { exclusiveMinimum: 0 },
    { exclusiveMinimum: 0, maximum: 1 },
    {},
  ].map((range) => describeSchema(Type.Number(range)))
  assert.deepEqual(words, [
    'a number from 1 to 5',
    'a number of at least 0',
    'a number of at most 7',
    'a number above 0',
    'a number above 0 and at most 1',
    'a number',
  ])
})
