import pTimeout from 'p-timeout'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { reasonCodes } from '../gpu/certificate/index.ts'
import { verdicts } from '../gpu/contract.ts'
import type { QueueMetric } from '../gpu/queue/index.ts'
import { type ProcessEnd, processEnds } from '../gpu/worker/parent/warm-process.ts'
import { type Depth, type DeviceHold, type Expired, isFinal, runStatuses } from '../store/index.ts'
import type { DeliveryMetric } from './features/webhooks/deliverer.ts'
import { HttpHistogram } from './http-histogram.ts'
import { commitOf, version } from './version.ts'

/** How long counting waiting runs may take, ms, before the metrics go without. */
const depthsMs = 2000

/** How an execution ends. */
const settled = [...runStatuses.filter(isFinal), 'requeued'] as const

/** The metrics for Prometheus. Times are in seconds, which is its convention. */
export class Metrics {
  readonly registry = new Registry()
  readonly http = new HttpHistogram(this.registry)
  readonly #wait = new Histogram({
    name: 'archmeter_run_wait_seconds',
    help: 'Time a run waited in the queue before it started.',
    labelNames: ['device', 'runtime'] as const,
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600],
    registers: [this.registry],
  })
  readonly #duration = new Histogram({
    name: 'archmeter_run_duration_seconds',
    help: 'Time from the start of a run to its end.',
    labelNames: ['device', 'runtime', 'status'] as const,
    buckets: [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600],
    registers: [this.registry],
  })
  readonly #ended = new Counter({
    name: 'archmeter_runs_ended_total',
    help: 'Runs that ended on devices of this service, by status.',
    labelNames: ['device', 'runtime', 'status'] as const,
    registers: [this.registry],
  })
  readonly #certificates = new Counter({
    name: 'archmeter_certificates_total',
    help: 'Certificates of runs on devices of this service, by verdict.',
    labelNames: ['device', 'runtime', 'verdict'] as const,
    registers: [this.registry],
  })
  readonly #reasons = new Counter({
    name: 'archmeter_certificate_reasons_total',
    help: 'Reasons that those certificates give; one may give several, and a valid one gives none.',
    labelNames: ['device', 'runtime', 'reason'] as const,
    registers: [this.registry],
  })
  readonly #restarts = new Counter({
    name: 'archmeter_worker_restarts_total',
    help: 'Worker processes started in place of one that ended, by why that one ended.',
    labelNames: ['device', 'reason'] as const,
    registers: [this.registry],
  })
  readonly #samplesExpired = new Counter({
    name: 'archmeter_runs_samples_expired_total',
    help: 'Runs whose samples this service dropped for their age.',
    registers: [this.registry],
  })

  readonly #deliveries = new Counter({
    name: 'archmeter_webhook_deliveries_total',
    help: 'Deliveries to webhooks that ended here, by outcome: delivered, or given up.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  })
  readonly #attempts = new Histogram({
    name: 'archmeter_webhook_attempt_duration_seconds',
    help: 'Time of an attempt of a delivery to a webhook, by outcome.',
    labelNames: ['outcome'] as const,
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  })

  /** Clients that watch a run or the whole service over HTTP. */
  readonly eventStreams = new Gauge({
    name: 'archmeter_event_streams',
    help: 'Open streams of events.',
    registers: [this.registry],
  })

  readonly #expected = new Set<string>()

  constructor() {
    collectDefaultMetrics({ register: this.registry })
    new Gauge({
      name: 'archmeter_build_info',
      help: 'What runs, always 1. The commit is known of a checkout and of an image that was built with it.',
      labelNames: ['version', 'commit', 'node'] as const,
      registers: [this.registry],
      async collect() {
        this.set({ version, commit: await commitOf(), node: process.version }, 1)
      },
    })
    for (const outcome of ['delivered', 'failed']) this.#deliveries.inc({ outcome }, 0)
    for (const outcome of ['success', 'failure']) this.#attempts.zero({ outcome })
  }

  /** Takes the queue's reports of its runs. */
  readonly queue = (metric: QueueMetric): void => {
    const { device, runtime } = metric
    if (metric.kind === 'started') this.#wait.observe({ device, runtime }, metric.waitMs / 1000)
    else if (metric.kind === 'certified') {
      const { verdict, reasons } = metric.certificate
      this.#certificates.inc({ device, runtime, verdict })
      for (const { code } of reasons) this.#reasons.inc({ device, runtime, reason: code })
    } else {
      this.#duration.observe({ device, runtime, status: metric.status }, metric.runMs / 1000)
      this.#ended.inc({ device, runtime, status: metric.status })
    }
  }

  /** Takes the report of a batch of samples that were dropped. */
  readonly expired = ({ runs }: Expired): void => this.#samplesExpired.inc(runs)

  /** Takes the report of a worker that started another process. */
  restarted(device: string, reason: ProcessEnd): void {
    this.#restarts.inc({ device, reason })
  }

  /** Takes the deliverer's reports. */
  readonly delivery = (metric: DeliveryMetric): void => {
    if (metric.kind === 'ended') this.#deliveries.inc({ outcome: metric.outcome }, metric.count)
    else this.#attempts.observe({ outcome: metric.succeeded ? 'success' : 'failure' }, metric.ms / 1000)
  }

  /** Webhooks by state, and what waits to be delivered to them, counted when Prometheus asks. */
  watchWebhooks(census: () => Promise<{ pending: number; enabled: number; failing: number; disabled: number }>): void {
    // One read for both.
    let read: ReturnType<typeof census> | null = null
    const counts = () => {
      read ??= pTimeout(census(), { milliseconds: depthsMs }).finally(() => (read = null))
      return read.catch(() => null)
    }
    new Gauge({
      name: 'archmeter_webhooks',
      help: 'Webhooks by state: enabled, enabled but failing, disabled.',
      labelNames: ['state'] as const,
      registers: [this.registry],
      async collect() {
        this.reset()
        const known = await counts()
        for (const state of ['enabled', 'failing', 'disabled'] as const) if (known) this.set({ state }, known[state])
      },
    })
    new Gauge({
      name: 'archmeter_webhook_deliveries_pending',
      help: 'Deliveries to webhooks that wait for an attempt.',
      registers: [this.registry],
      async collect() {
        const known = await counts()
        if (known) this.set(known.pending)
        else this.remove()
      },
    })
  }

  /**
   * Begins every series of a device at 0, before anything runs there. Prometheus sees an increase only from one scrape to the
   * next: without this the first run of a kind would be missing in every rate. A device that comes back keeps its counts.
   */
  expect(device: string, runtimes: readonly string[]): void {
    if (this.#expected.has(device)) return
    this.#expected.add(device)
    for (const reason of processEnds) this.#restarts.inc({ device, reason }, 0)
    for (const runtime of runtimes) {
      this.#wait.zero({ device, runtime })
      for (const status of settled) {
        this.#duration.zero({ device, runtime, status })
        this.#ended.inc({ device, runtime, status }, 0)
      }
      for (const verdict of verdicts) this.#certificates.inc({ device, runtime, verdict }, 0)
      for (const reason of reasonCodes) this.#reasons.inc({ device, runtime, reason }, 0)
    }
  }

  /** Devices that an admin paused or drained, read when Prometheus asks; an active one has no sample. */
  watchHolds(holds: () => Promise<Iterable<DeviceHold>>): void {
    new Gauge({
      name: 'archmeter_device_held',
      help: 'Devices that start nothing, 1 each: paused, or drained.',
      labelNames: ['device', 'host', 'state'] as const,
      registers: [this.registry],
      async collect() {
        this.reset()
        for (const { device, host, state } of await holds()) this.set({ device, host, state }, 1)
      },
    })
  }

  /** Waiting and running runs of every device, counted when Prometheus asks. */
  watchDepths(depths: () => Promise<Depth[]>): void {
    new Gauge({
      name: 'archmeter_queue_runs',
      help: 'Waiting and running runs, by device.',
      labelNames: ['device', 'host', 'state'] as const,
      registers: [this.registry],
      async collect() {
        this.reset()
        // Without a database the counts are unknown, and the other metrics are what whoever looks then needs.
        const known = await pTimeout(depths(), { milliseconds: depthsMs }).catch(() => [])
        for (const { device, host, waiting, running } of known) {
          this.set({ device, host, state: 'waiting' }, waiting)
          this.set({ device, host, state: 'running' }, running)
        }
      },
    })
  }
}
