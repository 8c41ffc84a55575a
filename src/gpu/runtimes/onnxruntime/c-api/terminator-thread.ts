/** The thread of a `Terminator`. */
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type { TerminatorData } from './terminator.ts'

const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
// koffi 3.3.4 makes what its calls need when a thread first loads a library; a call by address before that crashes.
koffi.load(null)
const { setTerminate, order, target } = workerData as TerminatorData
const end = koffi.decode(setTerminate, koffi.proto('void *', ['void *'])) as (options: bigint) => unknown
const [orders, targets] = [new Int32Array(order), new BigUint64Array(target)]

parentPort!.postMessage('ready')
for (let seen = 0; ; ) {
  Atomics.wait(orders, 0, seen)
  seen = Atomics.load(orders, 0)
  const ms = Atomics.load(orders, 1)
  // A new order, "none" among them, comes before the time is up, or the run is still going on.
  if (ms > 0 && Atomics.wait(orders, 0, seen, ms) === 'timed-out') end(targets[0]!)
}
