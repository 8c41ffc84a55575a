import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../src/engine/cost.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { CountOverflow, product, sum } from '../../src/engine/exact.ts'
import { numel } from '../../src/engine/shape.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { random } from './random.ts'

const largest = 2n ** 53n - 1n

test('2^53 − 1 is exact, 2^53 is refused: by product, by sum, by the elements of a tensor', () => {
  // 2^53 − 1 = 6361 · 69431 · 20394401.
  assert.equal(product(6361, 69431, 20394401), Number.MAX_SAFE_INTEGER)
  assert.equal(numel([6361, 69431, 20394401]), Number.MAX_SAFE_INTEGER)
  assert.equal(sum(Number.MAX_SAFE_INTEGER, 0), Number.MAX_SAFE_INTEGER)
  assert.throws(() => product(2 ** 26, 2 ** 27), CountOverflow)
  assert.throws(() => numel([2 ** 26, 2 ** 27]), CountOverflow)
  assert.throws(() => sum(Number.MAX_SAFE_INTEGER, 1), CountOverflow)
})

test('products and sums agree with whole-number arithmetic without bound, or are refused exactly where it passes 2^53 − 1', () => {
  const { below } = random(1)
  for (let i = 0; i < 20_000; i++) {
    const factors = Array.from({ length: 1 + below(4) }, () => below(2 ** (1 + below(31))))
    for (const [exact, fold] of [
      [product, (a: bigint, b: bigint) => a * b],
      [sum, (a: bigint, b: bigint) => a + b],
    ] as const) {
      // A prefix may pass the bound before a factor of 0: it is refused there, so leave such cases out.
      if (exact === product && factors.includes(0)) continue
      const truth = factors.map(BigInt).reduce(fold)
      if (truth > largest) assert.throws(() => exact(...factors), CountOverflow, factors.join())
      else assert.equal(BigInt(exact(...factors)), truth, factors.join())
    }
  }
})

test('a layer whose count passes 2^53 − 1 is named', () => {
  const graph = verifyGraph({
    input: { shape: [64, 1024, 1024] },
    layers: [
      { id: 'small', type: 'Conv2d', outChannels: 1, kernelSize: 1 },
      { id: 'large', type: 'Conv2d', outChannels: 65536, kernelSize: 31, padding: 15 },
    ],
  })
  // large: 65536·2^20 outputs of 961 each = 66,039,432,593,408 multiply-adds an image: 136 images pass 2^53 − 1.
  assert.equal(computeCosts(graph).layers[1]?.macs, 65536 * 2 ** 20 * 961)
  assert.equal(computeCosts(graph, { batch: 100 }).layers[1]?.macs, 65536 * 2 ** 20 * 961 * 100)
  assert.throws(
    () => computeCosts(graph, { batch: 137 }),
    (error) =>
      error instanceof EngineError &&
      error.code === 'COST_OVERFLOW' &&
      error.errors[0]?.layerId === 'large' &&
      /layer large/.test(error.message),
  )
})

test('totals that pass 2^53 − 1 although no layer does are refused as well', () => {
  const layers = Array.from({ length: 8 }, (_, i) => ({
    id: `fc${i}`,
    type: 'Linear',
    outFeatures: 2 ** 20,
    bias: false,
  }))
  const graph = verifyGraph({ input: { shape: [2 ** 20] }, layers })
  // 2^40 multiply-adds a layer and image; at 1100 images 8 of them pass 2^53 only together.
  assert.equal(computeCosts(graph, { batch: 1000 }).totals.macs, 8 * 2 ** 40 * 1000)
  assert.throws(() => computeCosts(graph, { batch: 1100 }), { code: 'COST_OVERFLOW' })
})
