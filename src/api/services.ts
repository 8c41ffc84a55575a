import type { DeviceDirectory } from '../gpu/devices/directory.ts'
import type { RunQueue } from '../gpu/queue/index.ts'
import type { AuditLine, Backup, Store } from '../store/index.ts'
import { AuditTrail } from './access/audit-trail.ts'
import type { Keyring } from './access/keyring.ts'
import { Targets } from './access/targets.ts'
import type { Config } from './config.ts'
import { AdviceService } from './features/advice/service.ts'
import { ArchitectureNames } from './features/architectures/names.ts'
import { ArchitectureService } from './features/architectures/service.ts'
import { Uploads } from './features/architectures/upload.ts'
import { ArchiveService } from './features/archive/service.ts'
import { AuditService } from './features/audit/service.ts'
import { CompareService } from './features/compare/service.ts'
import { CostService } from './features/costs/service.ts'
import { DeviceService } from './features/devices/service.ts'
import { ExportService } from './features/exports/service.ts'
import { KeyNames } from './features/keys/names.ts'
import { KeyService } from './features/keys/service.ts'
import { type LiveOptions, LiveService } from './features/live/service.ts'
import { MemoryService } from './features/memory/service.ts'
import { PlacementService } from './features/placement/service.ts'
import { PredictionService } from './features/prediction/service.ts'
import { QueueService } from './features/queue/service.ts'
import { RecommendService } from './features/recommend/service.ts'
import { RewriteService } from './features/rewrites/service.ts'
import { RunAdmission } from './features/runs/admission.ts'
import { RunService } from './features/runs/service.ts'
import { SweepService } from './features/sweeps/service.ts'
import { type DelivererOptions, WebhookDeliverer } from './features/webhooks/deliverer.ts'
import { WebhookMessages } from './features/webhooks/message.ts'
import { WebhookService } from './features/webhooks/service.ts'
import { ZooService } from './features/zoo/service.ts'
import { EnginePool, type PoolLog } from './pool/pool.ts'

/** The services behind REST and GraphQL, neither of which has rules of its own. */
export interface Services {
  architectures: ArchitectureService
  uploads: Uploads
  costs: CostService
  compare: CompareService
  exports: ExportService
  archives: ArchiveService
  rewrites: RewriteService
  advice: AdviceService
  memory: MemoryService
  placement: PlacementService
  prediction: PredictionService
  recommend: RecommendService
  devices: DeviceService
  runs: RunService
  sweeps: SweepService
  queue: QueueService
  zoo: ZooService
  live: LiveService
  keys: KeyService
  audit: AuditService
  trail: AuditTrail
  webhooks: WebhookService
  /** Makes the deliveries to webhooks, once it is started. */
  deliverer: WebhookDeliverer
  /** A backup of the store, ready to be written; the audit log has who took it. */
  backup: (line: AuditLine) => Promise<Backup>
}

export interface ServiceOptions {
  config: Config
  store: Store
  pool: EnginePool
  queue: RunQueue
  directory: Pick<DeviceDirectory, 'list'>
  log: LiveOptions['log'] & DelivererOptions['log']
  keyring?: Keyring | null
  /** Takes reports of deliveries to webhooks. */
  onDelivery?: DelivererOptions['onMetrics']
}

export function createServices({
  config,
  store,
  pool,
  queue,
  directory,
  log,
  keyring = null,
  onDelivery = () => {},
}: ServiceOptions): Services {
  const architectures = new ArchitectureService({ store, pool })
  const costs = new CostService({ architectures, pool, cacheBytes: config.COST_CACHE_BYTES })
  const compare = new CompareService({ architectures, pool })
  const devices = new DeviceService({ directory, store, queue })
  const admission = new RunAdmission({ architectures, costs, devices })
  const names = new ArchitectureNames(store)
  const prediction = new PredictionService({ store, pool, architectures, devices })
  const runs = new RunService({ store, queue, admission, architectures, pool, names, keyNames: new KeyNames(store), prediction })
  const sweeps = new SweepService({ store, queue, admission, names, prediction })
  const exports = new ExportService({ architectures, pool, store, runs })
  const rewrites = new RewriteService({ store, pool, architectures })
  const uploads = new Uploads(store, config.MAX_UPLOAD_BYTES)
  const queues = new QueueService(queue, names)
  const zoo = new ZooService(pool)
  const targets = new Targets(config.WEBHOOK_ALLOW_HOSTS)
  const trail = new AuditTrail({ audit: store.audit, log, days: config.AUDIT_DAYS })
  return {
    architectures,
    uploads,
    costs,
    compare,
    exports,
    archives: new ArchiveService({ store, pool }),
    rewrites,
    advice: new AdviceService({ architectures, pool, store, runs, prediction }),
    memory: new MemoryService({ architectures, devices, pool }),
    placement: new PlacementService({ architectures, pool }),
    prediction,
    recommend: new RecommendService({ store, zoo, prediction }),
    devices,
    runs,
    sweeps,
    queue: queues,
    zoo,
    live: new LiveService({ store, names, queue: queues, devices, log }),
    keys: new KeyService(store, keyring),
    audit: new AuditService(store.audit, trail),
    trail,
    webhooks: new WebhookService(store, targets),
    deliverer: new WebhookDeliverer({
      ...{ store, targets, log, messages: new WebhookMessages(store, names), onMetrics: onDelivery },
      retryHours: config.WEBHOOK_RETRY_HOURS,
    }),
    backup: async (line) => {
      const backup = await store.backup()
      try {
        await store.audit.write(line)
      } catch (error) {
        await backup.discard()
        throw error
      }
      return backup
    },
  }
}

/** The processes that read and cost architectures, as configured. */
export const createPool = (config: Config, log?: PoolLog): EnginePool =>
  new EnginePool({
    processes: config.VERIFY_PROCESSES,
    limits: { maxLayers: config.MAX_LAYERS, maxElements: config.MAX_ELEMENTS, maxTensors: 2 * config.MAX_LAYERS },
    timeoutMs: config.MAX_VERIFY_MS,
    maxBodyBytes: config.MAX_BODY_BYTES,
    ...(log ? { log } : {}),
  })
