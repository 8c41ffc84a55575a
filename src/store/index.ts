/**
 * The store: architectures, runs, their events and samples, API keys, in the embedded database or in a PostgreSQL server. The
 * only part of the service that speaks SQL.
 */

import pTimeout from 'p-timeout'
import type { PgBoss } from 'pg-boss'
import { Architectures } from './architectures.ts'
import { Audit } from './audit.ts'
import { type Backup, takeBackup } from './backup/snapshot.ts'
import { Blobs } from './blobs.ts'
import { Bulletins } from './bulletins.ts'
import { type DataFolder, holdDataFolder, makeDataFolder } from './data-folder.ts'
import type { Database, Driver, Log } from './database.ts'
import { Deliveries } from './deliveries.ts'
import { DeviceStates } from './device-states.ts'
import { DiskSpace } from './disk-space.ts'
import type { Limits } from './drivers/postgres.ts'
import { sql } from './drizzle.ts'
import { damageProblem, publicReason, StoreError } from './errors.ts'
import { Events } from './events.ts'
import { Keys } from './keys.ts'
import { MeasuredRuns } from './measured-runs.ts'
import { migrate } from './migrate.ts'
import { holdMoment, type Moment } from './moment.ts'
import { CHANNEL, Notifications } from './notifications.ts'
import type { QueueBounds } from './queue-bounds.ts'
import { Runs } from './runs.ts'
import { Sweeps } from './sweeps.ts'
import { Tickets } from './tickets.ts'
import { KeyUsage } from './usage.ts'
import { Waiting } from './waiting.ts'
import { Webhooks } from './webhooks.ts'

export {
  type ArchitectureFilter,
  type ArchitectureQuery,
  type ArchitectureSummary,
  architectureSorts,
  type NewArchitecture,
} from './architectures.ts'
export {
  type AuditAction,
  type AuditFilter,
  type AuditLine,
  auditActions,
  auditSubjects,
} from './audit.ts'
export { type Restored, restoreBackup } from './backup/restore.ts'
export type { Backup } from './backup/snapshot.ts'
export type { BlobFile, HeldBlob } from './blobs.ts'
export type { Cancellation } from './cancel.ts'
export { isUuid, type Page } from './cursor.ts'
export type { Database, Log } from './database.ts'
export { Deliveries, type DeliveryClaim, type DeliveryFilter } from './deliveries.ts'
export type { DeviceHold, NewDeviceState } from './device-states.ts'
export { diskProblem } from './disk-space.ts'
export { isRefusal, StoreError, type StoreErrorCode } from './errors.ts'
export type { RunEventInContext } from './events.ts'
export type { Expired, Expiry } from './expire-samples.ts'
export { type HeldModel, holdModel } from './held-model.ts'
export type { InsertOptions } from './insert-run.ts'
export type { KeySummary } from './keys.ts'
export type { LearningFrom, MeasuredRun } from './measured-runs.ts'
export type { KeptBytes, Moment } from './moment.ts'
export type { ArchitectureChange, Change } from './notifications.ts'
export { type WebhookEvent, webhookEvents } from './outbox.ts'
export { fateOf, ownName } from './process-name.ts'
export { type RunFilter, runSorts } from './run-list.ts'
export {
  type Depth,
  type DeviceQueue,
  type NewRun,
  type PastRun,
  type RunningRun,
  type RunPoint,
  workloadOf,
} from './run-queries.ts'
export type { RunList } from './runs.ts'
export { type Counterpart, type Samples, samplesExpired } from './samples.ts'
export {
  type ApiKey,
  type Architecture,
  type AuditEntry,
  type DeliveryStatus,
  type DeviceState,
  deliveryStatuses,
  deviceStateNames,
  type FinalStatus,
  isFinal,
  type Role,
  type Run,
  type RunError,
  type RunEvent,
  type RunSizes,
  type RunStatus,
  roles,
  runStatuses,
  type Sweep,
  type Webhook,
  type WebhookDelivery,
} from './schema.ts'
export { byShare, MOST_SHARED_PRIORITY, NO_KEY, type Share } from './shares.ts'
export type { SweepRun } from './sweeps.ts'
export { type AddEntry, tarStream } from './tar.ts'
export { type Claim, type Ending, MAX_OWNERS_LOST } from './transitions.ts'
export { Turns, turns } from './turns.ts'
export type { Quotas, Usage } from './usage.ts'
export type { Line, WaitingRun, Workload } from './waiting.ts'
export { mostWebhooks, previousSecretHours } from './webhooks.ts'

export interface StoreOptions {
  /** Folder of the embedded store and of files; created when needed. */
  dataDir: string
  /** `postgres://…`; the embedded store without it. */
  databaseUrl?: string | undefined
  /** Time limits for a server; for tests. */
  databaseLimits?: Limits
  log: Log
  /**
   * Size of a reserve file in the data folder that is removed when the disk is full, so that ends of runs can be stored,
   * bytes. Default 0: none.
   */
  reserveBytes?: number
  /** How many runs may wait. Default: any number. */
  bounds?: QueueBounds
}

