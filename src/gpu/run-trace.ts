/**
 * A run in a trace of OpenTelemetry: the time it waited, its execution, and the phases that its worker process reports, below the
 * request that queued it. Where the service has set up no SDK (`src/api/tracing.ts`) nothing is recorded. The worker process itself
 * runs no such code: it would be timed with the network.
 */
import { type Context, context, propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Run } from '../store/index.ts'

/** What is under way as W3C Trace Context writes it, to be kept with a run; null where nothing is traced. */
export function currentTraceparent(): string | null {
  const carrier: { traceparent?: string } = {}
  propagation.inject(context.active(), carrier)
  return carrier.traceparent ?? null
}

const tracer = () => trace.getTracer('archmeter')

/** The spans of one execution. */
export class RunTrace {
  readonly #span: Span
  readonly #inside: Context
  #phase: Span | null = null

  /** @param run claimed. */
  constructor(run: Run) {
    const from = run.traceparent === null ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent: run.traceparent })
    const attributes = attributesOf(run)
    const started = run.startedAt!
    const waited = { attributes, startTime: run.waitingSince }
    // By the database's clock, which may have been set between the two.
    tracer()
      .startSpan(`wait ${run.device}`, waited, from)
      .end(new Date(Math.max(started.getTime(), run.waitingSince.getTime())))
    this.#span = tracer().startSpan(`process ${run.device}`, { attributes, kind: SpanKind.CONSUMER }, from)
    this.#inside = trace.setSpan(from, this.#span)
  }

  /** The worker has reached another phase. */
  phase(name: string): void {
    this.#phase?.end()
    this.#phase = tracer().startSpan(name, {}, this.#inside)
  }

  /** @param status that the run has now. @param error its code; null where it has none. @param verdict of its certificate. */
  end(status: string, error: string | null, verdict: string | null): void {
    this.#phase?.end()
    this.#span.setAttribute('archmeter.run.status', status)
    if (verdict !== null) this.#span.setAttribute('archmeter.certificate.verdict', verdict)
    if (error !== null) this.#span.setAttribute('error.type', error)
    if (status === 'failed' || status === 'timedOut' || status === 'unstored')
      this.#span.setStatus({ code: SpanStatusCode.ERROR, ...(error === null ? {} : { message: error }) })
    this.#span.end()
  }
}

/** By OpenTelemetry's conventions for messages where they have a name for it. */
const attributesOf = (run: Run) => ({
  'messaging.system': 'archmeter',
  'messaging.operation.name': 'process',
  'messaging.operation.type': 'process',
  'messaging.destination.name': run.device,
  'messaging.message.id': run.id,
  'archmeter.run.id': run.id,
  'archmeter.run.attempt': run.attempt,
  'archmeter.architecture.id': run.architectureId,
  'archmeter.device': run.device,
  'archmeter.device.uuid': run.deviceUuid,
  'archmeter.runtime': run.runtime,
  'archmeter.backend': run.backend,
  'archmeter.precision': run.precision,
  'archmeter.batch': run.batch,
  ...(run.keyId === null ? {} : { 'archmeter.key.id': run.keyId }),
})
