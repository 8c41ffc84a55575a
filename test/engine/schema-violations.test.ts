import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { describeSchema, schemaViolations } from '../../src/engine/schema-violations.ts'

test('both ends of a range are told, and whether an end is in it', () => {
  const words = [
    { minimum: 1, maximum: 5 },
    { minimum: 0 },
    { maximum: 7 },
    { exclusiveMinimum: 0 },
    { exclusiveMinimum: 0, maximum: 1 },
    { exclusiveMinimum: 0, exclusiveMaximum: 1 },
    { minimum: 2, exclusiveMaximum: 3 },
    { exclusiveMaximum: 3 },
    {},
  ].map((range) => describeSchema(Type.Number(range)))
  assert.deepEqual(words, [
    'a number from 1 to 5',
    'a number of at least 0',
    'a number of at most 7',
    'a number above 0',
    'a number above 0 and at most 1',
    'a number above 0 and below 1',
    'a number of at least 2 and below 3',
    'a number below 3',
    'a number',
  ])
})

test('a list of objects that is too short, too long or holds a wrong one is told so', () => {
  const steps = Type.Object({ steps: Type.Array(Type.Object({ name: Type.String() }), { minItems: 1, maxItems: 2 }) })
  const told = (list: unknown[]) => schemaViolations(steps, { steps: list })
  assert.deepEqual(told([]), [{ path: '/steps', message: 'steps has 0 entries, but must be a list of 1 to 2 values, each an object' }])
  assert.match(told([{ name: 'a' }, { name: 'b' }, { name: 'c' }])[0]!.message, /steps has 3 entries/)
  assert.equal(told([{ name: 1 }])[0]!.path, '/steps/0/name')
  assert.deepEqual(told([{ name: 'a' }]), [])
})

test('an entry of a list is named with its list, and a bound that was passed is told', () => {
  const told = (schema: Record<string, unknown>, value: unknown) => schemaViolations(Type.Object(schema as never), value)[0]!.message
  const recipe = { recipe: Type.Array(Type.Object({ rewrite: Type.String() })) }
  assert.equal(told(recipe, { recipe: [null] }), 'recipe[0] is null, but must be an object')
  assert.equal(schemaViolations(Type.Array(Type.Object({})), [1])[0]!.message, 'item 0 is 1, but must be an object')
  const batch = { batch: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }) }
  assert.equal(told(batch, { batch: 2 ** 31 }), 'batch is 2147483648, but must be an integer from 1 to 2147483647')
  assert.equal(
    told(batch, { batch: '99999999999999999999' }),
    'batch is "99999999999999999999", but must be an integer from 1 to 2147483647',
  )
  assert.equal(told(batch, { batch: 0 }), 'batch is 0, but must be an integer of at least 1')
  const none = schemaViolations(Type.Object({}, { additionalProperties: false }), { x: 1 })
  assert.deepEqual(none, [{ path: '/x', message: 'unknown key "x": none is taken here' }])
})

test('a string is described by its examples, its format or its pattern', () => {
  const words = [{ pattern: '^a+$', examples: ['aa', 'aaa'] }, { format: 'date-time' }, { format: 'uuid' }, { pattern: '^a+$' }]
  assert.deepEqual(
    words.map((schema) => describeSchema(Type.String(schema))),
    ['a string such as aa or aaa', 'a string such as 2026-01-31T12:00:00Z', 'a string in the format uuid', 'a string that matches ^a+$'],
  )
})

test('an object with fewer keys than it needs is told which it may have', () => {
  const filter = Type.Object({ status: Type.Optional(Type.String()), label: Type.Optional(Type.String()) }, { minProperties: 1 })
  assert.deepEqual(schemaViolations(filter, {}), [{ path: '', message: 'this must have at least 1 of status, label' }])
  assert.deepEqual(schemaViolations(Type.Object({ filter }), { filter: {} }), [
    { path: '/filter', message: 'filter must have at least 1 of status, label' },
  ])
  assert.deepEqual(schemaViolations(filter, { label: 'a=b' }), [])
})
