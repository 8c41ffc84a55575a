import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Keyring } from './access/keyring.ts'
import type { Config } from './config.ts'
import { adviceRoutes } from './features/advice/routes.ts'
import { architectureRoutes } from './features/architectures/routes.ts'
import { archiveRoutes } from './features/archive/routes.ts'
import { auditRoutes } from './features/audit/routes.ts'
import { backupRoutes } from './features/backup/routes.ts'
import { compareRoutes } from './features/compare/routes.ts'
import { conventionRoutes } from './features/conventions/routes.ts'
import { costRoutes } from './features/costs/routes.ts'
import { deviceRoutes } from './features/devices/routes.ts'
import { exportRoutes } from './features/exports/routes.ts'
import { graphqlFeatures } from './features/graphql.ts'
import { healthRoutes } from './features/health/routes.ts'
import { keyRoutes } from './features/keys/routes.ts'
import { liveRoutes } from './features/live/routes.ts'
import { memoryRoutes } from './features/memory/routes.ts'
import { builtPages, usePages } from './features/pages/routes.ts'
import { placementRoutes } from './features/placement/routes.ts'
import { predictionRoutes } from './features/prediction/routes.ts'
import { queueRoutes } from './features/queue/routes.ts'
import { recommendRoutes } from './features/recommend/routes.ts'
import { rewriteRoutes } from './features/rewrites/routes.ts'
import { runRoutes } from './features/runs/routes.ts'
import { sweepRoutes } from './features/sweeps/routes.ts'
import { webhookOperations } from './features/webhooks/message-schema.ts'
import { webhookRoutes } from './features/webhooks/routes.ts'
import { zooRoutes } from './features/zoo/routes.ts'
import { useGraphql } from './graphql/index.ts'
import { limits } from './graphql/limits.ts'
import type { Metrics } from './metrics.ts'
import { scopeAccess, useAccess } from './plugins/access.ts'
import { useAudit } from './plugins/audit.ts'
import { useCaching } from './plugins/caching.ts'
import { useConnections } from './plugins/connections.ts'
import { useCrossSite } from './plugins/cross-site.ts'
import { useEventStreams } from './plugins/event-streams.ts'
import { useMetrics } from './plugins/metrics.ts'
import { useOpenApi } from './plugins/openapi.ts'
import { refuseConnection, sendProblem, useOtherMethods, useProblems } from './plugins/problems.ts'
import { requestId, useRequests } from './plugins/requests.ts'
import { useSecurity } from './plugins/security.ts'
import { useTracing } from './plugins/tracing.ts'
import { useTransfers } from './plugins/transfers.ts'
import { useTurns } from './plugins/turns.ts'
import { useValidation } from './plugins/validation.ts'
import type { Services } from './services.ts'
import { version } from './version.ts'

export interface AppOptions {
  config: Config
  log: FastifyBaseLogger
  metrics: Metrics
  /** Null on a process of role `worker`: it serves health and metrics only. */
  services: Services | null
  /** The checks that readiness depends on, by name. */
  checks: Readonly<Record<string, () => Promise<void>>>
  /** Recognizes callers; without it everyone may do everything. */
  keyring?: Keyring | null
}

/** Assembles the HTTP application. It neither listens nor opens anything: its dependencies are passed in. */
export async function buildApp({ config, log, metrics, services, checks, keyring = null }: AppOptions): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    loggerInstance: log,
    // One line a request, written by `useRequests`.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestId,
    bodyLimit: config.MAX_BODY_BYTES,
    trustProxy: config.TRUST_PROXY,
    return503OnClosing: false,
    // For clients that connect and send no request; `useTransfers` handles the others.
    http: { headersTimeout: 20_000, connectionsCheckingInterval: 5000 },
    clientErrorHandler: refuseConnection,
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: (error, request, reply) =>
      void app.countRequest(request, reply).then(
        () => sendProblem(error, request, reply),
        (refusal) => sendProblem(refusal, request, reply),
      ),
  })
  // JSON only: Fastify would also take text.
  app.removeContentTypeParser('text/plain')
  await app.register(useConnections, { answersMs: config.SHUTDOWN_MS / 3 })
  await app.register(useValidation)
  await app.register(useProblems)
  await app.register(useTurns)
  await app.register(useTransfers, config)
  await app.register(useRequests)
  if (config.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined) await app.register(useTracing)
  await app.register(useCaching)
  await app.register(useCrossSite, config)
  await app.register(useSecurity, config)
  await app.register(useAccess, { keyring })
  await app.register(useAudit, { trail: services?.trail ?? null })
  await app.register(useMetrics, { metrics })
  await app.register(useEventStreams, { metrics, keyring })
  if (services) await app.register(useOpenApi, { version, webhooks: webhookOperations })
  healthRoutes(app, checks)
  if (services) {
    await app.register(usePages, { folder: builtPages })
    await app.register(async (scope) => {
      scopeAccess(scope, 'reader', 'runner')
      architectureRoutes(scope, services.architectures, services.uploads)
      costRoutes(scope, services.costs)
      compareRoutes(scope, services.compare)
      exportRoutes(scope, services.exports)
      rewriteRoutes(scope, services.rewrites)
      adviceRoutes(scope, services.advice)
      memoryRoutes(scope, services.memory)
      placementRoutes(scope, services.placement)
      predictionRoutes(scope, services.prediction)
      recommendRoutes(scope, services.recommend)
      zooRoutes(scope, services.zoo)
      conventionRoutes(scope)
      deviceRoutes(scope, services.devices)
      runRoutes(scope, services.runs)
      liveRoutes(scope, services.live)
      sweepRoutes(scope, services.sweeps)
      queueRoutes(scope, services.queue)
      archiveRoutes(scope, services.archives)
    })
    await app.register(async (scope) => {
      scopeAccess(scope, 'admin')
      keyRoutes(scope, services.keys)
      auditRoutes(scope, services.audit)
      webhookRoutes(scope, services.webhooks)
      backupRoutes(scope, services.backup)
    })
    await app.register(useGraphql, {
      features: graphqlFeatures(services),
      rows: Math.max(limits.rows, config.MAX_LAYERS),
      keyring,
      trail: services.trail,
    })
  }
  await app.register(useOtherMethods)
  await app.ready()
  return app
}
