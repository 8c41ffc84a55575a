/**
 * A service in small, as a process of its own that tests kill or race: `parent.ts <device uuid> <runs> <slow|quick|idle|exit>`.
 * Prints a JSON line for each phase event and for each finished run.
 */
import { DeviceWorker } from '../../../../src/gpu/worker/parent/device-worker.ts'
import { endless, jobOf, quick, silent, slowGraph, testDevice, tinyGraph } from '../helpers.ts'

const [uuid, runs, kind] = process.argv.slice(2) as [string, string, string]
const device = testDevice(uuid)
const worker = new DeviceWorker(device, { log: silent })
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
if (kind === 'idle' || kind === 'exit') {
  await worker.start()
  print({ phase: 'idle', pid: worker.pid })
  if (kind === 'exit') process.exit(0)
  setInterval(() => {}, 1000)
  await new Promise(() => {})
}
for (let i = 0; i < Number(runs); i++) {
  const job = kind === 'slow' ? jobOf(device, slowGraph, endless) : jobOf(device, tinyGraph, quick)
  const outcome = await worker.execute(job, {
    timeoutMs: 60_000,
    onProgress: ({ type, data }) => {
      if (type === 'phase') print({ phase: data.phase, pid: worker.pid })
    },
  })
  if (outcome.outcome !== 'succeeded') throw new Error(JSON.stringify(outcome))
  print({ interval: outcome.success.environment.interval, pid: outcome.success.environment.workerPid })
}
await worker.close()
