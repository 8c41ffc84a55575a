import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunProgress } from '../../../src/gpu/messages.ts'
import { measure } from '../../../src/gpu/timing/measure.ts'
import { defaultSettings, resolveSettings, settingsViolations, type TimingSettings } from '../../../src/gpu/timing/settings.ts'

/** A session whose calls take what `duration` says of the call's number, on a clock of its own. */
function simulate(duration: (call: number) => number) {
  let now = 1_000_000
  let calls = 0
  return {
    clock: { now: () => now },
    session: {
      run() {
        now += duration(calls++)
      },
    },
    get calls() {
      return calls
    },
  }
}
const settings = (given: Partial<TimingSettings> = {}) => resolveSettings(given)
const collect = () => {
  const events: RunProgress[] = []
  return { events, onProgress: (event: RunProgress) => void events.push(event) }
}

test('the first run stands apart, warm-up is not timed, every timed call is kept', async () => {
  const simulated = simulate((call) => (call === 0 ? 500 : 10 + (call % 2)))
  const { events, onProgress } = collect()
  const result = await measure(simulated.session, settings(), simulated.clock, onProgress)
  assert.equal(result.firstRunMs, 500)
  assert.equal(result.warmup.agreed, true)
  assert.ok(result.warmup.durationMs >= 1000 && result.warmup.durationMs < 1250, `${result.warmup.durationMs}`)
  assert.equal(result.endedBy, 'settled')
  assert.equal(1 + result.warmup.runs + result.samples.length, simulated.calls)
  assert.deepEqual([...new Set(result.samples)].sort(), [10, 11])
  assert.deepEqual(
    events.filter((event) => event.type === 'phase').map((event) => event.data.phase),
    ['firstRun', 'warmup', 'timing'],
  )
})

test('the samples fill the interval, and the minimum duration is kept', async () => {
  const simulated = simulate(() => 5)
  const { samples, interval } = await measure(simulated.session, settings({ minDurationMs: 3000 }), simulated.clock, () => {})
  assert.ok(interval.end - interval.start >= 3000)
  assert.equal(
    samples.reduce((sum, sample) => sum + sample, 0),
    interval.end - interval.start,
  )
})

test('a slow network is timed past the minimum duration until it has its samples', async () => {
  const simulated = simulate(() => 300)
  const result = await measure(simulated.session, settings(), simulated.clock, () => {})
  assert.equal(result.samples.length, defaultSettings.minSamples)
  assert.equal(result.endedBy, 'settled')
})

test('warm-up goes on while windows disagree, but not for ever', async () => {
  const cooling = simulate((call) => 10 + 100 * Math.exp(-call / 8))
  const settled = await measure(cooling.session, settings(), cooling.clock, () => {})
  assert.ok(settled.warmup.agreed)
  assert.ok(settled.warmup.durationMs >= 1000 && settled.warmup.durationMs < 3000, `${settled.warmup.durationMs}`)
  const restless = simulate((call) => 10 * 1.02 ** Math.min(call, 400))
  const { warmup } = await measure(restless.session, settings({ maxDurationMs: 5000 }), restless.clock, () => {})
  assert.equal(warmup.agreed, false)
  assert.ok(warmup.durationMs >= 3000 && warmup.durationMs < 4500, `${warmup.durationMs}`)
})

test('no warm-up time still means three calls', async () => {
  const simulated = simulate(() => 10)
  const { warmup } = await measure(simulated.session, settings({ warmupMs: 0 }), simulated.clock, () => {})
  assert.deepEqual(warmup, { runs: 3, durationMs: 30, agreed: true })
})

test('a step prolongs the timing until it is diluted', async () => {
  const simulated = simulate((call) => (call < 220 ? 10 : 12))
  const { samples, endedBy, stability } = await measure(simulated.session, settings(), simulated.clock, () => {})
  assert.equal(endedBy, 'settled')
  assert.ok(stability.stable && samples.length > 500, `${samples.length} samples`)
})

test('latencies that never settle end at the cap, unstable, with every sample', async () => {
  const simulated = simulate((call) => 10 + call / 10)
  const result = await measure(simulated.session, settings({ maxDurationMs: 10_000 }), simulated.clock, () => {})
  assert.equal(result.endedBy, 'maxDuration')
  assert.equal(result.stability.stable, false)
  assert.ok(result.interval.end - result.interval.start < 10_200)
})

test('progress comes at most once a second, in warm-up as in timing', async () => {
  const simulated = simulate(() => 1)
  const at: number[] = []
  const { events, onProgress } = collect()
  await measure(simulated.session, settings({ warmupMs: 4500, minDurationMs: 10_500 }), simulated.clock, (event) => {
    onProgress(event)
    if (event.type === 'progress') at.push(simulated.clock.now())
  })
  for (let i = 1; i < at.length; i++) assert.ok(at[i]! - at[i - 1]! >= 1000, `${at}`)
  const progress = events.filter((event) => event.type === 'progress')
  const phases = progress.map((event) => event.data.phase)
  // A phase is an event of its own, from which the second counts anew.
  assert.deepEqual(phases, [...Array(4).fill('warmup'), ...Array(10).fill('timing')])
  assert.equal(progress.at(-1)!.data.medianMs, 1)
})

test('an error of the runtime passes through', async () => {
  const simulated = simulate((call) => {
    if (call === 7) throw new Error('kernel failed')
    return 1
  })
  await assert.rejects(
    measure(simulated.session, settings(), simulated.clock, () => {}),
    /kernel failed/,
  )
})

test('settings: defaults in full, contradictions named', () => {
  assert.deepEqual(Object.keys(resolveSettings()).sort(), [
    'convSearch',
    'cudaGraph',
    'driftTolerance',
    'fuseConvBias',
    'gpuMemoryBytes',
    'graphOptimization',
    'layout',
    'maxDurationMs',
    'minDurationMs',
    'minSamples',
    'mode',
    'repeatTolerance',
    'scenario',
    'seed',
    'stabilityTolerance',
    'stabilityWindows',
    'tf32',
    'threads',
    'warmupMs',
  ])
  assert.deepEqual(settingsViolations(resolveSettings()), [])
  assert.deepEqual(
    settingsViolations(resolveSettings({ minDurationMs: 5000, maxDurationMs: 100 })).map((problem) => problem.path),
    ['/maxDurationMs'],
  )
})

test('offline: calls follow one another, a sample is the mean of a block of them, and its length follows the network', async () => {
  const fast = simulate((call) => (call % 2 === 0 ? 0.5 : 1.5))
  const result = await measure(fast.session, settings({ scenario: 'offline' }), fast.clock, () => {})
  assert.equal(result.callsPerSample, 25, 'blocks of 25 ms at 1 ms a call')
  assert.ok(
    result.samples.every((mean) => mean >= 0.98 && mean <= 1.02),
    'means of calls that take 0.5 and 1.5 ms',
  )
  assert.equal(1 + result.warmup.runs + result.samples.length * result.callsPerSample, fast.calls)
  const timed = result.samples.reduce((sum, mean) => sum + mean * result.callsPerSample, 0)
  assert.ok(Math.abs(timed - (result.interval.end - result.interval.start)) < 1e-6)
  const slow = simulate(() => 40)
  assert.equal((await measure(slow.session, settings({ scenario: 'offline' }), slow.clock, () => {})).callsPerSample, 1)
})
