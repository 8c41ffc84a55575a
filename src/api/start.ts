import type { Server } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { RuntimeSupport } from '../gpu/contract.ts'
import type { Device, DeviceSurvey } from '../gpu/devices/device.ts'
import { DeviceDirectory } from '../gpu/devices/directory.ts'
import { DeviceRoster } from '../gpu/devices/roster.ts'
import { surveyDevices } from '../gpu/devices/survey.ts'
import { RunQueue } from '../gpu/queue/index.ts'
import { DeviceWorker } from '../gpu/worker/parent/device-worker.ts'
import { openStore } from '../store/index.ts'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { Metrics } from './metrics.ts'
import { createPool, createServices } from './services.ts'

export interface RunningService {
  app: FastifyInstance
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  url: string
  /** Stops taking requests, ends those under way, gives runs back to the queue, closes what was opened, in that order. */
  close(): Promise<void>
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(at: ReturnType<Server['address']>): boolean {
  if (at === null || typeof at === 'string') return true
  return at.address === '::1' || /^(::ffff:)?127\./.test(at.address)
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
    const serves = config.ROLE !== 'worker'
    // First, since its process loads the engine while this one opens the store.
    const pool = createPool(config, log)
    opened.push(() => pool.close())
    const surveying = config.ROLE === 'api' ? nothing : surveyDevices()
    const store = await openStore({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL, log, reserveBytes })
    opened.push(() => store.close())
    // Requests check it too. The timer makes sure that the reserve is released in time for a run that must be stored.
    const diskTimer = setInterval(() => void store.disk.require().catch(() => {}), diskLookMs)
    opened.push(async () => clearInterval(diskTimer))
    const survey = await surveying
    const { CUDA_DIR: cudaFolder, WORKER_MEMORY_BYTES: memoryBytes = 0 } = config
    const workerOf = (device: Device) => new DeviceWorker(device, { log, cudaFolder, memoryBytes })
    const workers = new Map(survey.devices.map((device) => [device.uuid, workerOf(device)]))
    opened.push(() => Promise.all([...workers.values()].map((worker) => worker.close())))
    /** What was found when the runtimes were tried, by device UUID. */
    const found = new Map<string, { name: string; runtimes: RuntimeSupport[] }>()
    const probe = async ({ uuid, name }: Device) => {
      const runtimes = (await workers.get(uuid)?.probe()) ?? []
      if (workers.has(uuid)) found.set(uuid, { name, runtimes })
      return runtimes
    }
    const metrics = new Metrics()
    const queue: RunQueue = new RunQueue({
      ...{ store, devices: survey.devices, workers, log, onMetrics: metrics.queue },
      elsewhere: () => directory.elsewhere(),
      // The same share as requests get, which leaves a third for what is closed afterwards.
      stopMs: config.SHUTDOWN_MS / 3,
    })
    opened.push(() => queue.stop())
    metrics.watchDepths(() => queue.depths())
    const roster = new DeviceRoster({
      survey,
      idle: () => queue.idle,
      log,
      async appeared(device) {
        const worker = workerOf(device)
        workers.set(device.uuid, worker)
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
    // The runtimes are tried while the rest is made ready, since the first request for a run waits for what was found, and before
    // the queue starts, so that a run left waiting by an earlier start does not delay it.
    directory.start()
    const services = createServices({ config, store, pool, queue, directory, log })
    services.live.start()
    opened.push(async () => services.live.close())
    const app = await buildApp({
      config,
      log: log.child({}),
      metrics,
      services: serves ? services : null,
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
    if (!isLoopback(app.server.address()))
      log.warn(
        { host: config.HOST },
        'OPEN TO THE NETWORK: whoever reaches this port can register, run, read and delete, without a password. Set HOST=127.0.0.1, or put a proxy that authenticates in front',
      )
    await queue.start()
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
