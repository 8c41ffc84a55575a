/**
 * The tables, as Drizzle sees them; `migrations/` holds the SQL that makes them, and a test holds the two together.
 * Documents that are only ever read whole are `json`, which keeps them as given, byte for byte; `jsonb` is for what
 * is searched. Times have milliseconds, JavaScript's own precision, so that a cursor compares exactly.
 */
import { bytea, moment, packed } from './columns.ts'
import { bigint, boolean, doublePrecision, integer, json, jsonb, pgTable, primaryKey, sql, text, uuid } from './drizzle.ts'

export * from './webhook-schema.ts'

/** `queued → running → succeeded | failed | cancelled | timedOut`; `running → queued` when its owner gives it back. */
export const runStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'timedOut'] as const
export type RunStatus = (typeof runStatuses)[number]
export type FinalStatus = Exclude<RunStatus, 'queued' | 'running'>
export const isFinal = (status: string): status is FinalStatus =>
  status !== 'queued' && status !== 'running' && (runStatuses as readonly string[]).includes(status)

export interface RunError {
  code: string
  message: string
}

export const architectures = pgTable('architectures', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  digest: text('digest').notNull(),
  source: json('source').$type<object>().notNull(),
  graph: packed('graph').notNull(),
  layerCount: integer('layer_count').notNull(),
  params: bigint('params', { mode: 'number' }).notNull(),
  macs: bigint('macs', { mode: 'number' }).notNull(),
  /** Layers that may multiply could not be counted: `macs` is of the rest. */
  partial: boolean('partial').notNull().default(false),
  /** How many layers of each operator could not be counted. */
  uncounted: json('uncounted').$type<{ operator: string; layers: number }[]>().notNull().default([]),
  /** The file with its own weights; null where it has none or is deleted. */
  blob: text('blob'),
  /** The key that registered it first; null without one. */
  keyId: uuid('key_id'),
  createdAt: moment('created_at').notNull(),
  deletedAt: moment('deleted_at'),
})

/** Sizes that a run asks for in place of those at registration. */
export interface RunSizes {
  dims?: Readonly<Record<string, number>>
  inputShape?: readonly number[]
}

export const runs = pgTable('runs', {
  id: uuid('id').primaryKey(),
  architectureId: uuid('architecture_id').notNull(),
  /** Name on its host: `cpu:0`. The queue goes by `deviceUuid`. */
  device: text('device').notNull(),
  deviceUuid: text('device_uuid').notNull(),
  host: text('host').notNull(),
  runtime: text('runtime').notNull(),
  /** Of the runtime: `wasm`, `tensorflow` … */
  backend: text('backend').notNull(),
  batch: integer('batch').notNull(),
  precision: text('precision').notNull(),
  /** `[height, width]`, or null for the architecture's own. */
  resolution: json('resolution').$type<[number, number]>(),
  /** Of dims that the file leaves open; null for those at registration. */
  sizes: jsonb('sizes').$type<RunSizes>(),
  weights: text('weights').$type<'seeded' | 'file'>().notNull().default('seeded'),
  profile: boolean('profile').notNull(),
  /** Counted from the start of execution; waiting does not count. */
  timeoutMs: integer('timeout_ms').notNull(),
  /** Higher goes first. */
  priority: integer('priority').notNull(),
  labels: jsonb('labels').$type<Record<string, string>>().notNull(),
  settings: json('settings').$type<object>().notNull(),
  /** Side b of a comparison, without its architecture; null for a run of one side. */
  against: json('against').$type<object>(),
  againstArchitectureId: uuid('against_architecture_id'),
  /** Blocks of each side of a comparison. */
  rounds: integer('rounds'),
  /**
   * Digest of what determines a run's duration: architecture, runtime, back end, batch, precision, resolution, sizes,
   * profile, settings.
   */
  workload: text('workload').notNull(),
  /** Multiply-adds of one call with the whole batch; null in runs made before they were kept, and in comparisons. */
  macs: bigint('macs', { mode: 'number' }),
  /** The estimate made when it was queued, and its basis. */
  expectedMs: doublePrecision('expected_ms'),
  expectedBasis: text('expected_basis'),
  /** Digest of what determines its result: content, side, settings, device, driver, runtime, its back end and version. */
  measurement: text('measurement'),
  status: text('status').$type<RunStatus>().notNull(),
  /** Executions started. Together with the owner it identifies one execution, so it never decreases. */
  attempt: integer('attempt').notNull(),
  /** Executions that were lost with their service. */
  ownersLost: integer('owners_lost').notNull().default(0),
  /** The service that runs it, and until when its lease lasts. Null unless running. */
  owner: text('owner'),
  leaseUntil: moment('lease_until'),
  /** Its place among runs of the same priority; kept when the run is given back. */
  queuedAt: moment('queued_at').notNull(),
  /** Since when it waits, or waited before its last start. */
  waitingSince: moment('waiting_since').notNull().default(sql`now()`),
  startedAt: moment('started_at'),
  finishedAt: moment('finished_at'),
  cancelRequestedAt: moment('cancel_requested_at'),
  result: json('result').$type<object>(),
  certificate: json('certificate').$type<object>(),
  environment: json('environment').$type<object>(),
  error: json('error').$type<RunError>(),
  /** The outcome of a comparison, instead of a result. */
  comparison: json('comparison').$type<object>(),
  /** Sequence number of its last event: raised in the row, so events of a run commit in the order of their numbers. */
  lastSeq: integer('last_seq').notNull(),
  /** The key that queued it; null without one. */
  keyId: uuid('key_id'),
  /** W3C Trace Context of the request that queued it; null where that was not traced. */
  traceparent: text('traceparent'),
})

