import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RunJob } from '../contract.ts'
import type { RunProgress } from '../messages.ts'
import type { Session } from '../runtimes/contract.ts'
import { median } from './percentiles.ts'
import { maxSamples, offlineBlockMs, type TimingSettings } from './settings.ts'
import { type Stability, spread, stability, windowMedians } from './stability.ts'

/** Monotonic time, ms. Injected, so that a test decides what time it is. */
export interface Clock {
  now(): number
}

export interface Measurement {
  firstRunMs: number
  warmup: { runs: number; durationMs: number; agreed: boolean }
  /** Every timed call, ms, in order; of the offline scenario the mean call of each block. */
  samples: Float64Array
  /** 1, or in the offline scenario the calls of a block. */
  callsPerSample: number
  stability: Stability
  /** What ended it: `settled` is minimum duration, minimum samples and, but for a block, stability together. */
  endedBy: 'settled' | 'maxDuration' | 'maxSamples'
  /** The timed part on the clock, ms. */
  interval: { start: number; end: number }
}

/**
 * One event a second is enough to watch. Each is a write to the database and goes to every listener, which on a CPU
 * takes cycles and cache from the very call that is being timed.
 */
const progressEveryMs = 1000
/** Least growth of a series, ms, before its stability is checked again. */
const lookEveryMs = 250
const warmupCapFactor = 3

/** A growing list of doubles, so that a long run does not allocate at each sample. */
class Samples {
  #values = new Float64Array(1024)
  #length = 0
  get length(): number {
    return this.#length
  }
  add(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(2 * this.#length)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#length++] = value
  }
  all(): Float64Array {
    return this.#values.subarray(0, this.#length)
  }
}

/** Whether the last half of the warm-up, in windows of equal count, agrees as well as the stability test will ask. */
function windowsAgree(samples: Float64Array, { stabilityWindows: count, stabilityTolerance }: TimingSettings): boolean {
  const size = Math.ceil(samples.length / (2 * count))
  const windows = windowMedians(samples.subarray(Math.max(0, samples.length - count * size)), Math.min(count, samples.length))
  return spread(windows) <= stabilityTolerance
}

/**
 * Times a loaded network. The first call is apart; then calls are made untimed for `warmupMs` and until the windows
 * agree (at most three times as long, never fewer than three calls); then every call is timed until minimum duration,
 * minimum samples and stability are reached together, or the cap. One call ends before the next begins.
 * The runtime's errors pass through.
 * @param block of a comparison: steadiness is not waited for, and the samples are bounded.
 */
export async function measure(
  session: Pick<Session, 'run'>,
  settings: TimingSettings,
  clock: Clock,
  onProgress: (progress: RunProgress) => void,
  block?: RunJob['block'],
): Promise<Measurement> {
  const mostSamples = block?.mostSamples ?? maxSamples
  let lastProgress = clock.now()
  const phase = (name: string, data: Record<string, unknown> = {}) => {
    onProgress({ type: 'phase', data: { phase: name, ...data } })
    lastProgress = clock.now()
  }
  /** Reports progress, and lets messages through, which a runtime that blocks its thread would hold up. */
  const progress = async (data: () => Record<string, unknown>) => {
    if (clock.now() - lastProgress < progressEveryMs) return
    onProgress({ type: 'progress', data: data() })
    await nextTurn()
    lastProgress = clock.now()
  }
  const timed = async (): Promise<number> => {
    const start = clock.now()
    await session.run()
    return clock.now() - start
  }

  phase('firstRun')
  const firstRunMs = await timed()

  phase('warmup', { firstRunMs })
  const warm = new Samples()
  const warmStart = clock.now()
  let agreed = false
  for (let elapsed = 0; ; ) {
    if (elapsed >= settings.warmupMs && warm.length >= 3) {
      agreed = windowsAgree(warm.all(), settings)
      if (agreed || elapsed >= warmupCapFactor * settings.warmupMs) break
    }
    // Checking the windows takes a sort, so it is done a few times a second, not after each call of a fast network.
    const until = elapsed < settings.warmupMs ? settings.warmupMs : elapsed + settings.warmupMs / 10
    do {
      warm.add(await timed())
      elapsed = clock.now() - warmStart
      await progress(() => ({ phase: 'warmup', runs: warm.length, elapsedMs: elapsed }))
    } while (elapsed < until && warm.length < maxSamples)
    if (warm.length >= maxSamples) break
  }
  const warmup = { runs: warm.length, durationMs: clock.now() - warmStart, agreed }

  const callMs = warmup.durationMs / warm.length
  const callsPerSample = settings.scenario === 'offline' ? Math.max(1, Math.ceil(offlineBlockMs / Math.max(1e-3, callMs))) : 1
  const sample = async (): Promise<number> => {
    const start = clock.now()
    for (let call = 0; call < callsPerSample; call++) await session.run()
    return (clock.now() - start) / callsPerSample
  }

  phase('timing', { warmup })
  const samples = new Samples()
  const start = clock.now()
  let nextLook = settings.minDurationMs
  for (;;) {
    samples.add(await sample())
    const end = clock.now()
    const elapsed = end - start
    const finish = (endedBy: Measurement['endedBy'], verdict = stability(samples.all(), settings)): Measurement => ({
      firstRunMs,
      warmup,
      samples: samples.all().slice(),
      callsPerSample,
      stability: verdict,
      endedBy,
      interval: { start, end },
    })
    if (samples.length >= settings.minSamples && elapsed >= nextLook) {
      const verdict = stability(samples.all(), settings)
      if (verdict.stable || block) return finish('settled', verdict)
      // Each further check is another chance to look stable by luck, so the series must grow by a tenth first.
      nextLook = elapsed + Math.max(lookEveryMs, elapsed / 10)
    }
    if (samples.length >= mostSamples) return finish('maxSamples')
    if (elapsed >= settings.maxDurationMs) return finish('maxDuration')
    await progress(() => ({ phase: 'timing', samples: samples.length, elapsedMs: elapsed, medianMs: median(samples.all().slice(-101)) }))
  }
}
