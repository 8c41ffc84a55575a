/**
 * A store of its own for a test file: PGlite in a temporary folder, or, where ARCHMETER_TEST_DATABASE_URL names a
 * server, a database of its own there. The same suites run on both (`npm run test:postgres`).
 */
import { createHash, randomBytes } from 'node:crypto'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { mkdtemp, readFile, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type Log, type NewArchitecture, type NewRun, openStore, type Store, type StoreOptions } from '../../src/store/index.ts'
import { shippedMigrations } from '../../src/store/migrate.ts'

const server = process.env.ARCHMETER_TEST_DATABASE_URL

/** Which store the suite runs on. */
export const storeKind = server ? 'postgres' : 'pglite'

/** Keeps quiet, except about errors. */
export const quietLog: Log = { debug() {}, info() {}, warn() {}, error: (object, message) => console.error(message, object) }

/** Clean-up of a test in the reverse of the order in which it was asked for; `t.after` keeps that order. */
export function cleanup(t: TestContext): (step: () => unknown) => void {
  const steps: (() => unknown)[] = []
  t.after(async () => {
    for (const step of steps.reverse()) await step()
  })
  return (step) => void steps.push(step)
}

export interface Place {
  options: StoreOptions
  /** Removes the folder or the database; close what is open first. */
  remove(): Promise<void>
}

/** Where a store may lie, nothing in it yet. */
export async function emptyPlace(): Promise<Place> {
  const dataDir = await mkdtemp(join(tmpdir(), 'archmeter-test-'))
  if (!server) return { options: { dataDir, log: quietLog }, remove: async () => removed(dataDir) }
  const name = `archmeter_test_${randomBytes(6).toString('hex')}`
  await onServer(`CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    options: { dataDir, databaseUrl: url.href, log: quietLog },
    async remove() {
      await onServer(`DROP DATABASE ${name} WITH (FORCE)`)
      removed(dataDir)
    },
  }
}

/** Its thousand files take a tenth of the time that they take one by one through promises. */
const removed = (folder: string) => rmSync(folder, { recursive: true, force: true })

/** Puts an embedded database that is empty and up to date into a data folder: a copy, since making it takes seconds. */
export async function fillDataFolder(dataDir: string): Promise<void> {
  cpSync(await template(), join(dataDir, 'pglite'), { recursive: true })
}

/** A place with an empty database that is up to date. */
export async function readyPlace(): Promise<Place> {
  const place = await emptyPlace()
  if (!server) await fillDataFolder(place.options.dataDir)
  return place
}

export interface TestStore {
  store: Store
  options: StoreOptions
  close(): Promise<void>
}

/** @param over what the store is opened with besides. */
export async function openTestStore(over: Partial<StoreOptions> = {}): Promise<TestStore> {
  const place = await readyPlace()
  const store = await openStore({ ...place.options, ...over })
  return {
    store,
    options: place.options,
    async close() {
      await store.close()
      await place.remove()
    },
  }
}

export interface Statements {
  texts: string[]
  rows: number
  /** Of binary columns, all together. */
  bytes: number
  /** Of binary columns, in one answer. */
  mostBytes: number
}

const binaryLength = (cell: unknown): number => (cell instanceof Uint8Array ? cell.length : 0)

/** Counts what the store asks of its database from now on, inside transactions too, until `stop`. pg-boss has its own way there. */
export function watchStatements(store: Store): Statements & { stop(): void } {
  type Query = (...args: unknown[]) => Promise<{ rows?: unknown[] }>
  type Client = { query: Query; connect?: (callback?: unknown) => Promise<Client> }
  const pool = (store.db as unknown as { $client: Client }).$client
  const seen: Statements = { texts: [], rows: 0, bytes: 0, mostBytes: 0 }
  const counted =
    (query: Query): Query =>
    async (...args) => {
      const [asked] = args
      seen.texts.push(typeof asked === 'string' ? asked : (asked as { text: string }).text)
      const result = await query(...args)
      seen.rows += result.rows?.length ?? 0
      const bytes = (result.rows ?? []).flatMap((row) => Object.values(row as object)).reduce((sum, cell) => sum + binaryLength(cell), 0)
      seen.bytes += bytes
      seen.mostBytes = Math.max(seen.mostBytes, bytes)
      return result
    }
  const { query, connect } = pool
  pool.query = counted((...args) => query.apply(pool, args))
  pool.connect = async (callback) => {
    // The pool of node-postgres asks itself, with a callback, for each statement that is counted already.
    if (callback) return connect!.call(pool, callback)
    const client = await connect!.call(pool)
    const its = client.query
    const release = (client as unknown as { release: () => void }).release
    client.query = counted((...args) => its.apply(client, args))
    return Object.assign(client, {
      release: () => {
        client.query = its
        release.call(client)
      },
    })
  }
  return Object.assign(seen, {
    stop: () => {
      pool.query = query
      pool.connect = connect!
    },
  })
}

/**
 * The folder of an embedded store that was opened once, made once for what it consists of: PGlite's and pg-boss's
 * versions, the migrations, the driver's options. Who makes it first renames it into place.
 */
async function template(): Promise<string> {
  const key = createHash('sha256')
  for (const name of ['@electric-sql/pglite', 'pg-boss']) key.update(await readFile(manifestOf(name)))
  for (const name of ['migrate.ts', 'database.ts', 'drivers/pglite.ts', 'drivers/pglite-init.ts', 'drivers/pglite-options.ts'])
    key.update(await readFile(new URL(`../../src/store/${name}`, import.meta.url)))
  for (const { digest } of await shippedMigrations()) key.update(digest)
  const folder = join(tmpdir(), `archmeter-test-template-${key.digest('hex').slice(0, 16)}-${process.getuid?.() ?? 'user'}`)
  if (existsSync(join(folder, 'PG_VERSION'))) return folder
  const { options, remove } = await emptyPlace()
  const store = await openStore(options)
  await store.close()
  await rename(join(options.dataDir, 'pglite'), folder).catch(() => {})
  await remove()
  return folder
}

/** package.json of an installed package, whether or not it exports it. */
function manifestOf(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.resolve(name)))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return join(folder, 'package.json')
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

export const someArchitecture = (over: Partial<NewArchitecture> = {}): NewArchitecture => ({
  name: 'tiny',
  digest: 'd'.repeat(64),
  source: { kind: 'json' },
  graph: { inputs: [{ id: 'input', shape: [3, 8, 8] }], layers: [], outputs: ['input'] },
  layerCount: 1,
  params: 0,
  macs: 0,
  ...over,
})

export const someRun = (architectureId: string, over: Partial<NewRun> = {}): NewRun => ({
  architectureId,
  device: 'cpu:0',
  deviceUuid: 'cpu-test',
  host: 'testhost',
  runtime: 'onnxruntime',
  backend: 'cpu',
  batch: 1,
  precision: 'float32',
  resolution: null,
  profile: false,
  timeoutMs: 60_000,
  priority: 0,
  labels: {},
  settings: { threads: 1, warmupMs: 10, minDurationMs: 10, maxDurationMs: 100, minSamples: 1, seed: 1 },
  ...over,
})
