/**
 * `npm run test:chaos [-- runs] [-- runs seed]`: one run at a time on a device, whatever happens. Four hosts serve the
 * same two devices from one PostgreSQL; while they work through the runs, services and worker processes are killed and
 * stopped at random. Then, from what the workers recorded: no two results overlap on a device, and every run that was
 * acknowledged has ended, each with its reason.
 */
import { randomUUID } from 'node:crypto'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { verifyGraph } from '../../src/engine/verify.ts'
import { seededRandom } from '../../src/gpu/timing/median-interval.ts'
import { resolveSettings } from '../../src/gpu/timing/settings.ts'
import { isFinal, openStore, type Run, type Store } from '../../src/store/index.ts'
import { binaries, noServer, startServer } from '../postgres-server.ts'
import { Hosts } from './trouble.ts'

const count = Number(process.argv[2] ?? 1000)
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31)
const capMs = 30 * 60_000
const hosts = 4

const found = binaries()
if (!found || process.platform !== 'linux') {
  console.log(`skipped: ${found ? 'it stops and finds processes as Linux does' : noServer}`)
  process.exit(77)
}
console.log(`${count} runs on 2 devices, ${hosts} hosts, seed ${seed}; PostgreSQL ${found.version}`)

const server = await startServer(found.folder)
let failures: string[] = []
try {
  failures = await chaos(server.url)
} finally {
  await server.stop()
}
for (const failure of failures) console.log(`FAILED: ${failure}`)
console.log(failures.length === 0 ? `${count} passed, 0 failed` : `${failures.length} kinds of failure`)
process.exitCode = failures.length === 0 ? 0 : 1

async function chaos(databaseUrl: string): Promise<string[]> {
  const log = { debug() {}, info() {}, warn() {}, error: (data: object, message: string) => console.error(message, data) }
  const store = await openStore({ dataDir: os.tmpdir(), databaseUrl, log })
  const uuids = [`CPU-${randomUUID()}`, `CPU-${randomUUID()}`]
  const acknowledged = await queueRuns(store, uuids)
  const began = performance.now()
  const service = new Hosts(hosts, { databaseUrl, uuids }, seededRandom(seed))
  let left = count
  const over = () => left === 0 || performance.now() - began > capMs
  const watching = watch(store, began, over, (n) => {
    left = n
  })
  // The last runs end in peace, so that it shows whether anything is stuck.
  await service.trouble(() => left <= count / 50 || performance.now() - began > capMs)
  await watching
  await service.close()
  const runs = await store.runs.getMany(acknowledged)
  await store.close()
  report(runs, service, (performance.now() - began) / 1000)
  return verdict(runs, acknowledged)
}

async function queueRuns(store: Store, uuids: readonly string[]): Promise<string[]> {
  const graph = verifyGraph({ input: { shape: [3, 16, 16] }, layers: [{ type: 'Conv2d', outChannels: 8, kernelSize: 3 }] })
  const { architecture } = await store.architectures.insert({
    ...{ name: 'tiny', digest: 'chaos', source: { kind: 'json' }, graph },
    ...{ layerCount: 1, params: 224, macs: 42_336 },
  })
  const settings = resolveSettings({ threads: 1, warmupMs: 1, minDurationMs: 20, maxDurationMs: 60, minSamples: 5 })
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    const { run } = await store.runs.insert({
      ...{ architectureId: architecture.id, device: `cpu:${i % 2}`, deviceUuid: uuids[i % 2]!, host: os.hostname() },
      ...{ runtime: 'onnxruntime', backend: 'cpu', batch: 1, precision: 'float32', resolution: null, profile: false },
      ...{ timeoutMs: 60_000, priority: 0, labels: {}, settings },
    })
    ids.push(run.id)
  }
  return ids
}

async function watch(store: Store, began: number, over: () => boolean, tell: (left: number) => void): Promise<void> {
  let said = 0
  while (!over()) {
    await sleep(500)
    const left = (await store.runs.depths()).reduce((sum, { waiting, running }) => sum + waiting + running, 0)
    tell(left)
    if (performance.now() - said < 15_000) continue
    said = performance.now()
    console.log(`${Math.round((said - began) / 1000)} s: ${count - left} of ${count} ended`)
  }
}

function counts<T>(values: readonly T[]): string {
  return [...Map.groupBy(values, (value) => value)].map(([value, list]) => `${value} ${list.length}`).join(', ') || 'none'
}

function report(runs: readonly Run[], service: Hosts, seconds: number): void {
  console.log(`${Math.round(seconds)} s; done to the hosts: ${JSON.stringify(service.tally)}`)
  console.log(`states: ${counts(runs.map((run) => run.status))}`)
  console.log(`reasons: ${counts(runs.flatMap((run) => (run.error ? [run.error.code] : [])))}`)
  console.log(`executions a run: ${counts(runs.map((run) => run.attempt))}`)
}

interface Interval {
  runId: string
  start: bigint
  end: bigint
}

function verdict(runs: readonly Run[], acknowledged: readonly string[]): string[] {
  const failures: string[] = []
  if (runs.length !== acknowledged.length) failures.push(`${acknowledged.length - runs.length} acknowledged runs are gone`)
  const stuck = runs.filter((run) => !isFinal(run.status))
  if (stuck.length > 0) failures.push(`${stuck.length} runs are stuck: ${counts(stuck.map((run) => run.status))}`)
  const unexplained = runs.filter((run) => run.status !== 'succeeded' && !run.error)
  if (unexplained.length > 0) failures.push(`${unexplained.length} runs ended badly and do not say why`)
  const tooOften = runs.filter((run) => run.ownersLost > 2)
  if (tooOften.length > 0) failures.push(`${tooOften.length} runs were executed again after two services had vanished with them`)
  let pairs = 0
  let overlaps = 0
  for (const [, ofDevice] of Map.groupBy(runs, (run) => run.deviceUuid)) {
    const intervals = ofDevice.filter(counted).map(intervalOf)
    intervals.sort((a, b) => (a.start < b.start ? -1 : 1))
    for (let i = 1; i < intervals.length; i++) {
      pairs += 1
      if (intervals[i]!.start < intervals[i - 1]!.end) overlaps += 1
    }
  }
  console.log(`timed intervals that follow one another on their device: ${pairs}; overlaps: ${overlaps}`)
  if (overlaps > 0) failures.push(`${overlaps} results overlap`)
  if (runs.filter(counted).length < 0.5 * runs.length) failures.push('fewer than half of the runs succeeded: the hosts were hardly working')
  return failures
}

/** Results that may be used: valid and suspect ones alike. */
function counted(run: Run): boolean {
  return run.status === 'succeeded' && (run.certificate as { verdict: string }).verdict !== 'invalid'
}

function intervalOf(run: Run): Interval {
  const { startNs, endNs } = (run.environment as { interval: { startNs: string; endNs: string } }).interval
  return { runId: run.id, start: BigInt(startNs), end: BigInt(endNs) }
}
