/**
 * One execution of a claimed run: drives the worker and stores events and the final state. The run's state is changed only
 * once the worker process is idle or dead, so that a run never ends, or starts again, while its process still computes.
 */
import { createHash } from 'node:crypto'
import { type OpenSizes, otherSizes } from '../../engine/formats/onnx-import/index.ts'
import type { Graph } from '../../engine/graph.ts'
import {
  type Architecture,
  type Claim,
  type Ending,
  type FinalStatus,
  type HeldModel,
  holdModel,
  isRefusal,
  type Log,
  type Run,
  type Store,
  StoreError,
} from '../../store/index.ts'
import { compareOutputs } from '../certificate/agreement.ts'
import { besideEarlier, mostEarlier, notRepeated } from '../certificate/repeats.ts'
import { type Clock, pause, within } from '../clock.ts'
import type { BackendName, Certificate, ModelFile, Precision, RunJob, RunSuccess, RuntimeName, TimingSettings } from '../contract.ts'
import type { RunProgress } from '../messages.ts'
import { RunTrace } from '../run-trace.ts'
import { defaultSettings, resolveSettings } from '../timing/settings.ts'
import type { Executor, Outcome, QueueDevice, QueueMetric } from './contract.ts'
import { type Interleaved, interleave } from './interleave.ts'

/**
 * Why an execution is interrupted: a user cancelled it, this service stops, its device went away or was paused, or another
 * service took the run over.
 */
export type Interruption = 'cancel' | 'shutdown' | 'deviceGone' | 'devicePaused' | 'leaseLost'

/** `unstored`: the database did not accept the end of the run; `storeAgain` tries later. */
export type Settled = FinalStatus | 'requeued' | 'unstored'

/** Pauses between attempts to store the end of a run while the database does not answer, ms. */
const storing = { tries: 30, triesInStop: 2, pauseMs: 1000 }
/** How long the end of a run waits for events of its progress to be stored, ms. */
const progressMs = 5000
const gaveBack = {
  shutdown: 'The service was shut down during the run; it runs again at the next start',
  deviceGone: 'Its device went away during the run; it runs again when the device is back',
  devicePaused: 'Its device was paused during the run; it runs again from the start when the device is resumed',
}

/** One side of a comparison, or the only one of any other run, as it is stored. */
type Side = Pick<Run, 'runtime' | 'backend' | 'batch' | 'precision' | 'resolution' | 'sizes' | 'weights' | 'settings'>

/** What a line of the log names of a run. */
export const stepOf = ({ id, device, runtime, status, attempt }: Run) => ({ runId: id, device, runtime, status, attempt })

/** Why a run ended as it did, in a few words; null where it succeeded and nothing speaks against it. */
function reasonOf(outcome: Outcome | Interleaved): string | null {
  switch (outcome.outcome) {
    case 'succeeded':
    case 'compared':
      return outcome.success.certificate.reasons.map(({ code }) => code).join(', ') || null
    case 'failed':
    case 'crashed':
      return `${outcome.failure.code}: ${outcome.failure.message}`
    case 'timedOut':
      return `timed out in phase ${outcome.during}`
    case 'cancelled':
      return 'cancelled on request'
  }
}

/** The code of what went wrong; null where nothing did. */
function errorOf(outcome: Outcome | Interleaved): string | null {
  if (outcome.outcome === 'failed' || outcome.outcome === 'crashed') return outcome.failure.code
  return outcome.outcome === 'timedOut' ? 'TIMED_OUT' : null
}

interface ExecutionOptions {
  store: Store
  log: Log
  clock: Clock
  /** Must not throw. */
  meter: (metric: QueueMetric) => void
}

export class Execution {
  readonly run: Run
  readonly #device: QueueDevice
  readonly #worker: Executor
  readonly #store: Store
  readonly #log: Log
  readonly #clock: Clock
  readonly #trace: RunTrace
  readonly #meter: (metric: QueueMetric) => void
  readonly #controller = new AbortController()
  /** Aborted by a stop of the service, even if the run was already interrupted for another reason. */
  readonly #stop = new AbortController()
  #interruption: Interruption | null = null
  /** Progress is stored one after the other, in the order in which it came. */
  #progress: Promise<unknown> = Promise.resolve()
  /** Late progress, and progress still waiting to be stored, is dropped. */
  #progressOver = false
  /** Null until the worker is done with the run. */
  #outcome: Outcome | Interleaved | null = null
  /** Of the certificate that was stored. */
  #verdict: string | null = null
  /** How long the device was taken, ms, by a clock that nobody sets. */
  #ranMs = 0

