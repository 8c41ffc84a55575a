import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pairsNeeded, signedRankDistribution, signedRankLocation } from '../../../src/gpu/timing/signed-rank.ts'
import { studentQuantile } from '../../../src/gpu/timing/student.ts'

test('the distribution of the signed-rank sum is that of all 2ⁿ choices of sign', () => {
  for (const n of [1, 4, 9]) {
    const counts = new Float64Array((n * (n + 1)) / 2 + 1)
    for (let signs = 0; signs < 2 ** n; signs++) {
      let sum = 0
      for (let rank = 1; rank <= n; rank++) if (signs & (1 << (rank - 1))) sum += rank
      counts[sum]! += 1
    }
    let below = 0
    const expected = counts.map((count) => (below += count) / 2 ** n)
    assert.deepEqual(signedRankDistribution(n), expected)
  }
})

test('critical values are those of the published table (two-tailed 1 %: n 8 to 20)', () => {
  // Wilcoxon and Wilcox, "Some Rapid Approximate Statistical Procedures", 1964.
  for (const [n, critical] of [
    [8, 0],
    [9, 1],
    [10, 3],
    [11, 5],
    [12, 7],
    [13, 9],
    [14, 12],
    [15, 15],
    [20, 37],
  ] as const) {
    const below = signedRankDistribution(n)
    assert.ok(below[critical]! <= 0.005 && below[critical + 1]! > 0.005, `n ${n}`)
  }
  assert.equal(pairsNeeded(0.99), 8)
  assert.equal(pairsNeeded(0.95), 6)
})

test('estimate and interval: symmetric differences around 3, and one wild pair moves neither far', () => {
  const differences = [2.6, 2.7, 2.8, 2.9, 3, 3, 3.1, 3.2, 3.3, 3.4]
  const { estimate, interval } = signedRankLocation(differences, 0.99)
  assert.ok(Math.abs(estimate - 3) < 1e-12)
  assert.ok(Math.abs(interval[0] + interval[1] - 6) < 1e-12, 'symmetric around 3')
  const wild = signedRankLocation([...differences.slice(0, 9), 1000], 0.99)
  assert.ok(Math.abs(wild.estimate - 3) < 0.1 && wild.interval[1] < 1000)
  assert.throws(() => signedRankLocation(differences.slice(0, 7), 0.99), /7 pairs are too few.*8 are needed/)
})

test('Student’s quantiles are those of the table', () => {
  for (const [df, one, five] of [
    [1, 63.657, 12.706],
    [2, 9.925, 4.303],
    [3, 5.841, 3.182],
    [5, 4.032, 2.571],
    [10, 3.169, 2.228],
    [30, 2.75, 2.042],
    [120, 2.617, 1.98],
    [1e6, 2.576, 1.96],
  ] as const) {
    assert.ok(Math.abs(studentQuantile(0.01, df) - one) < 6e-4, `df ${df}: ${studentQuantile(0.01, df)}`)
    assert.ok(Math.abs(studentQuantile(0.05, df) - five) < 6e-4, `df ${df}: ${studentQuantile(0.05, df)}`)
  }
})