export interface Store {
  kind: 'pglite' | 'postgres'
  /** Drizzle, for what the modules below do not offer. Inside one of its transactions use its handle only. */
  db: Database
  /** Started; its jobs are tickets. */
  boss: PgBoss
  architectures: Architectures
  blobs: Blobs
  deviceStates: DeviceStates
  disk: DiskSpace
  keys: Keys
  usage: KeyUsage
  audit: Audit
  webhooks: Webhooks
  deliveries: Deliveries
  runs: Runs
  measuredRuns: MeasuredRuns
  waiting: Waiting
  sweeps: Sweeps
  events: Events
  bulletins: Bulletins
  tickets: Tickets
  notifications: Notifications
  /** Resolves where the database answers within `timeoutMs`. @throws StoreError DATABASE_UNREACHABLE */
  ping(timeoutMs?: number): Promise<void>
  /** Makes a backup ready, while the store goes on. @throws StoreError BACKUP_BY_PG_DUMP where the database is a server's */
  backup(): Promise<Backup>
  /** Everything as it is now, to be read while the store goes on; close it. @throws StoreError DATABASE_UNREACHABLE */
  moment(): Promise<Moment>
  /** Ends queue, listeners and connections, and frees the data folder. A second call waits for the first. */
  close(): Promise<void>
}

/**
 * Opens the store and brings its tables up to date; several services may do so at once on one server.
 * @throws StoreError DATA_FOLDER_IN_USE, DATA_FOLDER_UNUSABLE, DATABASE_UNREACHABLE, DATABASE_DAMAGED, MIGRATION_FAILED
 */
export async function openStore({ dataDir, databaseUrl, databaseLimits, log, reserveBytes = 0, bounds }: StoreOptions): Promise<Store> {
  const folder: DataFolder | null = databaseUrl ? null : await holdDataFolder(dataDir)
  // Beside a server only copies of files lie there, which other services may use too.
  const files = folder?.path ?? (await makeDataFolder(dataDir))
  let driver: Driver | undefined
  let boss: PgBoss | undefined
  let blobs: Blobs | undefined
  const shut = async () => {
    await boss?.stop({ graceful: false })
    await driver?.close()
    await blobs?.scratch.close()
    await folder?.release()
  }
  try {
    // Only the driver that is used is loaded.
    driver = folder
      ? await (await import('./drivers/pglite.ts')).openPglite(folder.path, log)
      : await (await import('./drivers/postgres.ts')).openPostgres(databaseUrl!, log, databaseLimits)
    const applied = await migrate(driver)
    if (applied.length > 0) log.info({ migrations: applied, store: driver.kind }, 'the database was brought up to date')
    const notifications = new Notifications()
    await driver.listen(
      CHANNEL,
      (message) => notifications.receive(message),
      () => notifications.receiveGap(),
    )
    boss = driver.boss()
    boss.on('error', (err) => log.error({ err }, 'the queue reports an error'))
    boss.on('warning', (warning) => log.debug({ warning }, 'the queue reports a warning'))
    await boss.start()
    const { kind, db, heard } = driver
    const tickets = new Tickets(boss)
    const runs = new Runs(db, tickets, bounds)
    blobs = new Blobs({ db, kind, dataDir: files, log })
    await blobs.sweep()
    const [opened, kept] = [driver, blobs]
    let closing: Promise<void> | undefined
    return {
      kind,
      db,
      boss,
      tickets,
      notifications,
      architectures: new Architectures(db, tickets, blobs),
      blobs,
      deviceStates: new DeviceStates(db),
      disk: new DiskSpace(files, { reserveBytes }),
      keys: new Keys(db),
      usage: new KeyUsage(db),
      audit: new Audit(db),
      webhooks: new Webhooks(db),
      deliveries: new Deliveries(db),
      runs,
      measuredRuns: new MeasuredRuns(db),
      waiting: new Waiting(db, notifications, heard),
      sweeps: new Sweeps(db, runs),
      events: new Events(db, notifications),
      bulletins: new Bulletins(db),
      ping: (timeoutMs = 2000) => ping(db, timeoutMs),
      backup: () => takeBackup(opened, kept),
      moment: () => holdMoment(opened, kept, tickets, log),
      close: () => (closing ??= shut()),
    }
  } catch (error) {
    await shut().catch(() => {})
    throw damageProblem(error) ?? error
  }
}

async function ping(db: Database, timeoutMs: number): Promise<void> {
  try {
    await pTimeout(db.execute(sql`SELECT 1`), { milliseconds: timeoutMs, message: `no answer within ${timeoutMs} ms` })
  } catch (error) {
    // Drizzle names the statement, and has why it failed as the cause.
    const { cause = error } = error as Error
    if (cause instanceof StoreError) throw cause
    throw new StoreError('DATABASE_UNREACHABLE', `The database does not answer: ${publicReason(cause)}`, { cause: error })
  }
}