  constructor(run: Run, device: QueueDevice, worker: Executor, { store, log, clock, meter }: ExecutionOptions) {
    this.run = run
    this.#device = device
    this.#worker = worker
    this.#store = store
    this.#log = log
    this.#clock = clock
    this.#trace = new RunTrace(run)
    this.#meter = meter
  }

  /** Ends the worker process, then settles the run accordingly. The first reason counts, but a lost lease beats all. */
  interrupt(why: Interruption): void {
    if (this.#interruption === null || why === 'leaseLost') this.#interruption = why
    if (why === 'shutdown') this.#stop.abort()
    this.#controller.abort()
  }

  /** Runs to the end; never rejects. @returns what became of the run. */
  async settle(): Promise<Settled> {
    const settled = await this.#settle()
    this.#trace.end(settled, errorOf(this.#outcome!), this.#verdict)
    return settled
  }

  async #settle(): Promise<Settled> {
    const began = this.#clock.now()
    const outcome = await this.#execute()
    this.#ranMs = this.#clock.now() - began
    await within(this.#clock, this.#progress, progressMs)
    this.#progressOver = true
    this.#outcome = outcome
    for (let tries = 1; ; tries++) {
      const settled = await this.storeAgain()
      // Read again each time: a stop may have been requested meanwhile.
      const most = this.#stop.signal.aborted ? storing.triesInStop : storing.tries
      if (settled !== 'unstored') return settled
      if (tries >= most) {
        this.#log.error({ runId: this.run.id, tries }, 'the end of a run could not be stored; its lease is given up')
        return 'unstored'
      }
      await pause(this.#clock, storing.pauseMs, this.#stop.signal.aborted ? undefined : this.#stop.signal)
    }
  }

  /** Stores the end of the run, once. Never rejects. */
  async storeAgain(): Promise<Settled> {
    const { id: runId } = this.run
    try {
      return (await this.#record(this.#outcome!)) ?? 'requeued'
    } catch (err) {
      if (this.#interruption === 'leaseLost') return 'requeued'
      this.#log.warn({ err, runId }, 'the end of a run was not stored')
      const { outcome } = this.#outcome!
      if (!isRefusal(err) || (outcome !== 'succeeded' && outcome !== 'compared')) return 'unstored'
      // Trying again would be refused again; at least the fact that the run ended is stored.
      const message = `The run ended, and its result could not be stored: ${(err as Error).message.slice(0, 500)}. See the log of the service`
      this.#outcome = { outcome: 'failed', failure: { code: 'RESULT_NOT_STORED', message } }
      return this.storeAgain()
    }
  }

  get #claim(): Claim {
    return { id: this.run.id, owner: this.run.owner!, attempt: this.run.attempt }
  }

  async #execute(): Promise<Outcome | Interleaved> {
    const { run } = this
    const held: HeldModel[] = []
    try {
      const job = await this.#jobOf(run.architectureId, run, held)
      const options = {
        timeoutMs: run.timeoutMs,
        signal: this.#controller.signal,
        onProgress: ({ type, data }: RunProgress) => {
          if (type === 'phase') this.#trace.phase(String(data.phase))
          this.#progress = this.#progress
            .then(() => (this.#progressOver ? null : this.#store.events.append(run.id, type, data, run.owner!)))
            .catch((err) => this.#log.warn({ err, runId: run.id }, 'progress of a run was not stored'))
        },
      }
      if (!run.against) return await this.#worker.execute(job, { ...options, fresh: false })
      const other = await this.#jobOf(run.againstArchitectureId!, run.against as Side, held)
      return await interleave({ a: job, b: other }, run.rounds!, this.#worker, { ...options, clock: this.#clock })
    } catch (err) {
      if (err instanceof StoreError && err.code === 'WEIGHTS_MISSING')
        return { outcome: 'failed', failure: { code: err.code, message: err.message } }
      this.#log.error({ err, runId: run.id }, 'the worker of a device failed outside of its run')
      return {
        outcome: 'failed',
        failure: { code: 'WORKER_FAILED', message: `The worker could not take the run: ${(err as Error).message}` },
      }
    } finally {
      for (const model of held)
        await model
          .release()
          .catch((err) => this.#log.warn({ err, runId: run.id, path: model.path }, 'a file held for a run was not removed'))
    }
  }

  /** @param held gets the file with the weights, where the side takes them, for as long as the job lasts. */
  async #jobOf(architectureId: string, side: Side, held: HeldModel[]): Promise<RunJob> {
    const { run } = this
    const architecture = await this.#store.architectures.get(architectureId)
    const graph = architecture!.graph as Graph
    const { sizes: registered } = architecture!.source as { sizes?: OpenSizes }
    const other = otherSizes(graph, registered, { resolution: side.resolution, ...side.sizes })
    const sizes = other ?? registered
    const file = side.weights === 'file' || other ? await this.#modelOf(architecture!, sizes, held) : null
    return {
      runId: run.id,
      graph,
      runtime: side.runtime as RuntimeName,
      backend: side.backend as BackendName,
      device: this.#device,
      batch: side.batch,
      precision: side.precision as Precision,
      // Of a file that is read at other sizes it is one of them.
      resolution: other ? null : side.resolution,
      profile: run.profile,
      // Queued by an earlier version, it may lack some.
      settings: resolveSettings(side.settings as Partial<TimingSettings>),
      ...(other ? { sized: file! } : {}),
      ...(side.weights === 'file' ? { model: file! } : {}),
    }
  }

  /** @param held gets the model and the files beside it, for as long as the job lasts. */
  async #modelOf({ id, blob }: Architecture, sizes: OpenSizes | undefined, held: HeldModel[]): Promise<ModelFile> {
    if (blob === null) throw new StoreError('WEIGHTS_MISSING', 'The file with the weights went with its architecture, which was deleted')
    const model = await holdModel(this.#store, { id, blob })
    held.push(model)
    const { path, data } = model
    const open = sizes ? { sizes } : {}
    if (data.length === 0) return { path, digest: blob, ...open }
    const beside = data.map(({ location, digest }) => ({ location, digest }))
    const content = createHash('sha256').update(JSON.stringify([blob, beside]))
    return { path, digest: `sha256:${content.digest('hex')}`, data, ...open }
  }

  /** @returns the state that this execution gave the run, null where the run no longer belonged to it. */
  async #record(outcome: Outcome | Interleaved): Promise<FinalStatus | 'requeued' | null> {
    if (outcome.outcome === 'cancelled') {
      if (this.#interruption === 'leaseLost') return null
      if (this.#interruption !== 'cancel') {
        const why = this.#interruption ?? 'shutdown'
        const run = await this.#store.runs.giveBack(this.#claim, why, gaveBack[why])
        if (run) this.#log.info({ ...stepOf(run), reason: gaveBack[why] }, run.status === 'cancelled' ? 'run ended' : 'run given back')
        return run?.status === 'cancelled' ? 'cancelled' : run && 'requeued'
      }
    }
    const ending = await this.#ending(outcome)
    const run = await this.#store.runs.finish(this.#claim, { ...ending, ranMs: this.#ranMs })
    const certificate = ending.certificate as Certificate | undefined
    if (run && certificate) {
      this.#verdict = certificate.verdict
      this.#meter({ kind: 'certified', device: run.device, runtime: run.runtime, certificate })
    }
    if (run) this.#log.info({ ...stepOf(run), reason: reasonOf(outcome) }, 'run ended')
    else this.#log.warn({ runId: this.run.id }, 'a run ended here after another service had taken it over; its result is dropped')
    return run && (run.status as FinalStatus)
  }

  async #ending(outcome: Outcome | Interleaved): Promise<Ending> {
    switch (outcome.outcome) {
      case 'compared':
        return { status: 'succeeded', ...outcome.success }
      case 'succeeded':
        return this.#success(outcome.success)
      case 'failed':
      case 'crashed':
        return { status: 'failed', error: outcome.failure }
      case 'timedOut': {
        const message = `It did not end within its timeoutMs of ${this.run.timeoutMs} (it was in phase ${outcome.during}): give it more time, or measure for less long`
        return { status: 'timedOut', error: { code: 'TIMED_OUT', message } }
      }
      case 'cancelled':
        return { status: 'cancelled', error: { code: 'CANCELLED', message: 'Cancelled on request' } }
    }
  }

  /** Adds how its output and its median agree with those of other runs, which only the store knows. */
  async #success({ result, certificate, environment, samples, outputs }: RunSuccess): Promise<Ending> {
    const { runs } = this.#store
    const counterpart = await runs.counterpart(this.run.id)
    const output = { ...result.output, agreement: counterpart && compareOutputs(outputs, counterpart) }
    return {
      status: 'succeeded',
      result: { ...result, output },
      certificate: await this.#besideEarlier(certificate, result.latencyMs.p50),
      environment,
      samples,
      output: outputs,
    }
  }

  async #besideEarlier(certificate: Certificate, medianMs: number | null): Promise<Certificate> {
    const { measurement, settings } = this.run
    if (measurement === null || medianMs === null) return certificate
    const earlier = await this.#store.runs.mediansOf(measurement, notRepeated, mostEarlier)
    // Runs queued before this setting existed continue after an update of the service.
    const { repeatTolerance } = { ...defaultSettings, ...settings }
    return besideEarlier(certificate, medianMs, earlier, repeatTolerance)
  }
}
