/** The main job with nothing replaced: the service as a process, its worker processes, both runtimes, over HTTP. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './gpu/worker/helpers.ts'

const root = new URL('..', import.meta.url).pathname
const folder = mkdtempSync(path.join(os.tmpdir(), 'archmeter-test-'))
const settings = { threads: 1, warmupMs: 20, minDurationMs: 100, maxDurationMs: 400, minSamples: 11 }
const endless = { threads: 1, warmupMs: 0, minDurationMs: 600_000, maxDurationMs: 600_000 }
const limit = { timeout: 120_000 }

let service: ChildProcess
let url: string
let small: string
let slow: string

/** Starts the service on the folder. Resolves when it says where it listens, with the ms that took. */
async function start(): Promise<number> {
  const began = performance.now()
  service = spawn(process.execPath, ['src/api/server.ts'], {
    cwd: root,
    env: { ...process.env, PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  url = await new Promise<string>((resolve, reject) => {
    let said = ''
    service.stdout!.on('data', (chunk) => {
      said += chunk
      const found = /listens on (http[^\s"]+)/.exec(said)
      if (found) resolve(found[1]!)
    })
    service.once('exit', (code) => reject(new Error(`the service ended with ${code}: ${said}`)))
  })
  return performance.now() - began
}

async function call(method: string, address: string, body?: object): Promise<{ status: number; body: any }> {
  const answer = await fetch(url + address, {
    method,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  })
  const text = await answer.text()
  return { status: answer.status, body: text ? JSON.parse(text) : null }
}

/** `fresh`: a run whose like came out valid before would be answered with that one, by luck of this hour's machine. */
async function queue(over: object): Promise<string> {
  const { status, body } = await call('POST', '/v1/runs', {
    architectureId: small,
    device: 'cpu:0',
    runtime: 'onnxruntime',
    fresh: true,
    settings,
    ...over,
  })
  assert.equal(status, 202, JSON.stringify(body))
  return body.id
}

/** What the stream of a run's events says, piece by piece, until the run ends. */
async function* heard(id: string): AsyncGenerator<string> {
  const answer = await fetch(`${url}/v1/runs/${id}/events`)
  yield* answer.body!.pipeThrough(new TextDecoderStream())
}

/** The types of all events of a run, when it has ended. */
async function watch(id: string): Promise<string[]> {
  const types: string[] = []
  for await (const piece of heard(id)) for (const found of piece.matchAll(/^event: (\w+)$/gm)) types.push(found[1]!)
  return types
}

/** Waits until the one worker calls the network: before that its process may still be starting, however long that takes here. */
async function calling(id: string): Promise<void> {
  let said = ''
  for await (const piece of heard(id)) {
    said += piece
    if (!said.includes('"phase":"firstRun"')) continue
    assert.equal(workers().length, 1)
    return
  }
  throw new Error(`the run ended before the network was called: ${said}`)
}

async function read(id: string): Promise<any> {
  return (await call('GET', `/v1/runs/${id}`)).body
}

async function until(id: string, wanted: (run: any) => boolean, what: string): Promise<any> {
  for (let i = 0; i < 600; i++) {
    const run = await read(id)
    if (wanted(run)) return run
    await sleep(50)
  }
  throw new Error(`${what} did not come: ${JSON.stringify(await read(id))}`)
}

/** Pids of the worker processes of the service: its children that run worker/child/main.ts. */
function workers(): number[] {
  const children = readFileSync(`/proc/${service.pid}/task/${service.pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  return children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('worker/child/main.ts'))
}

before(async () => {
  await start()
  const layers = [
    { id: 'conv', type: 'Conv2d', outChannels: 8, kernelSize: 3, padding: 1 },
    { type: 'ReLU' },
    { type: 'Flatten' },
    { id: 'fc', type: 'Linear', outFeatures: 10 },
  ]
  small = (await call('POST', '/v1/architectures', { name: 'small', input: { shape: [3, 16, 16] }, layers })).body.id
  const heavy = Array.from({ length: 2 }, () => ({ type: 'Conv2d', outChannels: 64, kernelSize: 5, padding: 2 }))
  slow = (await call('POST', '/v1/architectures', { name: 'slow', input: { shape: [64, 192, 192] }, layers: heavy })).body.id
})
after(async () => {
  service.kill('SIGKILL')
  await sleep(500)
  rmSync(folder, { recursive: true, force: true })
})

test('six runs queued at once on both runtimes: the intervals that the workers recorded never overlap', limit, async () => {
  const ids = await Promise.all(
    [0, 1, 2, 3, 4, 5].map((i) => queue({ runtime: i % 2 === 0 ? 'onnxruntime' : 'tfjs', settings: { ...settings, seed: i } })),
  )
  const told = await Promise.all(ids.map(watch))
  for (const types of told) {
    assert.deepEqual([types[0], types[1], types.at(-1)], ['queued', 'started', 'succeeded'])
    assert.ok(types.includes('phase'))
  }
  const runs = await Promise.all(ids.map(read))
  const intervals = runs
    .map(({ environment }) => environment.interval)
    .map(({ startNs, endNs }) => ({ start: BigInt(startNs), end: BigInt(endNs) }))
    .sort((a, b) => (a.start < b.start ? -1 : 1))
  intervals.forEach(({ start, end }, i) => {
    assert.ok(start < end)
    if (i > 0) assert.ok(intervals[i - 1]!.end <= start, 'a run was timed before the one before it ended')
  })
  for (const run of runs) {
    const { samples } = (await call('GET', `/v1/runs/${run.id}/samples`)).body
    assert.equal(samples.length, run.result.samples)
    assert.equal(Math.min(...samples), run.result.latencyMs.min)
    assert.ok(run.result.latencyMs.p50 > 0)
  }
})

test('kill -9 of the worker in the middle of a run costs that run, and the next one runs', limit, async () => {
  const struck = await queue({ architectureId: slow, settings: endless })
  const next = await queue({})
  await calling(struck)
  process.kill(workers()[0]!, 'SIGKILL')
  assert.equal((await watch(struck)).at(-1), 'failed')
  const { error } = await read(struck)
  assert.equal(error.code, 'WORKER_CRASHED')
  assert.match(error.message, /SIGKILL/)
  assert.equal((await watch(next)).at(-1), 'succeeded')
})

test('cancel and timeout end a call that listens to nothing, each costs its run alone', limit, async () => {
  const cancelled = await queue({ architectureId: slow, settings: endless })
  const late = await queue({ architectureId: slow, settings: endless, timeoutMs: 1000 })
  const next = await queue({})
  await until(cancelled, (run) => run.status === 'running', 'the run')
  assert.equal((await call('DELETE', `/v1/runs/${cancelled}`)).status, 202)
  assert.equal((await watch(cancelled)).at(-1), 'cancelled')
  assert.equal((await watch(late)).at(-1), 'timedOut')
  assert.equal((await watch(next)).at(-1), 'succeeded')
})

test('kill -9 of the service in the middle of a run: no worker is left, and after the next start the run goes on', limit, async () => {
  const interrupted = await queue({ architectureId: slow, settings: endless })
  const waiting = await queue({})
  await calling(interrupted)
  const [orphan] = workers()
  service.kill('SIGKILL')
  for (let i = 0; i < 40 && isAlive(orphan!); i++) await sleep(50)
  assert.ok(!isAlive(orphan!), 'the worker outlived its service by two seconds')
  await start()
  const run = await until(interrupted, ({ attempt, status }) => attempt === 2 && status === 'running', 'the second attempt')
  assert.equal(run.error, null)
  assert.equal((await call('DELETE', `/v1/runs/${interrupted}`)).status, 202)
  const types = await watch(interrupted)
  assert.ok(types.includes('requeued'))
  assert.equal(types.at(-1), 'cancelled')
  assert.equal((await watch(waiting)).at(-1), 'succeeded')
})

test('SIGTERM in the middle of a run: it goes back to the queue, and no process stays', limit, async () => {
  const interrupted = await queue({ architectureId: slow, settings: endless })
  await calling(interrupted)
  const [worker] = workers()
  const ended = new Promise<number | null>((resolve) => service.once('exit', resolve))
  service.kill('SIGTERM')
  assert.equal(await ended, 0)
  assert.ok(!isAlive(worker!))
  await start()
  const run = await until(interrupted, ({ status }) => status === 'running', 'the run again')
  assert.equal(run.attempt, 2, 'every start counts')
  await call('DELETE', `/v1/runs/${interrupted}`)
})
