/** The whole HTTP face on a store of its own, in this process, listening on a free port. */
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import supertest from 'supertest'
import { Keyring } from '../../src/api/access/keyring.ts'
import { createVerifier } from '../../src/api/access/tokens.ts'
import { buildApp } from '../../src/api/app.ts'
import { type Config, readConfig } from '../../src/api/config.ts'
import { logTo } from '../../src/api/logging.ts'
import { Metrics } from '../../src/api/metrics.ts'
import type { EnginePool } from '../../src/api/pool/pool.ts'
import { createPool, createServices, type Services } from '../../src/api/services.ts'
import { runtimeNames } from '../../src/gpu/contract.ts'
import type { Offers } from '../../src/gpu/devices/directory.ts'
import { RunQueue } from '../../src/gpu/queue/index.ts'
import type { Store } from '../../src/store/index.ts'
import { openTestStore, type TestStore } from '../store/helper.ts'
import { FakeWorker, offers } from './fake-worker.ts'

export interface TestApi {
  app: FastifyInstance
  config: Config
  store: Store
  /** Where files lie. */
  dataDir: string
  pool: EnginePool
  services: Services
  queue: RunQueue
  /** Stands in for the worker process of `cpu:0`: runs end when the test says so. */
  worker: FakeWorker
  request: ReturnType<typeof supertest>
  url: string
  /** Everything that was logged, a line an event. */
  logged: string[]
  close(): Promise<void>
}

/**
 * Builds the app. `env` is read like the environment of a real start; `devices` are those that can be asked for; `opened` is a
 * store that has something in it.
 */
export async function openTestApi(env: Record<string, string> = {}, devices: () => Offers = offers, opened?: TestStore): Promise<TestApi> {
  const config = readConfig({ LOG_LEVEL: 'info', ...env })
  const logged: string[] = []
  const log = logTo(config.LOG_LEVEL, { write: (line: string) => void logged.push(line) })
  const {
    store,
    options,
    close: closeStore,
  } = opened ??
  (await openTestStore({
    bounds: { device: config.MAX_WAITING_PER_DEVICE, key: config.MAX_WAITING_PER_KEY },
  }))
  const pool = createPool(config)
  const metrics = new Metrics()
  const worker = new FakeWorker()
  const device = offers().devices[0]!
  metrics.expect(device.name, runtimeNames)
  const queue = new RunQueue({ store, devices: [device], workers: new Map([[device.uuid, worker]]), log, onMetrics: metrics.queue })
  metrics.watchDepths(() => queue.depths())
  metrics.watchHolds(async () => (await store.deviceStates.holds()).values())
  const keyring = new Keyring({
    keys: store.keys,
    notifications: store.notifications,
    log,
    anonymous: 'admin',
    tokens: createVerifier(config, log),
  })
  const services = createServices({
    config,
    store,
    pool,
    queue,
    directory: { list: async () => devices() },
    log,
    keyring,
    onDelivery: metrics.delivery,
  })
  const app = await buildApp({ config, log, metrics, services, checks: { store: () => store.ping() }, keyring })
  services.live.start()
  metrics.watchWebhooks(() => store.deliveries.census())
  services.deliverer.start()
  await queue.start()
  await pool.ready()
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    app,
    config,
    store,
    dataDir: options.dataDir,
    pool,
    services,
    queue,
    worker,
    request: supertest(url),
    url,
    logged,
    async close() {
      await app.close()
      services.live.close()
      await services.deliverer.stop()
      worker.finishAll()
      await queue.stop()
      await pool.close()
      await closeStore()
    },
  }
}

/** The HTTP face alone, which knows nothing of architectures and runs, and listens where the test says. */
export const openBareApp = (checks: Record<string, () => Promise<void>> = {}): Promise<FastifyInstance> =>
  buildApp({ config: readConfig({}), log: pino({ level: 'silent' }), metrics: new Metrics(), services: null, checks })

/** The lecture's AlexNet as a user would write it: EECS 498-007, lecture 8. */
export const lectureAlexNet = {
  name: 'lecture AlexNet',
  input: { shape: [3, 227, 227] },
  layers: [
    { id: 'conv1', type: 'Conv2d', outChannels: 64, kernelSize: 11, stride: 4, padding: 2 },
    { id: 'pool1', type: 'MaxPool2d', kernelSize: 3, stride: 2 },
    { id: 'conv2', type: 'Conv2d', outChannels: 192, kernelSize: 5, padding: 2 },
    { id: 'pool2', type: 'MaxPool2d', kernelSize: 3, stride: 2 },
    { id: 'conv3', type: 'Conv2d', outChannels: 384, kernelSize: 3, padding: 1 },
    { id: 'conv4', type: 'Conv2d', outChannels: 256, kernelSize: 3, padding: 1 },
    { id: 'conv5', type: 'Conv2d', outChannels: 256, kernelSize: 3, padding: 1 },
    { id: 'pool5', type: 'MaxPool2d', kernelSize: 3, stride: 2 },
    { id: 'flatten', type: 'Flatten' },
    { id: 'fc6', type: 'Linear', outFeatures: 4096 },
    { id: 'fc7', type: 'Linear', outFeatures: 4096 },
    { id: 'fc8', type: 'Linear', outFeatures: 1000 },
  ],
}

/** A small network, another one for each `channels`, so that tests do not meet each other's. */
export const smallNetwork = (channels: number) => ({
  name: `small ${channels}`,
  input: { shape: [3, 8, 8] },
  layers: [{ type: 'Conv2d', outChannels: channels, kernelSize: 3 }, { type: 'Flatten' }, { type: 'Linear', outFeatures: 10 }],
})
