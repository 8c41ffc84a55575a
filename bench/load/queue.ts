/** A queue that is never empty: runs on the CPU, one after another, all through the load test, and what their certificates say. */
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../figure.ts'
import { call } from '../service.ts'

interface Run {
  id: string
  status: string
  startedAt: string | null
  finishedAt: string | null
  result: { latencyMs: { p50: number | null } } | null
  certificate: { verdict: 'valid' | 'suspect' | 'invalid'; reasons: { code: string }[] } | null
  error: { code: string; message: string } | null
}

/** How many wait at most. */
const waiting = 4
/** One thread, so that one of two cores is left to the service and to what loads it. */
const settings = { threads: 1, warmupMs: 200, minDurationMs: 1000, maxDurationMs: 4000 }
const unfinished = (status: string): boolean => status === 'queued' || status === 'running'

export interface TimedRuns {
  ended: number
  verdicts: Record<'valid' | 'suspect' | 'invalid', number>
  /** How many runs each reason was given for. */
  reasons: Record<string, number>
  /** Median of a call before the load began, ms. */
  quietMs: number
  /** Of the valid ones: the lowest and highest median over `quietMs`; null without any. */
  validOverQuiet: { least: number; median: number; most: number } | null
  /** Share of the time for which the device was busy. */
  busy: number
  /** What should not have happened, in words. */
  faults: string[]
}

export class WorkingQueue {
  readonly #url: string
  readonly #architectureId: string
  readonly #ids: string[] = []
  #over = false
  #began = 0
  #feeding: Promise<void> = Promise.resolve()
  #quietMs = 0
  readonly #faults: string[] = []

  constructor(url: string, architectureId: string) {
    this.#url = url
    this.#architectureId = architectureId
  }

  #queue(): Promise<Run> {
    const body = { architectureId: this.#architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true, settings }
    return call<Run>(`${this.#url}/v1/runs`, body)
  }

  /** Times the network while nothing else is asked for. @returns ids of the runs. */
  async quiet(): Promise<string[]> {
    const ids: string[] = []
    const medians: number[] = []
    // The first one loads the runtime.
    for (let i = 0; i < 4; i++) {
      let run = await this.#queue()
      while (unfinished(run.status)) {
        await sleep(100)
        run = await call<Run>(`${this.#url}/v1/runs/${run.id}`)
      }
      if (run.status !== 'succeeded') throw new Error(`a run on the quiet service is ${run.status}: ${run.error?.message}`)
      ids.push(run.id)
      if (i > 0) medians.push(run.result!.latencyMs.p50!)
    }
    this.#quietMs = median(medians)
    return ids
  }

  /** Begins to keep runs waiting. */
  start(): void {
    this.#began = performance.now()
    this.#feeding = this.#feed()
  }

  async #feed(): Promise<void> {
    while (!this.#over) {
      try {
        const { items } = await call<{ items: { waitingCount: number }[] }>(`${this.#url}/v1/queue`)
        for (let n = items[0]?.waitingCount ?? 0; n < waiting && !this.#over; n++) this.#ids.push((await this.#queue()).id)
      } catch (cause) {
        // One that is refused for a while is queued at the next turn.
        if (!/: (429|503) /.test((cause as Error).message)) this.#faults.push((cause as Error).message)
      }
      await sleep(500)
    }
  }

  /** Ends: what waits is cancelled, what runs is waited for. */
  async stop(): Promise<{ runs: TimedRuns; ids: string[] }> {
    this.#over = true
    await this.#feeding
    await call(`${this.#url}/v1/runs/cancel`, { status: ['queued'] })
    const ended: Run[] = []
    for (const id of this.#ids) {
      let run = await call<Run>(`${this.#url}/v1/runs/${id}`)
      for (let i = 0; unfinished(run.status) && i < 600; i++) {
        await sleep(100)
        run = await call<Run>(`${this.#url}/v1/runs/${id}`)
      }
      if (run.status !== 'cancelled') ended.push(run)
    }
    return { runs: this.#summary(ended, (performance.now() - this.#began) / 1000), ids: ended.map(({ id }) => id) }
  }

  #summary(ended: readonly Run[], seconds: number): TimedRuns {
    const verdicts = { valid: 0, suspect: 0, invalid: 0 }
    const reasons: Record<string, number> = {}
    const ratios: number[] = []
    let busyMs = 0
    for (const { id, status, startedAt, finishedAt, result, certificate, error } of ended) {
      if (startedAt && finishedAt) busyMs += Date.parse(finishedAt) - Date.parse(startedAt)
      if (status !== 'succeeded' || !certificate) {
        this.#faults.push(`run ${id} is ${status}: ${error?.code} ${error?.message}`)
        continue
      }
      verdicts[certificate.verdict]++
      if (certificate.verdict === 'valid') ratios.push(result!.latencyMs.p50! / this.#quietMs)
      else if (certificate.reasons.length === 0) this.#faults.push(`run ${id} is ${certificate.verdict}, and does not say why`)
      for (const code of new Set(certificate.reasons.map((each) => each.code))) reasons[code] = (reasons[code] ?? 0) + 1
    }
    return {
      ended: ended.length,
      verdicts,
      reasons,
      quietMs: this.#quietMs,
      validOverQuiet: ratios.length === 0 ? null : { least: Math.min(...ratios), median: median(ratios), most: Math.max(...ratios) },
      busy: busyMs / 1000 / seconds,
      faults: this.#faults,
    }
  }
}
