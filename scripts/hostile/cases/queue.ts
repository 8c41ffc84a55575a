import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostileCase, HostileGroup, Service } from '../contract.ts'
import { register } from '../requests.ts'
import { seedQueue } from '../seed-queue.ts'

/** What makes the service read much of its database at once. `/healthz` is to answer within 250 ms on an idle machine. */

const agent = new http.Agent({ keepAlive: true, maxSockets: 20 })

async function call<T>({ url }: Service, path: string, body?: object): Promise<{ status: number; body: T }> {
  return new Promise((resolve, reject) => {
    const request = http.request(url + path, {
      agent,
      method: body ? 'POST' : 'GET',
      headers: body ? { 'content-type': 'application/json' } : {},
    })
    request.on('error', reject).on('response', (response) => {
      let text = ''
      response.on('data', (part) => (text += part)).on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode!, body: text.startsWith('{') ? JSON.parse(text) : {} }))
    })
    request.end(body && JSON.stringify(body))
  })
}

/** @throws Error where one was answered otherwise than that. */
function all(statuses: readonly number[], expected: number): void {
  const others = statuses.filter((status) => status !== expected)
  if (others.length > 0) throw new Error(`${others.length} of ${statuses.length} were answered ${[...new Set(others)].join(', ')}`)
}

interface Queued {
  id: string
}

/** A run that holds the device for as long as the group lasts. */
async function holdDevice(service: Service): Promise<{ architectureId: string; run: Queued }> {
  const architectureId = await register(service, {
    input: { shape: [3, 8, 8] },
    layers: [{ type: 'Conv2d', outChannels: 4, kernelSize: 3 }],
  })
  const settings = { threads: 1, warmupMs: 0, minDurationMs: 600_000, maxDurationMs: 600_000, minSamples: 1 }
  const { status, body } = await call<Queued>(service, '/v1/runs', { architectureId, device: 'cpu:0', runtime: 'onnxruntime', settings })
  if (status !== 202) throw new Error(`a run was answered ${status}`)
  return { architectureId, run: body }
}

const posts: HostileCase = {
  name: '500 POST /v1/runs from 20 connections',
  run: async (service) => {
    const { architectureId } = await holdDevice(service)
    const body = (i: number) => ({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true, labels: { i: String(i) } })
    const began = performance.now()
    const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => call(service, '/v1/runs', body(i))))
    all(
      answers.map(({ status }) => status),
      202,
    )
    return { status: 202, note: `500 in ${Math.round(performance.now() - began)} ms` }
  },
}

const lists = (queued: string): HostileCase => ({
  name: `20 lists of 200 at once, beside ${queued} queued`,
  run: async (service) => {
    const began = performance.now()
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(service, '/v1/runs?limit=200')))
    all(
      answers.map(({ status }) => status),
      200,
    )
    return { status: 200, note: `all in ${Math.round(performance.now() - began)} ms` }
  },
})

const listeners = (count: number): HostileCase => ({
  name: `an event of a run with ${count} listeners`,
  run: async (service) => {
    const { architectureId } = await holdDevice(service)
    const { body: run } = await call<Queued>(service, '/v1/runs', {
      architectureId,
      device: 'cpu:0',
      runtime: 'onnxruntime',
      fresh: true,
      labels: { heard: 'yes' },
    })
    let heard = 0
    const sockets = new Set<http.ClientRequest>()
    const over = Array.from(
      { length: count },
      () =>
        new Promise<void>((resolve, reject) => {
          const request = http.get(`${service.url}/v1/runs/${run.id}/events`, { agent: false }, (response) => {
            if (response.statusCode !== 200) return reject(new Error(`a listener was answered ${response.statusCode}`))
            heard++
            let text = ''
            response.on('data', (part) => (text += part)).on('error', reject)
            response.on('end', () => (text.includes('event: cancelled') ? resolve() : reject(new Error('a listener missed the event'))))
          })
          sockets.add(request.on('error', reject))
        }),
    )
    const ended = Promise.all(over)
    ended.catch(() => {})
    while (heard < count) await Promise.race([sleep(20), ended])
    const began = performance.now()
    await fetch(`${service.url}/v1/runs/${run.id}`, { method: 'DELETE' })
    await ended
    for (const socket of sockets) socket.destroy()
    return { status: 'heard', note: `by all in ${Math.round(performance.now() - began)} ms` }
  },
})

export const queue: HostileGroup = {
  name: 'queue',
  // Listeners and connections come from one address here.
  env: { RATE_LIMIT: '0' },
  whenReady: true,
  cases: [posts, lists('500'), listeners(500), listeners(2000)],
}

/** Medians of a list alone, by how many runs wait, ms. */
const alone = new Map<number, number>()

/** Ten lists, one after another. */
const oneByOne = (queued: number): HostileCase => ({
  name: `lists of 200, one after another, beside ${queued} queued`,
  run: async (service) => {
    const times: number[] = []
    // The first reads the queue; a place is told from memory after that.
    for (let i = 0; i < 11; i++) {
      const began = performance.now()
      const { status, body } = await call<{ items: { queue: unknown }[] }>(service, '/v1/runs?limit=200')
      times.push(performance.now() - began)
      all([status], 200)
      if (body.items.length !== 200 || body.items.some(({ queue }) => queue === null)) throw new Error('a place is missing')
    }
    const [first, ...rest] = times as [number, ...number[]]
    const median = rest.sort((a, b) => a - b)[5]!
    alone.set(queued, median)
    const least = Math.min(...alone.values())
    // As fast: the noise of a busy machine, and no more than that.
    if (median > 3 * least + 20) throw new Error(`the median is ${median.toFixed(0)} ms, beside fewer queued ${least.toFixed(0)} ms`)
    return { status: 200, note: `median ${median.toFixed(0)} ms, first ${first.toFixed(0)} ms` }
  },
})

const seeded = (queued: number): HostileGroup => ({
  name: `queue-of-${queued}`,
  env: { RATE_LIMIT: '0' },
  prepare: (dataDir) => seedQueue(dataDir, queued),
  cases: [oneByOne(queued), lists(String(queued))],
})

/** Lists are to be as fast beside 10,000 queued as beside few. */
export const seededQueues: readonly HostileGroup[] = [seeded(210), seeded(10_000)]
