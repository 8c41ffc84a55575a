import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../src/engine/cost.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import type { Ceilings, LayerProfile } from '../../src/gpu/contract.ts'
import { rooflineOf } from '../../src/gpu/roofline.ts'

const graph = verifyGraph({
  input: { shape: [3, 8, 8] },
  layers: [
    { id: 'conv', type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: 1 },
    { id: 'bn', type: 'BatchNorm2d' },
    { id: 'relu', type: 'ReLU' },
    { id: 'flatten', type: 'Flatten' },
    { id: 'fc', type: 'Linear', outFeatures: 10 },
  ],
})
// Two images. The fused convolution: 29,696 flops, 4,096 bytes. The linear layer: 2 × 5,120 + 20 flops;
// 512 inputs, 2,570 parameters and 20 outputs, 12,408 bytes.
const ceilings: Ceilings = {
  compute: { flopsPerSecond: 1e9, leastFlopsPerSecond: 1e9, measuredWith: 'by hand' },
  memory: { bytesPerSecond: 4e8, bytes: 1e5, measuredWith: 'by hand' },
  durationMs: 0,
}
const profile = (convMs: number, fcMs: number, totalMs = 1): LayerProfile => ({
  perLayer: [
    { layerIds: ['conv', 'bn', 'relu'], ms: convMs },
    { layerIds: ['fc'], ms: fcMs },
  ],
  unattributedMs: 0.125,
  totalMs,
  runs: 3,
  method: 'by hand',
})
const near = (actual: number | null, expected: number) =>
  assert.ok(actual !== null && Math.abs(actual - expected) <= 1e-12 * Math.abs(expected), `${actual}, not ${expected}`)

test('known ceilings and times give known shares', () => {
  const { rows, totals, unattributed, ridgeFlopsPerByte, convention } = rooflineOf(graph, profile(0.07424, 0.25), ceilings, { batch: 2 })
  assert.equal(convention, 'full')
  assert.equal(ridgeFlopsPerByte, 2.5)
  const [conv, flatten, fc] = rows
  assert.deepEqual(
    rows.map(({ layerIds }) => layerIds),
    [['conv', 'bn', 'relu'], ['flatten'], ['fc']],
  )
  // 7.25 flops a byte lie beyond the ridge: 1 Gflop/s is attainable, 0.4 achieved.
  assert.deepEqual([conv!.flops, conv!.bytes, conv!.arithmeticIntensity, conv!.bound], [29_696, 4096, 7.25, 'compute'])
  assert.equal(conv!.attainableGflopsPerSecond, 1)
  near(conv!.gflopsPerSecond, 0.4)
  near(conv!.rooflineMs, 0.029696)
  near(conv!.rooflineShare, 0.4)
  near(conv!.lostMs, 0.07424 * 0.6)
  near(conv!.share, 0.07424)
  assert.equal(conv!.far, true)
  // 10,260 flops over 12,408 bytes: the memory's 0.4 GB/s bind.
  assert.deepEqual([fc!.flops, fc!.bytes, fc!.bound], [10_260, 12_408, 'memory'])
  near(fc!.attainableGflopsPerSecond, (10_260 / 12_408) * 0.4)
  near(fc!.gigabytesPerSecond, 12_408 / 0.25e6)
  near(fc!.rooflineMs, 0.03102)
  near(fc!.rooflineShare, 0.12408)
  near(fc!.rooflineShare, fc!.gflopsPerSecond! / fc!.attainableGflopsPerSecond)
  // Nothing ran for the view, and it had nothing to do.
  assert.deepEqual(
    [flatten!.ms, flatten!.flops, flatten!.bytes, flatten!.bound, flatten!.gflopsPerSecond, flatten!.rooflineShare, flatten!.far],
    [0, 0, 0, null, null, null, false],
  )
  assert.deepEqual(unattributed, { ms: 0.125, share: 0.125 })
  near(totals.kernelMs, 0.07424 + 0.25 + 0.125)
  near(totals.betweenKernelsMs, 1 - totals.kernelMs)
  near(totals.rooflineMs, 0.029696 + 0.03102)
  near(totals.lostMs, conv!.lostMs + fc!.lostMs)
  assert.equal(totals.far, 2)
  const costs = computeCosts(graph, { batch: 2, convention: 'full' }).totals
  assert.deepEqual([totals.flops, totals.macs, totals.bytes], [costs.flops, costs.macs, 4096 + 12_408])
})

test('far is under half of the roofline and at least a hundredth of the call', () => {
  const far = (...of: Parameters<typeof profile>) => rooflineOf(graph, profile(...of), ceilings, { batch: 2 }).rows.map((row) => row.far)
  const half = 2 * 0.029696
  assert.deepEqual(far(half, 0.032), [false, false, false], 'half is not under half')
  assert.deepEqual(far(half * 1.0001, 0.032), [true, false, false])
  assert.deepEqual(far(half * 1.0001, 0.032, half * 100), [true, false, false])
  assert.deepEqual(far(half * 1.0001, 0.032, half * 101), [false, false, false], 'too little time to be worth a look')
})

test('above the roofline nothing is lost, and the share says so', () => {
  const { rows, totals } = rooflineOf(graph, profile(0.014848, 0.25), ceilings, { batch: 2 })
  near(rows[0]!.rooflineShare, 2)
  assert.deepEqual([rows[0]!.lostMs, rows[0]!.far], [0, false])
  near(totals.lostMs, 0.25 - 0.03102)
})

test('a share above 1 has a named reason, and one of at most 1 has none', () => {
  const above = (convMs: number, fcMs: number, bytes: number) => {
    const { memory, ...rest } = ceilings
    const { rows, totals } = rooflineOf(graph, profile(convMs, fcMs), { ...rest, memory: { ...memory, bytes } }, { batch: 2 })
    for (const row of rows) assert.equal(row.above !== null, (row.rooflineShare ?? 0) > 1, row.layerIds.join())
    assert.equal(totals.above !== null, totals.rooflineShare! > 1)
    return [rows[0]!.above, rows[2]!.above, totals.above]
  }
  // The convolution's roofline is 0.029696 ms, of arithmetic; the linear layer's 0.03102 ms, of 12,408 bytes.
  assert.deepEqual(above(0.029696, 0.03102, 1e5), [null, null, null])
  // 3×3 with stride 1 can be had for a quarter of its flops, and no less.
  assert.deepEqual(above(0.029696 / 3.9, 1, 1e5), ['fewerFlops', null, null])
  assert.deepEqual(above(0.029696 / 4.1, 1, 1e5), ['ceilingTooLow', null, null])
  // The memory ceiling was measured by moving so many bytes: fewer can come from a cache, as many cannot.
  assert.deepEqual(above(1, 0.01, 12_409), [null, 'inCache', null])
  assert.deepEqual(above(1, 0.01, 12_408), [null, 'ceilingTooLow', null])
  const { totals } = rooflineOf(graph, { ...profile(0.001, 0.002), unattributedMs: 0 }, ceilings, { batch: 2 })
  assert.equal(totals.above, 'inCache', 'that of the longest row')
})

test('a view that takes time does nothing with it: all of it is lost', () => {
  const flattened = { ...profile(0, 0), perLayer: [{ layerIds: ['flatten'], ms: 0.2 }], unattributedMs: 0 }
  const { rows } = rooflineOf(graph, flattened, ceilings, { batch: 2 })
  const [flatten] = rows.filter(({ ms }) => ms > 0)
  assert.deepEqual([flatten!.rooflineShare, flatten!.bound, flatten!.far, flatten!.lostMs], [0, null, true, 0.2])
})
