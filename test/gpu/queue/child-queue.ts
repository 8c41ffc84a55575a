/** A service with one scripted device: takes runs until it is killed. Options as JSON in argv; prints
 * `started` and `ended` with each run. */
import { RunQueue } from '../../../src/gpu/queue/index.ts'
import { openStore } from '../../../src/store/index.ts'
import { quietLog } from '../../store/helper.ts'
import { deviceNamed, ScriptedWorker } from './helper.ts'

const { uuid, ...options } = JSON.parse(process.argv[2]!)
const store = await openStore({ ...options, log: quietLog })
const device = deviceNamed('cpu:0', uuid)
const worker = new ScriptedWorker(device)
const queue = new RunQueue({
  store,
  devices: [device],
  workers: new Map([[uuid, worker]]),
  log: quietLog,
  onMetrics: ({ kind }) => console.log(kind),
})
process.once('SIGTERM', async () => {
  await queue.stop()
  await store.close()
})
await queue.start()
setInterval(() => {}, 1000).unref()