/** Which run answers a request with an Idempotency-Key: the one it made, or an earlier one that had measured the same. */
export const runRequests = pgTable('run_requests', {
  key: text('key').primaryKey(),
  requestHash: text('request_hash'),
  runId: uuid('run_id').notNull(),
  createdAt: moment('created_at').notNull().default(sql`now()`),
})

export const runEvents = pgTable(
  'run_events',
  {
    runId: uuid('run_id').notNull(),
    /** 1, 2, 3 … within the run, without gaps. */
    seq: integer('seq').notNull(),
    type: text('type').notNull(),
    data: json('data').$type<Record<string, unknown>>().notNull(),
    at: moment('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.seq] })],
)

export const runSamples = pgTable('run_samples', {
  runId: uuid('run_id').primaryKey(),
  /** Little-endian float64, ms, in the order measured; null once they were dropped for their age. */
  samples: bytea('samples'),
  /** Little-endian float32: the run's outputs one after another, as far as they are kept. */
  output: bytea('output'),
  /** With the end of the run. */
  storedAt: moment('stored_at').notNull().default(sql`now()`),
  /** When the samples were dropped, and what stays of them; null before. */
  expiredAt: moment('expired_at'),
  summary: json('summary').$type<object>(),
})

export const sweeps = pgTable('sweeps', {
  id: uuid('id').primaryKey(),
  /** As it was asked for, defaults written out. */
  request: json('request').$type<object>().notNull(),
  /** In the order of the batches asked for. */
  runIds: json('run_ids').$type<string[]>().notNull(),
  idempotencyKey: text('idempotency_key'),
  requestHash: text('request_hash'),
  createdAt: moment('created_at').notNull(),
  /** The key that asked for it; null without one. */
  keyId: uuid('key_id'),
})

/** Files beside a model that hold its numbers: each a blob. */
export const architectureData = pgTable(
  'architecture_data',
  {
    architectureId: uuid('architecture_id').notNull(),
    /** What the model calls the file. */
    location: text('location').notNull(),
    digest: text('digest').notNull(),
  },
  (table) => [primaryKey({ columns: [table.architectureId, table.location] })],
)

/** Their bytes lie in `blob_chunks`, which `blobs.ts` alone reads and writes. */
export const blobs = pgTable('blobs', {
  /** `sha256:` and 64 hexadecimal digits, of the bytes. */
  digest: text('digest').primaryKey(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  createdAt: moment('created_at').notNull(),
})

export const bulletins = pgTable('bulletins', {
  owner: text('owner').primaryKey(),
  body: json('body').$type<object>().notNull(),
  seenAt: moment('seen_at').notNull(),
})

/** What a key may do; each role may also do what those before it may. */
export const roles = ['reader', 'runner', 'admin'] as const
export type Role = (typeof roles)[number]

/** `paused`: starts nothing, and what ran goes back to its place in the queue; `drained`: starts nothing, and what runs ends. */
export const deviceStateNames = ['active', 'paused', 'drained'] as const
export type DeviceState = (typeof deviceStateNames)[number]

export const deviceStates = pgTable('device_states', {
  deviceUuid: text('device_uuid').primaryKey(),
  device: text('device').notNull(),
  host: text('host').notNull(),
  state: text('state').$type<DeviceState>().notNull(),
  note: text('note'),
  /** The beginning of the key that asked; null where none was needed. */
  changedBy: text('changed_by'),
  changedAt: moment('changed_at').notNull(),
})

/** The virtual time of a device, by which its keys are queued: `shares.ts`. */
export const deviceClocks = pgTable('device_clocks', {
  deviceUuid: text('device_uuid').primaryKey(),
  virtualMs: doublePrecision('virtual_ms').notNull(),
})

/** The start tag of a key on a device; all zeros stand for runs without a key. */
export const deviceShares = pgTable(
  'device_shares',
  {
    deviceUuid: text('device_uuid').notNull(),
    keyId: uuid('key_id').notNull(),
    startMs: doublePrecision('start_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.deviceUuid, table.keyId] })],
)

export const apiKeys = pgTable('api_keys', {
  id: uuid('id').primaryKey(),
  /** The beginning of the key, by which people tell keys apart. No part of the secret. */
  prefix: text('prefix').notNull(),
  /** SHA-256 of the whole key, hexadecimal. */
  digest: text('digest').notNull(),
  name: text('name').notNull(),
  role: text('role').$type<Role>().notNull(),
  /** Its share of a device for which other keys' runs wait as well, against theirs. */
  weight: integer('weight').notNull().default(1),
  createdAt: moment('created_at').notNull().default(sql`now()`),
  expiresAt: moment('expires_at'),
  lastUsedAt: moment('last_used_at'),
  revokedAt: moment('revoked_at'),
  /** Of a holder of an issuer's tokens; null for a key. */
  issuer: text('issuer'),
  subject: text('subject'),
  /** Quotas; null: none. */
  runsPerHour: bigint('runs_per_hour', { mode: 'number' }),
  deviceSecondsPerDay: bigint('device_seconds_per_day', { mode: 'number' }),
  bytesStored: bigint('bytes_stored', { mode: 'number' }),
})

/** What keys have used, by the hour. */
export const keyUsage = pgTable(
  'key_usage',
  {
    keyId: uuid('key_id').notNull(),
    hour: moment('hour').notNull(),
    runs: bigint('runs', { mode: 'number' }).notNull().default(0),
    /** For which its runs held devices. */
    deviceMs: doublePrecision('device_ms').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.keyId, table.hour] })],
)

export const apiSessions = pgTable('api_sessions', {
  /** SHA-256 of the cookie's value, hexadecimal. */
  digest: text('digest').primaryKey(),
  keyId: uuid('key_id').notNull(),
  expiresAt: moment('expires_at').notNull(),
})

/** Who changed what; nothing here refers to other tables. */
export const audit = pgTable('audit', {
  id: uuid('id').primaryKey(),
  at: moment('at').notNull().default(sql`now()`),
  keyId: uuid('key_id'),
  keyPrefix: text('key_prefix'),
  role: text('role').$type<Role>().notNull(),
  action: text('action').notNull(),
  subjectKind: text('subject_kind').notNull(),
  subjectId: uuid('subject_id'),
  requestId: text('request_id'),
  /** `done`, `unchanged`, or the code of the refusal. */
  outcome: text('outcome').notNull(),
})

export type AuditEntry = typeof audit.$inferSelect
export type ApiKey = typeof apiKeys.$inferSelect
export type ApiSession = typeof apiSessions.$inferSelect
export type Architecture = typeof architectures.$inferSelect
export type Run = typeof runs.$inferSelect
export type Sweep = typeof sweeps.$inferSelect
export type RunEvent = typeof runEvents.$inferSelect
