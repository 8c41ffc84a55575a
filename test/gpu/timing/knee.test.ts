import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kneeOf } from '../../../src/gpu/timing/knee.ts'

/** A device that needs `fixed` ms a call and `perImage` ms for each image beyond what runs side by side. */
const device = (batches: number[], fixed: number, perImage: number, parallel: number) =>
  batches.map((batch) => {
    const latencyMs = fixed + perImage * Math.max(0, batch - parallel)
    return { latencyMs, throughputPerSecond: (1000 * batch) / latencyMs }
  })

test('the knee of a device that is full at a batch of 8 is 8', () => {
  const batches = [1, 2, 4, 8, 16, 32, 64]
  assert.equal(batches[kneeOf(device(batches, 10, 1.25, 8))!], 8)
})

test('the published example: the knee of y = −1/x + 5 on 0.1 … is where Kneedle’s paper has it, x about 0.22', () => {
  // Figure 2 of the paper: x from 0.1 to 1 in tenths, knee at x = 0.2.
  const x = Array.from({ length: 10 }, (_, i) => (i + 1) / 10)
  const points = x.map((latencyMs) => ({ latencyMs, throughputPerSecond: -1 / latencyMs + 5 + 10 }))
  assert.ok([0.2, 0.3].includes(x[kneeOf(points)!]!))
})

test('no knee where throughput grows as latency does, where it never grows, or with two points', () => {
  assert.equal(kneeOf([1, 2, 3, 4].map((each) => ({ latencyMs: each, throughputPerSecond: each }))), null)
  assert.equal(kneeOf(device([1, 2, 4, 8], 0, 10, 0)), null, 'a CPU with one core: the same throughput at every batch')
  assert.equal(kneeOf(device([1, 64], 10, 1, 8)), null)
  assert.equal(kneeOf([]), null)
})

test('stretching either axis moves no knee', () => {
  const curve = device([1, 2, 4, 8, 16, 32], 5, 0.9, 4)
  const stretched = curve.map(({ latencyMs, throughputPerSecond }) => ({
    latencyMs: 3 * latencyMs + 7,
    throughputPerSecond: throughputPerSecond / 100,
  }))
  assert.equal(kneeOf(stretched), kneeOf(curve))
})
