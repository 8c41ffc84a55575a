/** The guard against times of launches, on what a real GPU gave. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gpuPeak } from '../../../src/gpu/certificate/peaks.ts'
import { profileProblem } from '../../../src/gpu/certificate/profile.ts'
import type { RunProfile } from '../../../src/gpu/contract.ts'

interface Capture {
  ceilings: { compute: { flopsPerSecond: number; measuredWith: string }; memory: { bytesPerSecond: number; measuredWith: string } }
  totals: { callMs: number; kernelMs: number }
  rows: { layerIds: string[]; ms: number }[]
}
const model = 'NVIDIA H200'
const peak = gpuPeak(model, 'float32', true)
const captured = (name: string): RunProfile[] =>
  (JSON.parse(readFileSync(new URL(`../../fixtures/gpu/${name}`, import.meta.url), 'utf8')) as Capture[]).map(
    ({ ceilings: { compute, memory }, totals, rows }) => ({
      perLayer: rows.map(({ layerIds, ms }) => ({ layerIds, ms })),
      unattributedMs: totals.kernelMs - rows.reduce((sum, { ms }) => sum + ms, 0),
      totalMs: totals.callMs,
      runs: 10,
      method: 'a capture',
      launchBlocking: null,
      kernelOverhead: { ms: 0.005, measuredWith: 'a capture' },
      ceilings: {
        // The best was a 3×3 convolution with stride 1, of which Winograd needs a quarter of the flops.
        compute: { ...compute, leastFlopsPerSecond: compute.flopsPerSecond / 4 },
        memory: { ...memory, bytes: 402_653_184 },
        durationMs: 0,
      },
    }),
  )

test('times of launches are refused: 12,977 Tflop/s is more than an H200 has, even by the cheapest algorithm', () => {
  const [launch] = captured('profile.launch.json')
  const problem = profileProblem(launch!, model, peak)
  assert.equal(problem?.code, 'PROFILE_REFUSED')
  assert.match(problem.message, /3244 Tflop\/s at least .*NVIDIA H200 does no more than 494\.7 \(NVIDIA H200 data sheet\)/)
})

test('times of kernels are taken, at batch 1 and at 64', () => {
  const profiles = captured('profile.blocking.json')
  assert.equal(profiles.length, 2)
  for (const profile of profiles) assert.equal(profileProblem(profile, model, peak), null)
})

test('a memory faster than its data sheet, or kernels that take longer than their call, are refused', () => {
  const [, good] = captured('profile.blocking.json')
  const { compute, memory } = good!.ceilings
  const fast = { ...good!, ceilings: { ...good!.ceilings, compute, memory: { ...memory, bytesPerSecond: 4.9e12 } } }
  assert.match(profileProblem(fast, model, peak)!.message, /4\.900 TB\/s .*no more than 4\.800/)
  const kernelMs = good!.perLayer.reduce((sum, { ms }) => sum + ms, good!.unattributedMs)
  assert.match(
    profileProblem({ ...good!, totalMs: 0.99 * kernelMs }, model, peak)!.message,
    /Its kernels add up to 13\.64 ms, more than the 13\.50 ms/,
  )
  assert.equal(profileProblem({ ...good!, totalMs: kernelMs }, model, peak), null)
})

test('a device of which nothing is known is not accused of more than its own sums', () => {
  const [launch] = captured('profile.launch.json')
  assert.equal(profileProblem(launch!, 'NVIDIA Z999', null), null)
})
