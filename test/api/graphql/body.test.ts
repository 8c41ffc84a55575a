import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureJson } from '../../../src/api/graphql/body.ts'
import { random } from '../../engine/random.ts'

const { below, pick } = random(7)
const texts = ['', 'a', '[[{', ',,', '"', '\\', '\\"[', 'ä\u2028', '"}]']

/** A value that nests at most `left` deep. */
const value = (left: number): unknown => {
  const kind = below(left > 0 ? 5 : 3)
  if (kind === 0) return pick(texts)
  if (kind === 1) return pick([0, -1.5e9, true, null])
  if (kind === 2) return pick<unknown>([[], {}])
  const items = Array.from({ length: below(5) }, () => value(left - 1))
  return kind === 3 ? items : Object.fromEntries(items.map((item, i) => [`${pick(texts)}${i}`, item]))
}
const depthOf = (item: unknown): number =>
  typeof item === 'object' && item !== null ? 1 + Math.max(0, ...Object.values(item).map(depthOf)) : 0
/** Items and members, the value itself among them. */
const countOf = (item: unknown): number =>
  1 + (typeof item === 'object' && item !== null ? Object.values(item).reduce((sum: number, each) => sum + countOf(each), 0) : 0)
/** Of the largest object. */
const membersOf = (item: unknown): number =>
  typeof item === 'object' && item !== null
    ? Math.max(Array.isArray(item) ? 0 : Object.keys(item).length, ...Object.values(item).map(membersOf))
    : 0

test('depth is exact, and no value goes uncounted', () => {
  for (let i = 0; i < 2000; i++) {
    const made = value(6)
    for (const text of [JSON.stringify(made), JSON.stringify(made, null, 2)]) {
      const { depth, values, members } = measureJson(Buffer.from(text))
      assert.equal(depth, depthOf(made), text)
      // An object of one member has no comma, and is no large one.
      assert.equal(Math.max(members, 1), Math.max(membersOf(made), 1), text)
      assert.ok(values >= countOf(made) && values <= 2 * countOf(made), `${values}, ${countOf(made)}: ${text}`)
    }
  }
})

test('what is no JSON is measured too', () => {
  for (const text of ['', '"', '"\\', ']]]', '"abc\\"', '[,', '\xff']) assert.ok(measureJson(Buffer.from(text, 'latin1')).values >= 1)
})
