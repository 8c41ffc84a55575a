import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunJob, RunSuccess } from '../../../src/gpu/contract.ts'
import type { RunProgress } from '../../../src/gpu/messages.ts'
import type { ExecuteOptions, Outcome } from '../../../src/gpu/queue/contract.ts'
import { type Interleaved, interleave } from '../../../src/gpu/queue/interleave.ts'
import { seededRandom } from '../../../src/gpu/timing/median-interval.ts'
import { jobOf, testDevice } from '../worker/helpers.ts'

const device = testDevice()
const sides = { a: { ...jobOf(device), batch: 1 }, b: { ...jobOf(device), batch: 2 } }
const environment = { runtimeOptions: {}, settings: {}, cpu: { governor: null }, driver: null }

interface Call {
  side: 'a' | 'b'
  options: ExecuteOptions
  job: RunJob
}
type Answer = Partial<RunSuccess> | Outcome
/** Side a takes 10 ms a call, side b, of two images, 12. */
function scripted(outcomeOf: (call: Call, index: number) => Answer = () => ({})) {
  const calls: Call[] = []
  return {
    calls,
    async execute(job: RunJob, options: ExecuteOptions): Promise<Outcome> {
      const call: Call = { side: job.batch === 1 ? 'a' : 'b', options, job }
      calls.push(call)
      const given = outcomeOf(call, calls.length - 1)
      if ('outcome' in given) return given
      const base = call.side === 'a' ? 10 : 12
      const samples = Float64Array.of(base - 1, base, base + 1)
      const success = { samples, environment, certificate: { verdict: 'valid', reasons: [] }, ...given } as unknown as RunSuccess
      return { outcome: 'succeeded', success }
    },
  }
}
const options = (over: Partial<ExecuteOptions> = {}) => ({
  timeoutMs: 60_000,
  signal: new AbortController().signal,
  onProgress() {},
  ...over,
})
function compared(outcome: Interleaved) {
  if (outcome.outcome !== 'compared') assert.fail(JSON.stringify(outcome))
  return outcome.success
}

/** a b b a a b … */
const inTurns = () => {
  let round = 0
  return () => (round++ % 2 === 0 ? ('a' as const) : ('b' as const))
}

test('sides take turns, each block in a process of its own; time is told per image; samples are kept in order', async () => {
  const worker = scripted()
  const progress: RunProgress[] = []
  const { comparison, certificate, samples } = compared(
    await interleave(sides, 8, worker, options({ onProgress: (each) => void progress.push(each) }), inTurns()),
  )
  assert.equal(worker.calls.map(({ side }) => side).join(''), 'abba'.repeat(4))
  assert.ok(worker.calls.every(({ options: { fresh } }) => fresh))
  assert.ok(
    worker.calls.every(({ job }) => job.block!.mostSamples === 62_500),
    'a million samples at most, all blocks together',
  )
  assert.ok(Math.abs(comparison.ratio - 6 / 10) < 1e-12, '12 ms for two images against 10 ms for one')
  assert.equal(comparison.verdict, 'faster')
  assert.deepEqual(comparison.a, { medianMs: 10, samples: 24 })
  assert.deepEqual(
    comparison.rounds.map(({ first }) => first),
    ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b'],
  )
  assert.deepEqual([...samples.subarray(0, 9)], [9, 10, 11, 11, 12, 13, 11, 12, 13])
  assert.equal(samples.length, 48)
  assert.deepEqual(certificate, { verdict: 'valid', reasons: [] })
  assert.equal(progress.length, 16)
  assert.deepEqual(progress[2]!.data, { phase: 'comparing', side: 'b', round: 2, rounds: 8, medianMs: 12, samples: 3 })
})

test('the certificate counts the blocks of each reason; unsteadiness of a block is none', async () => {
  const busy = { code: 'CPU_BUSY', message: 'Others were busy.' }
  const worker = scripted((_call, i) =>
    i % 4 === 0 ? { certificate: { verdict: 'suspect', reasons: [busy, { code: 'UNSTABLE', message: 'x' }] } } : {},
  )
  const { certificate } = compared(await interleave(sides, 8, worker, options()))
  assert.deepEqual(certificate, {
    verdict: 'suspect',
    reasons: [{ code: 'CPU_BUSY', message: 'In 4 of 16 blocks; the first: Others were busy.' }],
  })
})

test('the first block that does not succeed ends it, and is named', async () => {
  const failure = { code: 'WORKER_CRASHED', message: 'it died' }
  const crash = scripted((_call, i): Answer => (i === 2 ? { outcome: 'crashed', failure } : {}))
  assert.deepEqual(await interleave(sides, 8, crash, options(), inTurns()), {
    outcome: 'crashed',
    failure: { code: 'WORKER_CRASHED', message: 'side b, round 2 of 8: it died' },
  })
  assert.equal(crash.calls.length, 3)
  const cancel = scripted((_call, i): Answer => (i === 0 ? { outcome: 'cancelled', during: 'warmup' } : {}))
  assert.deepEqual(await interleave(sides, 8, cancel, options(), inTurns()), {
    outcome: 'cancelled',
    during: 'side a, round 1 of 8, warmup',
  })
})

test('the timeout is that of all blocks together', async () => {
  const worker = scripted()
  const slow = {
    execute: async (job: RunJob, given: ExecuteOptions) => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return worker.execute(job, given)
    },
  }
  const outcome = await interleave(sides, 8, slow, options({ timeoutMs: 100 }))
  assert.equal(outcome.outcome, 'timedOut')
  assert.ok(worker.calls.length < 16)
  const left = worker.calls.map(({ options: { timeoutMs } }) => timeoutMs)
  assert.ok(left.every((ms, i) => ms <= 100 && (i === 0 || ms < left[i - 1]!)))
})

test('which side goes first is drawn by lot', async () => {
  const first = async () => compared(await interleave(sides, 100, scripted(), options())).comparison.rounds.map((round) => round.first)
  const [one, other] = [await first(), await first()]
  // Outside of 20 to 80 of 100 lies less than 1 in 10⁹.
  const a = one.filter((side) => side === 'a').length
  assert.ok(a >= 20 && a <= 80, `${a} of 100`)
  assert.notDeepEqual(one, other)
})

test('equal sides, each block like the one before: by lot no more than one in a hundred is called different', async (t) => {
  const random = seededRandom(7)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const times = 2000
  const draw = () => (random() < 0.5 ? 'a' : 'b')
  let different = 0
  for (let i = 0; i < times; i++) {
    let state = normal()
    const worker = scripted(() => {
      state = 0.5 * state + Math.sqrt(0.75) * normal()
      return { samples: Float64Array.of(10 * Math.exp(0.03 * state)) }
    })
    const { comparison } = compared(await interleave({ a: sides.a, b: sides.a }, 12, worker, options(), draw))
    if (comparison.verdict !== 'noDifferenceShown') different += 1
  }
  t.diagnostic(`equal sides, ${times} comparisons of 12 rounds: ${different} called different`)
  // The chance is 0.93 % at most (W ≤ 7 of 12 pairs): above 35 lies less than 1 in 10³.
  assert.ok(different <= 35, `${different}`)
})
