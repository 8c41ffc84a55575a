/**
 * A store of its own for a test file: PGlite in a temporary folder, or, where ARCHMETER_TEST_DATABASE_URL names a
 * server, a database of its own there. The same suites run on both (`npm run test:postgres`).
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { type Log, type NewArchitecture, type NewRun, openStore, type Store, type StoreOptions } from '../../src/store/index.ts'

const server = process.env.ARCHMETER_TEST_DATABASE_URL

/** Which store the suite runs on. */
export const storeKind = server ? 'postgres' : 'pglite'

/** Keeps quiet, except about errors. */
export const quietLog: Log = { debug() {}, info() {}, warn() {}, error: (object, message) => console.error(message, object) }

export interface Place {
  options: StoreOptions
  /** Removes the folder or the database; close what is open first. */
  remove(): Promise<void>
}

/** Where a store may lie, nothing in it yet. */
export async function emptyPlace(): Promise<Place> {
  const dataDir = await mkdtemp(join(tmpdir(), 'archmeter-test-'))
  if (!server) return { options: { dataDir, log: quietLog }, remove: () => rm(dataDir, { recursive: true, force: true }) }
  const name = `archmeter_test_${randomBytes(6).toString('hex')}`
  await onServer(`CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    options: { dataDir, databaseUrl: url.href, log: quietLog },
    async remove() {
      await onServer(`DROP DATABASE ${name} WITH (FORCE)`)
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** A place with an initialised, empty database: a copy, since initialising an embedded one takes seconds. */
export async function readyPlace(): Promise<Place> {
  const place = await emptyPlace()
  if (!server) await cp(await initialised(), join(place.options.dataDir, 'pglite'), { recursive: true })
  return place
}

export interface TestStore {
  store: Store
  options: StoreOptions
  close(): Promise<void>
}

export async function openTestStore(): Promise<TestStore> {
  const place = await readyPlace()
  const store = await openStore(place.options)
  return {
    store,
    options: place.options,
    async close() {
      await store.close()
      await place.remove()
    },
  }
}

/** A folder that `initdb` has run in, made once a version of PGlite; whoever is first renames it into place. */
async function initialised(): Promise<string> {
  const manifest = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'))
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string }
  const folder = join(tmpdir(), `archmeter-test-initdb-${version}-${process.getuid?.() ?? 'user'}`)
  if (existsSync(join(folder, 'PG_VERSION'))) return folder
  const made = await mkdtemp(join(tmpdir(), 'archmeter-test-initdb-'))
  const client = await PGlite.create(join(made, 'pglite'))
  await client.close()
  await rename(join(made, 'pglite'), folder).catch(() => {})
  await rm(made, { recursive: true, force: true })
  return folder
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
