/**
 * Traces by OpenTelemetry, sent over OTLP/HTTP as JSON. The SDK is loaded where an endpoint is set and nowhere else; without it
 * what the service calls of `@opentelemetry/api` does nothing.
 */
import { randomUUID } from 'node:crypto'
import os from 'node:os'
import { context, propagation, trace } from '@opentelemetry/api'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import pTimeout from 'p-timeout'
import type { Config } from './config.ts'
import { otlpHeaders } from './otlp.ts'
import { version } from './version.ts'

type TracingConfig = Pick<
  Config,
  'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_EXPORTER_OTLP_HEADERS' | 'OTEL_SERVICE_NAME' | 'OTEL_TRACES_SAMPLER_ARG'
>

export interface TracingLog {
  info(object: object, message: string): void
  warn(object: object, message: string): void
}

/**
 * How long spans are gathered before they are sent together; how long a collector may take for them, and at the end of the service for
 * all that is left, ms.
 */
const times = { gatherMs: 5000, exportMs: 5000, lastMs: 2000 }

/**
 * Records the spans of this process from now on.
 * @param gatherMs another time to gather spans for; for tests.
 * @returns sends what is left, and stops. Null where no endpoint is set.
 */
export async function startTracing(
  config: TracingConfig,
  log: TracingLog,
  gatherMs = times.gatherMs,
): Promise<(() => Promise<void>) | null> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: name, OTEL_TRACES_SAMPLER_ARG: share } = config
  if (endpoint === undefined) return null
  const [sdk, { OTLPTraceExporter }, { AsyncLocalStorageContextManager }, { W3CTraceContextPropagator }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/core'),
      import('@opentelemetry/resources'),
    ])
  // As the specification of OTLP says: the path of the signal follows the endpoint.
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`
  const exporter = new OTLPTraceExporter({ url, headers: otlpHeaders(config.OTEL_EXPORTER_OTLP_HEADERS), timeoutMillis: times.exportMs })
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({
      'service.name': name,
      'service.version': version,
      'service.instance.id': randomUUID(),
      'host.name': os.hostname(),
      'process.pid': process.pid,
    }),
    // A caller's decision counts: its trace is whole, or not there.
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(share) }),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: told(exporter, url, log),
        scheduledDelayMillis: gatherMs,
        exportTimeoutMillis: times.exportMs,
      }),
    ],
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(provider)
  log.info({ url, share }, 'spans are sent to a collector')
  return async () => {
    trace.disable()
    context.disable()
    propagation.disable()
    await pTimeout(provider.shutdown(), { milliseconds: times.lastMs, message: false }).catch(() => {})
  }
}

/** The exporter, with a line in the log when the collector stops taking spans, and one when it takes them again. */
function told(exporter: SpanExporter, url: string, log: TracingLog): SpanExporter {
  let refused = false
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        // 0: SUCCESS of the SDK's ExportResultCode.
        const failed = result.code !== 0
        if (failed && !refused) log.warn({ url, reason: result.error?.message }, 'the collector does not take spans; they are dropped')
        else if (!failed && refused) log.info({ url }, 'the collector takes spans again')
        refused = failed
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}
