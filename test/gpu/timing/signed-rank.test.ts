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

test('the interval is that of Hollander and Wolfe for Hamilton’s depression scores, 96 %', () => {
  // Nonparametric Statistical Methods, 1973, table 3.1 and example 3.3; the data are those of R's wilcox.test.
  const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
  const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
  const { estimate, interval } = signedRankLocation(
    after.map((y, i) => y - before[i]!),
    0.96,
  )
  assert.deepEqual(
    [estimate, ...interval].map((x) => x.toFixed(3)),
    ['-0.460', '-0.786', '-0.010'],
  )
})

test('of all ways to give the differences signs, at most one in a hundred has an interval without 0', () => {
  for (const n of [8, 9, 10, 12]) {
    let without = 0
    for (let signs = 0; signs < 2 ** n; signs++) {
      // No two averages are equal.
      const { interval } = signedRankLocation(
        Array.from({ length: n }, (_, i) => ((signs >> i) & 1 ? 1 : -1) * 1.37 ** i),
        0.99,
      )
      if (interval[0] > 0 || interval[1] < 0) without += 1
    }
    const critical = { 8: 0, 9: 1, 10: 3, 12: 7 }[n]!
    assert.equal(without / 2 ** n, 2 * signedRankDistribution(n)[critical]!)
    assert.ok(without / 2 ** n <= 0.01, `${without} of ${2 ** n}`)
  }
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
