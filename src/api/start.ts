import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type Device, type DeviceSurvey, surveyDevices } from '../gpu/devices.ts'
import { DeviceDirectory } from '../gpu/directory.ts'
import { RunQueue } from '../gpu/queue.ts'
import { DeviceWorker } from '../gpu/worker/host.ts'
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

const nothing: DeviceSurvey = { devices: [], absent: [] }

/** Opens the store, starts what the role asks for, and listens. What was opened is closed again where a later step fails. */
export async function startService(config: Config, log: Logger): Promise<RunningService> {
  const opened: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const undo of opened.splice(0).reverse())
      await undo().catch((err: unknown) => log.error({ err }, 'something did not close cleanly'))
  }
  try {
    const serves = config.ROLE !== 'worker'
    const surveying = config.ROLE === 'api' ? nothing : surveyDevices()
    const store = await openStore({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL, log })
    opened.push(() => store.close())
    const pool = createPool(config)
    opened.push(() => pool.close())
    const survey = await surveying
    const workers = new Map(survey.devices.map((device) => [device.uuid, new DeviceWorker(device, { log })]))
    opened.push(() => Promise.all([...workers.values()].map((worker) => worker.close())))
    const probe = (device: Device) => workers.get(device.uuid)!.probe()
    const metrics = new Metrics()
    const queue = new RunQueue({ store, devices: survey.devices, workers, log, onMetrics: metrics.queue })
    opened.push(() => queue.stop())
    metrics.watchDepths(() => queue.depths())
    const directory = new DeviceDirectory({ store, survey, probe, log })
    opened.push(() => directory.stop())
    const services = createServices({ config, store, pool, queue, directory })
    const app = await buildApp({
      config,
      log,
      metrics,
      services: serves ? services : null,
      checks: { store: () => store.ping(), ...(survey.devices.length > 0 ? { workers: () => checkWorkers(directory) } : {}) },
    })
    opened.push(() => app.close())
    if (serves) await pool.ready()
    // The runtimes are tried first: a run that waits since before must not delay the answer to what works.
    directory.start()
    const url = await app.listen({ host: config.HOST, port: config.PORT })
    await queue.start()
    return { app, url, close }
  } catch (cause) {
    await close()
    throw cause
  }
}

/** @throws Error where nothing can run on a device of this service. */
async function checkWorkers(directory: DeviceDirectory): Promise<void> {
  const { devices } = await directory.list()
  for (const { local, name, runtimes } of devices)
    if (local && runtimes.every((each) => !each.usable))
      throw new Error(
        `no runtime works on ${name}: ${runtimes.map((each) => (each.usable ? '' : `${each.runtime}: ${each.reason}`)).join('; ')}`,
      )
}
