/**
 * A worker host, whole but for HTTP: store, queue, and a real worker process for each device. Options as JSON in argv.
 * Ends cleanly on SIGTERM; anything else is done to it.
 */
import os from 'node:os'
import type { Device } from '../../src/gpu/devices/device.ts'
import { RunQueue } from '../../src/gpu/queue/index.ts'
import { DeviceWorker } from '../../src/gpu/worker/parent/device-worker.ts'
import { openStore } from '../../src/store/index.ts'

const { databaseUrl, uuids } = JSON.parse(process.argv[2]!) as { databaseUrl: string; uuids: string[] }
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const store = await openStore({ dataDir: os.tmpdir(), databaseUrl, log: silent })
const devices = uuids.map(
  (uuid, index): Device => ({
    name: `cpu:${index}`,
    uuid,
    kind: 'cpu',
    index,
    host: os.hostname(),
    model: 'test',
    memoryBytes: os.totalmem(),
    driver: null,
  }),
)
const workers = new Map(devices.map((device) => [device.uuid, new DeviceWorker(device, { log: silent })]))
const queue = new RunQueue({ store, devices, workers, log: silent })
process.once('SIGTERM', async () => {
  await queue.stop()
  await Promise.all([...workers.values()].map((worker) => worker.close()))
  await store.close()
  process.exit(0)
})
await queue.start()
setInterval(() => {}, 1000)
