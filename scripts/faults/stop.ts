/** SIGTERM in the middle of everything that the service does, one after the other and all at once: it ends within SHUTDOWN_MS, in order. */
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import { register } from '../hostile/requests.ts'
import { file, floats, node } from '../onnx-file.ts'
import { type ServiceProcess, spawnService } from '../service-process.ts'
import type { Fault } from './contract.ts'

const shutdownMs = 6000
/** For the process itself to end after its last word. */
const graceMs = 1000
/** Each takes until it is stopped. */
const endlessMs = 600_000

interface Running {
  url: string
  /** Ids of what was acknowledged, by what it is: each must be there after the next start. */
  acknowledged: Map<string, 'architectures' | 'runs'>
}

/** Something that takes long. Resolves once it is under way. */
type Activity = (running: Running) => Promise<void>

const post = (url: string, path: string, type: string, length?: number): http.ClientRequest =>
  http
    .request(url + path, { method: 'POST', headers: { 'content-type': type, ...(length ? { 'content-length': length } : {}) } })
    // It is cut off.
    .on('error', () => {})

/** Reads a little of an answer, and no more of it. */
const readSlowly = (url: string, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    http
      .get(url + path, (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`${path} was answered ${answer.statusCode}`))
        answer.once('data', () => {
          answer.pause()
          resolve()
        })
        answer.on('error', () => {})
      })
      .on('error', () => {})
  })

/** A thousand layers that are read by a process of the pool. */
const deep = file({
  nodes: Array.from({ length: 4000 }, (_, i) => node('Conv', [i === 0 ? 'x' : `y${i - 1}`, 'w'], [i === 3999 ? 'y' : `y${i}`])),
  initializers: [floats('w', [3, 3, 1, 1])],
})

async function queueRun({ url, acknowledged }: Running, profile: boolean, phase: string): Promise<void> {
  const architectureId = await register({ url } as Parameters<typeof register>[0], {
    input: { shape: [3, 32, 32] },
    layers: Array.from({ length: 200 }, () => ({ type: 'Conv2d', outChannels: 64, kernelSize: 3, padding: 1 })),
  })
  const ms = profile ? 1 : endlessMs
  const settings = { threads: 1, warmupMs: 0, minDurationMs: ms, maxDurationMs: ms, minSamples: 1 }
  const answer = await fetch(`${url}/v1/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true, profile, settings, priority: 10 }),
  })
  const { id, detail } = (await answer.json()) as { id?: string; detail?: string }
  if (id === undefined) throw new Error(`a run was answered ${answer.status}: ${detail}`)
  acknowledged.set(id, 'runs')
  const events = await fetch(`${url}/v1/runs/${id}/events`)
  let said = ''
  for await (const piece of events.body!.pipeThrough(new TextDecoderStream())) {
    said += piece
    if (said.includes(`"phase":"${phase}"`)) return
  }
  throw new Error(`the run did not come to ${phase}: ${said.slice(-500)}`)
}

const activities: Readonly<Record<string, Activity>> = {
  async import({ url, acknowledged }) {
    const request = post(url, '/v1/architectures?name=deep', 'application/octet-stream', deep.length)
    request.on('response', async (answer) => {
      let text = ''
      for await (const part of answer.on('error', () => {})) text += part
      if (answer.statusCode === 201) acknowledged.set(JSON.parse(text).id, 'architectures')
    })
    request.end(Buffer.from(deep))
    await sleep(100)
  },
  async upload({ url }) {
    const request = post(url, '/v1/architectures?name=slow', 'application/octet-stream', 2 ** 28)
    const send = setInterval(() => request.write(Buffer.alloc(2 ** 16)), 50)
    request.once('close', () => clearInterval(send))
    await sleep(500)
  },
  async export({ url }) {
    const id = await register({ url } as Parameters<typeof register>[0], {
      input: { shape: [4096] },
      layers: [{ type: 'Linear', outFeatures: 4096 }],
    })
    await readSlowly(url, `/v1/architectures/${id}/export?format=onnx&weights=seeded`)
  },
  run: (running) => queueRun(running, false, 'timing'),
  profile: (running) => queueRun(running, true, 'profiling'),
  async 'event streams'({ url }) {
    const sockets = Array.from({ length: 20 }, () => new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws'))
    for (const socket of sockets) {
      socket.on('error', () => {})
      socket.on('open', () => socket.send('{"type":"connection_init"}'))
      socket.on('message', (message) => {
        if (JSON.parse(String(message)).type !== 'connection_ack') return
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { events { id } }' } }))
      })
    }
    await Promise.all(Array.from({ length: 200 }, () => readSlowly(url, '/v1/events')))
  },
  backup: ({ url }) => readSlowly(url, '/v1/backup'),
}

/** Those that were acknowledged, and are not there or not in a state to go on; a run that waits again is canceled. */
async function lostOf({ url, acknowledged }: Running): Promise<{ lost: string[]; stuck: string[] }> {
  const [lost, stuck]: [string[], string[]] = [[], []]
  for (const [id, list] of acknowledged) {
    const answer = await fetch(`${url}/v1/${list}/${id}`)
    if (answer.status !== 200) lost.push(`${list} ${id}: ${answer.status}`)
    if (answer.status !== 200 || list !== 'runs') continue
    await fetch(`${url}/v1/runs/${id}`, { method: 'DELETE' })
    const { status } = (await (await fetch(`${url}/v1/runs/${id}?wait=30`)).json()) as { status: string }
    if (status !== 'cancelled' && status !== 'succeeded') stuck.push(`run ${id}: ${status}`)
  }
  return { lost, stuck }
}

export const stops: Fault = {
  name: 'SIGTERM',
  async run({ say }) {
    const dataDir = mkdtempSync(join(tmpdir(), 'archmeter-faults-'))
    const start = () => spawnService({ DATA_DIR: dataDir, SHUTDOWN_MS: String(shutdownMs) })
    const failures: string[] = []
    const all: Activity = async (running) => {
      // The device executes one run at a time.
      const { profile: _, ...others } = activities
      await Promise.all(Object.values(others).map((begin) => begin(running)))
    }
    const rounds = Object.entries({ ...activities, everything: all })
    let [acknowledged, lostCount, stuckCount] = [0, 0, 0]
    let before: Running['acknowledged'] = new Map()
    let service: ServiceProcess | undefined
    try {
      for (const [name, begin] of rounds) {
        service = start()
        const running: Running = { url: await service.listening(), acknowledged: before }
        const { lost, stuck } = await lostOf(running)
        failures.push(...[...lost, ...stuck].map((what) => `after the stop before ${name}: ${what}`))
        acknowledged += before.size
        lostCount += lost.length
        stuckCount += stuck.length
        before = running.acknowledged = new Map()
        await begin(running)
        const { ms, code } = await service.stop(2 * shutdownMs)
        say(`during ${name}: ended with ${code} after ${Math.round(ms)} ms`)
        if (code !== 0 || ms > shutdownMs + graceMs)
          failures.push(`during ${name} it ended with ${code} after ${Math.round(ms)} ms, and ${shutdownMs} are allowed`)
      }
      service = start()
      const { lost, stuck } = await lostOf({ url: await service.listening(), acknowledged: before })
      failures.push(...[...lost, ...stuck].map((what) => `after the last stop: ${what}`))
      const tally = { acknowledged: acknowledged + before.size, lost: lostCount + lost.length, twice: 0, stuck: stuckCount + stuck.length }
      return { provoked: rounds.length, tally, failures, notes: [] }
    } finally {
      await service?.stop()
      rmSync(dataDir, { recursive: true, force: true })
    }
  },
}
