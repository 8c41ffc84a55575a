/**
 * A worker that follows a script instead of a network: what it does stands in the run's settings. It keeps the
 * contract of `Executor`: it resolves only when it is idle or its process would be dead, and never overlaps itself.
 */
import assert from 'node:assert/strict'
import type { RunJob, RunSuccess } from '../../../src/gpu/contract.ts'
import type { ExecuteOptions, Executor, Outcome, QueueDevice } from '../../../src/gpu/queue/index.ts'
import type { Store } from '../../../src/store/index.ts'
import { someRun } from '../../store/helper.ts'

export interface Script {
  /** Default `succeed`. */
  does?: 'succeed' | 'fail' | 'crash' | 'hang' | 'throw'
  /** For how long it works, ms. */
  ms?: number
  progress?: number
  /** What it says it measured. */
  medianMs?: number
}

export const deviceNamed = (name: string, uuid: string): QueueDevice => ({
  name,
  uuid,
  kind: 'cpu',
  index: 0,
  host: 'testhost',
  model: 'scripted',
  driver: null,
})

export class ScriptedWorker implements Executor {
  readonly device: string
  /** When each run began and ended, ms. */
  readonly intervals: { runId: string; start: number; end: number }[] = []
  /** Called while the worker still computes after it was told to end, so that a test can look at the run then. */
  whileDying: ((runId: string) => Promise<void>) | null = null
  #busy = false

  constructor(device: QueueDevice) {
    this.device = device.uuid
  }

  async execute(job: RunJob, options: ExecuteOptions): Promise<Outcome> {
    assert.equal(this.#busy, false, 'two runs at once on one device')
    assert.equal(job.device.uuid, this.device)
    this.#busy = true
    const start = performance.now()
    try {
      return await this.#play(job, options)
    } finally {
      this.intervals.push({ runId: job.runId, start, end: performance.now() })
      this.#busy = false
    }
  }

  async #play(job: RunJob, { timeoutMs, signal, onProgress }: ExecuteOptions): Promise<Outcome> {
    const { does = 'succeed', ms = 5, progress = 0, medianMs = null } = job.settings as Script
    for (let i = 0; i < progress; i++) onProgress({ type: 'progress', data: { i } })
    const worked = await new Promise<'done' | 'timedOut' | 'cancelled'>((resolve) => {
      const finish = (how: 'done' | 'timedOut' | 'cancelled') => {
        clearTimeout(work)
        clearTimeout(deadline)
        resolve(how)
      }
      const work = setTimeout(() => finish('done'), does === 'hang' ? 2 ** 31 - 1 : ms)
      const deadline = setTimeout(() => finish('timedOut'), timeoutMs)
      if (signal.aborted) finish('cancelled')
      signal.addEventListener('abort', () => finish('cancelled'), { once: true })
    })
    if (worked !== 'done') {
      await this.whileDying?.(job.runId)
      // A process takes a moment to die.
      await new Promise((resolve) => setTimeout(resolve, 20))
      return { outcome: worked, during: 'measure' }
    }
    if (does === 'throw') throw new Error('scripted')
    if (does === 'crash') return { outcome: 'crashed', failure: { code: 'WORKER_CRASHED', message: 'killed by SIGSEGV' } }
    if (does === 'fail') return { outcome: 'failed', failure: { code: 'OUT_OF_MEMORY', message: 'scripted' } }
    return { outcome: 'succeeded', success: scriptedSuccess(medianMs) }
  }
}

const scriptedSuccess = (p50: number | null) =>
  ({
    result: { latencyMs: { p50 }, samples: 3, stable: true, output: { elements: 2, maxAbs: 1, first: [1, -1] } },
    certificate: { verdict: 'valid', reasons: [] },
    environment: { host: 'testhost' },
    samples: new Float64Array([1, 2, 3]),
    outputs: new Float32Array([1, -1]),
  }) as unknown as RunSuccess

/** A run that has the worker play `script`. */
export const scriptedRun = (architectureId: string, device: QueueDevice, script: Script, over: Parameters<typeof someRun>[1] = {}) =>
  someRun(architectureId, {
    device: device.name,
    deviceUuid: device.uuid,
    host: device.host,
    settings: { warmupMs: 5, minDurationMs: 10, ...script },
    ...over,
  })

/** Waits for the run's last event; its type is the run's state. */
export async function ended(store: Store, runId: string): Promise<string> {
  let last = ''
  for await (const event of store.events.follow(runId)) last = event.type
  return last
}

/** Waits until the run's events hold one of this type. */
export async function reached(store: Store, runId: string, type: string): Promise<void> {
  const controller = new AbortController()
  for await (const event of store.events.follow(runId, 0, controller.signal)) if (event.type === type) return
  assert.fail(`run ${runId} ended without ${type}`)
}
