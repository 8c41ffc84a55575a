import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Axis, type Candidate, frontOf, recommend } from '../../src/engine/recommend.ts'

const network = (name: string, top1: number, macs: number, params = 1): Candidate => ({
  name,
  top1,
  costs: { macs, params, peakActivationBytes: 1, latencyMs: null },
})

// Accuracy rises steeply to `b` and slowly after it; `dull` is as dear as `c` and no better than `b`.
const zoo = [
  network('a', 50, 1, 8),
  network('b', 74, 10, 4),
  network('c', 77, 100, 2),
  network('d', 80, 1000, 1),
  network('dull', 74, 100, 9),
]
const names = (list: readonly Candidate[]) => list.map(({ name }) => name)

describe('the Pareto front', () => {
  it('leaves out what another matches at less, and nothing else', () => {
    assert.deepEqual(names(frontOf(zoo, ['macs'])), ['d', 'c', 'b', 'a'])
    // By parameters, the most accurate is the cheapest as well.
    assert.deepEqual(names(frontOf(zoo, ['params'])), ['d'])
  })

  it('keeps its definition over random networks', () => {
    const cost = fc.integer({ min: 1, max: 9 })
    const candidate = fc.record({ top1: cost, macs: cost, params: cost })
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 30 }), (list) => {
        const all = list.map(({ top1, macs, params }, i) => network(`${i}`, top1, macs, params))
        const over: Axis[] = ['macs', 'params']
        const front = new Set(frontOf(all, over))
        const better = (a: Candidate, b: Candidate) => {
          const signs = [a.top1 - b.top1, ...over.map((axis) => b.costs[axis]! - a.costs[axis]!)]
          return signs.every((sign) => sign >= 0) && signs.some((sign) => sign > 0)
        }
        for (const each of all)
          assert.equal(
            !front.has(each),
            all.some((other) => better(other, each)),
          )
      }),
      { numRuns: 200 },
    )
  })
})

describe('the choice', () => {
  it('is the most accurate within the limits, and names the limit that binds', () => {
    const found = recommend(zoo, { macs: 500, params: 9 }, 'accuracy')
    assert.equal(found.chosen?.name, 'c')
    assert.equal(found.binding, 'macs')
    assert.deepEqual(
      found.limits.map(({ axis, used, share, without }) => [axis, used, share, without?.name ?? null]),
      [
        ['macs', 100, 0.2, 'd'],
        ['params', 2, 2 / 9, null],
      ],
    )
    assert.equal(found.runnerUp?.name, 'b')
    assert.equal(found.within, 4)
  })

  it('is the knee of the front for efficiency: a thousand times the cost of a for 30 points, of which b has 24 at ten times', () => {
    assert.equal(recommend(zoo, {}, 'efficiency').chosen?.name, 'b')
    assert.deepEqual(recommend(zoo, {}, 'efficiency').axes, ['macs'])
  })

  it('says where limits bind together that neither does alone', () => {
    const found = recommend([network('x', 50, 1, 1), network('y', 60, 9, 9)], { macs: 5, params: 5 }, 'accuracy')
    assert.deepEqual([found.chosen?.name, found.binding], ['x', null])
  })

  it('leaves out what has no figure for a limit', () => {
    const found = recommend(zoo, { latencyMs: 5 }, 'accuracy')
    assert.deepEqual([found.chosen, found.within, found.nearest], [null, 0, null])
  })
})

describe('where nothing fits', () => {
  it('each limit that alone lets something in is named with the least that does', () => {
    const { chosen, loosen } = recommend(zoo, { macs: 20, params: 3 }, 'accuracy')
    assert.equal(chosen, null)
    assert.deepEqual(
      loosen.map(({ axis, limit, least, admits }) => [axis, limit, least, admits.name]),
      [
        ['macs', 20, 100, 'c'],
        ['params', 3, 4, 'b'],
      ],
    )
  })

  it('the nearest is named with all that it needs', () => {
    const { loosen, nearest } = recommend(zoo.slice(0, 3), { macs: 0.5, params: 1 }, 'accuracy')
    assert.deepEqual(loosen, [])
    assert.equal(nearest?.candidate.name, 'a')
    assert.deepEqual(nearest?.needs, [
      { axis: 'macs', limit: 0.5, least: 1 },
      { axis: 'params', limit: 1, least: 8 },
    ])
  })

  it('never gives a limit that is too low: with it, something fits', () => {
    const cost = fc.integer({ min: 1, max: 99 })
    fc.assert(
      fc.property(fc.array(fc.record({ top1: cost, macs: cost, params: cost }), { maxLength: 9 }), cost, cost, (list, macs, params) => {
        const all = list.map((each, i) => network(`${i}`, each.top1, each.macs, each.params))
        const found = recommend(all, { macs, params }, 'accuracy')
        for (const { axis, least } of found.loosen) assert.ok(recommend(all, { macs, params, [axis]: least }, 'accuracy').chosen)
        if (found.nearest) {
          const needed = Object.fromEntries(found.nearest.needs.map(({ axis, least }) => [axis, least]))
          assert.ok(recommend(all, { macs, params, ...needed }, 'accuracy').chosen)
        }
      }),
      { numRuns: 200 },
    )
  })
})
