import { lookup } from 'node:dns/promises'
import type { Server } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type RuntimeSupport, runtimeNames } from '../gpu/contract.ts'
import type { Device, DeviceSurvey } from '../gpu/devices/device.ts'
import { DeviceDirectory } from '../gpu/devices/directory.ts'
import { DeviceRoster } from '../gpu/devices/roster.ts'
import { surveyDevices } from '../gpu/devices/survey.ts'
import { RunQueue } from '../gpu/queue/index.ts'
import { DeviceWorker } from '../gpu/worker/parent/device-worker.ts'
import { openStore, type Store } from '../store/index.ts'
import { Keyring } from './access/keyring.ts'
import { createVerifier } from './access/tokens.ts'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { SampleRetention } from './features/runs/retention.ts'
import { Metrics } from './metrics.ts'
import { createPool, createServices } from './services.ts'
import { startTracing } from './tracing.ts'

export interface RunningService {
  app: FastifyInstance
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  url: string
  /** Stops taking requests, ends those under way, gives runs back to the queue, closes what was opened, in that order. */
  close(): Promise<void>
}

const isLoopback = (address: string): boolean => address === '::1' || /^(::ffff:)?127\./.test(address)

/** The start is refused, with a sentence that says how to go on. */
export class RefusedStart extends Error {
  override readonly name = 'RefusedStart'
}

/**
 * Who may call: everyone everything where only this machine can reach the service and no key was made.
 * @throws RefusedStart where others could reach it and nobody said that they may.
 */
async function openKeyring(config: Config, { keys, notifications }: Store, log: Logger): Promise<Keyring> {
  const { HOST, TRUST_PROXY, ALLOW_ANONYMOUS, ROLE } = config
  // To a service behind a proxy everyone comes from this machine.
  const [reached, remedy] = TRUST_PROXY
    ? ['the proxy in front (TRUST_PROXY)', 'unset TRUST_PROXY where there is none']
    : [`HOST ${HOST}`, 'set HOST=127.0.0.1']
  const own = !TRUST_PROXY && (await lookup(HOST, { all: true })).every(({ address }) => isLoopback(address))
  const keyring = new Keyring({ keys, notifications, log, anonymous: own ? 'admin' : 'runner', tokens: createVerifier(config, log) })
  if (own || (await keyring.made())) return keyring
  // A worker serves health and metrics alone; its keys are those of the services that share its database.
  const could = ROLE === 'worker' ? 'read its metrics' : 'queue runs and delete'
  if (!ALLOW_ANONYMOUS)
    throw new RefusedStart(
      `other machines can reach ${reached}, and no API key has been made, so that all of them could ${could}: make a key first ` +
        `(npm run keys -- create --name me --role admin; in a container: node src/api/keys.ts create --name me --role admin), or ${remedy}, ` +
        'or ALLOW_ANONYMOUS=1 to let everyone in',
    )
  log.warn(
    { host: HOST },
    `OPEN TO THE NETWORK: whoever reaches ${reached} can ${ROLE === 'worker' ? could : 'register, run, read and delete'}, without a key. Make one (npm run keys -- create --name me --role admin, while this service is stopped unless DATABASE_URL is set), or ${remedy}`,
  )
  return keyring
}

const isWildcard = (at: ReturnType<Server['address']>): boolean =>
  at !== null && typeof at === 'object' && (at.address === '0.0.0.0' || at.address === '::')

/** @returns where it listens. Its own logger is silent meanwhile, since Fastify writes a line for each address of this machine. */
async function listen(app: FastifyInstance, { HOST, PORT }: Config): Promise<string> {
  const { level } = app.log
  app.log.level = 'silent'
  try {
    return await app.listen({ host: HOST, port: PORT })
  } finally {
    app.log.level = level
  }
}

const nothing: DeviceSurvey = { devices: [], absent: [] }

/** Disk space reserved for storing the ends of runs: samples, and PostgreSQL's write-ahead log. */
const reserveBytes = 2 ** 25
/** How often the free disk space is checked, ms. */
const diskLookMs = 5000

/** Opens the store, starts what the role asks for, and listens. What was opened is closed again where a later step fails. */
export async function startService(config: Config, log: Logger): Promise<RunningService> {
  const opened: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const undo of opened.splice(0).reverse())
      await undo().catch((err: unknown) => log.error({ err }, 'something did not close cleanly'))
  }
  try {
    const stopTracing = await startTracing(config, log)
    if (stopTracing) opened.push(stopTracing)
    const serves = config.ROLE !== 'worker'
    const metrics = new Metrics()
    // First, since its process loads the engine while this one opens the store.
    const pool = createPool(config, log)
    opened.push(() => pool.close())
    const { CUDA_DIR: cudaFolder, WORKER_MEMORY_BYTES: memoryBytes = 0 } = config
    const workerOf = (device: Device) =>
      new DeviceWorker(device, { log, cudaFolder, memoryBytes, onRestart: (reason) => metrics.restarted(device.name, reason) })
    const workers = new Map<string, DeviceWorker>()
    /** What was found when the runtimes were tried, by device UUID. */
    const found = new Map<string, { name: string; runtimes: RuntimeSupport[] }>()
    const probe = async ({ uuid, name }: Device) => {
      const runtimes = (await workers.get(uuid)?.probe()) ?? []
      if (workers.has(uuid)) found.set(uuid, { name, runtimes })
      return runtimes
    }
    // The runtimes are tried while the store is opened, since the first request for a run waits for what was found, and before
    // the queue starts, so that a run left waiting by an earlier start does not delay it.
    const surveying = (async () => {
      const survey = config.ROLE === 'api' ? nothing : await surveyDevices()
      for (const device of survey.devices) {
        workers.set(device.uuid, workerOf(device))
        void probe(device)
      }
      return survey
    })()
    opened.push(async () => {
      await surveying.catch(() => {})
      await Promise.all([...workers.values()].map((worker) => worker.close()))
    })
    const bounds = { device: config.MAX_WAITING_PER_DEVICE, key: config.MAX_WAITING_PER_KEY }
    const store = await openStore({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL, log, reserveBytes, bounds })
    opened.push(() => store.close())
    const keyring = await openKeyring(config, store, log)
    // Requests check it too. The timer makes sure that the reserve is released in time for a run that must be stored.
    const diskTimer = setInterval(() => void store.disk.require().catch(() => {}), diskLookMs)
    opened.push(async () => clearInterval(diskTimer))
    const survey = await surveying
    for (const { name } of survey.devices) metrics.expect(name, runtimeNames)
    const queue: RunQueue = new RunQueue({
      ...{ store, devices: survey.devices, workers, log, onMetrics: metrics.queue },
      elsewhere: () => directory.elsewhere(),
      // The same share as requests get, which leaves a third for what is closed afterwards.
      stopMs: config.SHUTDOWN_MS / 3,
    })
    opened.push(() => queue.stop())
    metrics.watchDepths(() => queue.depths())
    metrics.watchHolds(async () => (await store.deviceStates.holds()).values())
    const roster = new DeviceRoster({
      survey,
      idle: () => queue.idle,
      log,
      async appeared(device) {
        const worker = workerOf(device)
        workers.set(device.uuid, worker)
        metrics.expect(device.name, runtimeNames)
        void probe(device)
        try {
          await queue.attach(device, worker)
        } catch (cause) {
          workers.delete(device.uuid)
          await worker.close()
          throw cause
        }
      },
      async vanished({ uuid }) {
        try {
          await queue.detach(uuid)
        } finally {
          const worker = workers.get(uuid)
          workers.delete(uuid)
          found.delete(uuid)
          await worker?.close()
        }
      },
    })
    opened.push(() => roster.stop())
    const directory: DeviceDirectory = new DeviceDirectory({ store, survey: () => roster.survey, probe, log })
    opened.push(() => directory.stop())
    directory.start()
    const services = createServices({ config, store, pool, queue, directory, log, keyring, onDelivery: metrics.delivery })
    services.live.start()
    opened.push(async () => services.live.close())
    if (serves) services.trail.start()
    opened.push(() => services.trail.close())
    if (serves && config.SAMPLES_DAYS !== undefined) {
      const retention = new SampleRetention({ runs: store.runs, days: config.SAMPLES_DAYS, log, onExpired: metrics.expired })
      retention.start()
      opened.push(() => retention.close())
    }
    if (serves) {
      metrics.watchWebhooks(() => store.deliveries.census())
      opened.push(() => services.deliverer.stop(config.SHUTDOWN_MS / 10))
    }
    const app = await buildApp({
      config,
      log: log.child({}),
      metrics,
      services: serves ? services : null,
      keyring,
      checks: {
        store: () => store.ping(),
        disk: () => store.disk.require(),
        ...(survey.devices.length > 0 ? { workers: async () => checkWorkers([...found.values()]) } : {}),
      },
    })
    opened.push(() => app.close())
    if (serves) await pool.ready()
    const url = await listen(app, config)
    log.info(`Archmeter listens on ${url}${isWildcard(app.server.address()) ? ' and on every other address of this machine' : ''}`)
    await queue.start()
    if (serves) services.deliverer.start()
    if (survey.devices.length > 0) roster.start()
    return { app, url, close }
  } catch (cause) {
    await close()
    throw cause
  }
}

/**
 * What was found when the runtimes were tried; a device that is still being tried is not in it and does not make the service
 * unready, since its runs can be queued.
 * @throws Error where nothing can run on a device of this service.
 */
export function checkWorkers(found: readonly { name: string; runtimes: readonly RuntimeSupport[] }[]): void {
  for (const { name, runtimes } of found)
    if (runtimes.every((each) => !each.usable))
      throw new Error(
        `no runtime works on ${name}: ${runtimes.map((each) => (each.usable ? '' : `${each.runtime} (${each.backend}): ${each.reason}`)).join('; ')}`,
      )
}
