/** GET /v1/events and its subscription: everything that changes, to whoever listens. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { watchStatements } from '../../store/helper.ts'
import { offers } from '../fake-worker.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
let architectureId: string
/** What the host offers at the moment. */
let devices = offers()
before(async () => {
  api = await openTestApi({}, () => devices)
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(4))).body.id
})
after(() => api.close())

/** A listener as a browser is one: what it heard, in order. */
async function listen(query = '', lastId?: string) {
  const controller = new AbortController()
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId }
  const answer = await fetch(`${api.url}/v1/events?${query}`, { headers, signal: controller.signal })
  assert.equal(answer.status, 200)
  const heard: any[] = []
  let text = ''
  const done = (async () => {
    const decoder = new TextDecoder()
    for await (const bytes of answer.body!) {
      text += decoder.decode(bytes, { stream: true })
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = Object.fromEntries(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        )
        text = text.slice(end + 2)
        if (!lines.data) continue
        const event = JSON.parse(lines.data)
        assert.deepEqual([lines.id, lines.event], [event.id, event.type])
        heard.push(event)
      }
    }
  })().catch((error: Error) => {
    if (error.name !== 'AbortError') throw error
  })
  return {
    answer,
    heard,
    of: (type: string) => heard.filter((event) => event.type === type),
    async until(what: (events: any[]) => unknown) {
      for (let i = 0; i < 2000 && !what(heard); i++) await pause(5)
      assert.ok(what(heard), JSON.stringify(heard).slice(0, 3000))
    },
    async close() {
      controller.abort()
      await done
    },
  }
}

/** Until the service has seen that the listeners of before are gone. */
async function nobody() {
  for (let i = 0; i < 1000 && api.services.live.listeners > 0; i++) await pause(5)
  assert.equal(api.services.live.listeners, 0)
}

const queueRun = async (over: object = {}): Promise<string> =>
  (
    await api.request
      .post('/v1/runs')
      .send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', fresh: true, ...over })
      .expect(202)
  ).body.id
const eventsOf = (events: any[], runId: string) => events.flatMap(({ run }) => (run?.runId === runId ? [run.event] : []))
const ended = (events: any[], ...ids: string[]) => ids.every((id) => eventsOf(events, id).includes('succeeded'))

test('a run from queue to end, the queue beside it, and an architecture that comes and goes', { timeout: 60_000 }, async () => {
  api.worker.autoMs = null
  const listener = await listen()
  assert.match(listener.answer.headers.get('content-type')!, /^text\/event-stream/)
  assert.equal(listener.answer.headers.get('cache-control'), 'no-store')
  await listener.until(([first]) => first?.type === 'reset' && /beginning/.test(first.reason))
  const [first, second] = [await queueRun({ labels: { team: 'vision' } }), await queueRun()]
  await listener.until((events) => eventsOf(events, first).includes('phase'))
  await listener.until((events) => events.some(({ queue }) => queue?.running?.runId === first && queue.waiting[0]?.runId === second))
  const queued = listener.of('queue').findLast(({ queue }) => queue.waiting.length > 0)!.queue
  assert.deepEqual([queued.device, queued.waitingCount, queued.waiting[0].position], ['cpu:0', 1, 1])
  assert.equal(typeof queued.waiting[0].etaMs, 'number')
  api.worker.progress(first, { done: 3 })
  await listener.until((events) => events.some(({ run }) => run?.data.done === 3))
  api.worker.autoMs = 1
  api.worker.finish(first)
  await listener.until((events) => ended(events, first, second))
  await listener.until((events) => events.at(-1).queue?.running === null)

  // As the events of the run itself say it, in their order, each once.
  for (const id of [first, second]) {
    const own = (await api.store.events.list(id)).map(({ type }) => type)
    assert.deepEqual(eventsOf(listener.heard, id), own)
  }
  const last = listener.heard.findLast(({ run }) => run?.runId === first).run
  assert.deepEqual(
    [last.status, last.verdict, last.device, last.batch, last.labels, last.architectureName],
    ['succeeded', 'suspect', 'cpu:0', 1, { team: 'vision' }, 'small 4'],
  )

  const { body: added } = await api.request.post('/v1/architectures').send(smallNetwork(5)).expect(201)
  await api.request.post('/v1/architectures').send(smallNetwork(5)).expect(200)
  await api.request.delete(`/v1/architectures/${added.id}`).expect(204)
  await listener.until((events) => events.at(-1).architecture?.change === 'deleted')
  assert.deepEqual(
    listener
      .of('architecture')
      // The notice of the network that was registered before may come late, from a database server.
      .filter(({ architecture }) => architecture.name !== 'small 4')
      .map(({ architecture }) => [architecture.change, architecture.name, architecture.params]),
    ['registered', 'deleted'].map((change) => [change, 'small 5', added.counts.params]),
  )
  await listener.close()
})

test('who comes back hears what was missed, each once, and nothing of before', { timeout: 60_000 }, async () => {
  const first = await listen()
  const heard = await queueRun()
  await first.until((events) => ended(events, heard))
  await first.until((events) => events.at(-1).type === 'queue')
  await first.close()
  // Nobody listens: nothing is read for nobody.
  await nobody()
  const statements = watchStatements(api.store)
  const missed = await queueRun()
  while ((await api.store.runs.get(missed))?.finishedAt == null) await pause(5)
  statements.stop()
  assert.ok(!statements.texts.some((text) => /AS asked/.test(text)))

  const back = await listen('', first.heard.at(-1).id)
  await back.until((events) => ended(events, missed) && events.some(({ type }) => type === 'queue'))
  assert.deepEqual(back.of('reset'), [])
  assert.deepEqual(eventsOf(back.heard, heard), [])
  assert.deepEqual(
    eventsOf(back.heard, missed),
    (await api.store.events.list(missed)).map(({ type }) => type),
  )
  const ids = back.heard.map(({ id }) => Number(id.split('-')[1]))
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  )
  await back.close()
  for (const id of ['0123456789ab-3', 'nonsense', first.heard.at(-1).id.replace(/\d+$/, '999999')]) {
    const stranger = await listen('', id)
    await stranger.until(([event]) => event?.type === 'reset')
    assert.match(stranger.heard[0].reason, /not one of this process/)
    await stranger.close()
  }
})

test('more than is kept, and messages that were missed, are a reset', { timeout: 60_000 }, async () => {
  const listener = await listen('type=run')
  await listener.until((events) => events.length === 1)
  api.store.notifications.receiveGap()
  await listener.until((events) => events.length === 2)
  assert.match(listener.heard[1].reason, /missed/)
  await listener.close()
  for (let i = 0; i < 5000; i++) api.store.notifications.receive(`event ${architectureId} ${i}`)
  const late = await listen('', listener.heard[1].id)
  await late.until(([event]) => event?.type === 'reset')
  assert.match(late.heard[0].reason, /too much/)
  const run = await queueRun()
  await late.until((events) => ended(events, run))
  await late.close()
})

test('filters', { timeout: 60_000 }, async () => {
  const labels = { suite: 'filtered', odd: 'a=b' }
  const wanted = async (query: string) => ({ query, listener: await listen(query) })
  const all = await Promise.all(
    [
      'type=run,architecture',
      'device=cpu:0&type=run',
      'device=cuda:7',
      'label=suite%3Dfiltered',
      'label=odd%3Da%3Db&label=suite',
      'label=suite%3Dother',
    ].map(wanted),
  )
  for (const { listener } of all) await listener.until((events) => events.length === 1)
  const mine = await queueRun({ labels })
  const one = await listen(`run=${mine}`, all[0]!.listener.heard[0].id)
  const other = await queueRun()
  await api.request.post('/v1/architectures').send(smallNetwork(6)).expect(201)
  await all[0]!.listener.until((events) => ended(events, mine, other) && events.some(({ type }) => type === 'architecture'))
  await one.until((events) => ended(events, mine))
  const runs = (listener: { heard: any[] }) => [...new Set(listener.heard.flatMap(({ run }) => (run ? [run.runId] : [])))].sort()
  const types = (listener: { heard: any[] }) => [...new Set(listener.heard.map(({ type }) => type))].sort()
  const both = [mine, other].sort()
  const expected: [runs: string[], types: string[]][] = [
    [both, ['architecture', 'reset', 'run']],
    [both, ['reset', 'run']],
    [[], ['reset']],
    [[mine], ['progress', 'reset', 'run']],
    [[mine], ['progress', 'reset', 'run']],
    [[], ['reset']],
  ]
  await pause(50)
  for (const [i, { query, listener }] of all.entries()) assert.deepEqual([runs(listener), types(listener)], expected[i], query)
  assert.deepEqual([runs(one), types(one)], [[mine], ['progress', 'run']])
  for (const { listener } of [...all, { listener: one }]) await listener.close()
  for (const query of ['type=runs', 'run=7', 'kind=run']) await api.request.get(`/v1/events?${query}`).expect(400)
  await api.request.get('/v1/events').set('accept', 'application/json').expect(406)
})

test('devices that come, change and go', { timeout: 60_000 }, async () => {
  const listener = await listen('type=device')
  await listener.until((events) => events.length === 1)
  await pause(2500)
  const [cpu, ...others] = offers().devices as [any, ...any[]]
  const second = { ...cpu, name: 'cpu:1', uuid: 'CPU-second', host: 'farm', local: false }
  devices = { ...offers(), devices: [cpu, ...others, second] }
  await listener.until((events) => events.length === 2)
  // What changes all the time is no news.
  devices = { ...offers(), devices: [{ ...cpu, memoryFreeBytes: 7 }, ...others, { ...second, driver: '1.2' }] }
  await listener.until((events) => events.length === 3)
  devices = offers()
  await listener.until((events) => events.length === 4)
  assert.deepEqual(
    listener.of('device').map(({ device }) => [device.change, device.device.address]),
    ['appeared', 'changed', 'vanished'].map((change) => [change, 'farm/cpu:1']),
  )
  await listener.close()
})

test('the same over GraphQL', { timeout: 60_000 }, async () => {
  const client = createClient({ url: `${api.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket })
  const query = `subscription { events(type: [run, architecture]) { id type reason run { event runId architectureName run { status } } architecture { name architecture { id } } } }`
  const heard: any[] = []
  let run = ''
  for await (const { data, errors } of client.iterate({ query })) {
    assert.equal(errors, undefined)
    const event: any = data!.events
    heard.push(event)
    if (event.type === 'reset') run = await queueRun()
    if (event.run?.event === 'succeeded') break
  }
  assert.deepEqual(
    heard.map(({ type, run }) => run?.event ?? type),
    ['reset', 'queued', 'started', 'succeeded'],
  )
  assert.equal(heard.at(-1).run.runId, run)
  assert.equal(heard.at(-1).run.run.status, 'succeeded')
  await client.dispose()
})

test('two thousand idle listeners: one read for all, and all are told', { timeout: 120_000 }, async (t) => {
  await nobody()
  const { live } = api.services
  const controller = new AbortController()
  const { signal } = controller
  const count = 2000
  const heard = new Map<number, string[]>()
  const listeners = Array.from({ length: count }, async (_, i) => {
    const types: string[] = []
    heard.set(i, types)
    for await (const { type, run } of live.follow({ type: ['run'] }, undefined, signal)) types.push(run?.event ?? type)
  })
  const before = live.listeners
  assert.equal(before, count)
  const statements = watchStatements(api.store)
  const run = await queueRun()
  while (![...heard.values()].every((types) => types.includes('succeeded'))) await pause(5)
  statements.stop()
  const reads = statements.texts.filter((text) => /AS asked/.test(text)).length
  t.diagnostic(`${reads} reads for ${count} listeners`)
  const events = (await api.store.events.list(run)).length
  assert.ok(reads >= 1 && reads <= events, `${reads} reads of ${events} events`)
  for (const types of heard.values()) assert.deepEqual(types, ['reset', 'queued', 'started', 'succeeded'])
  controller.abort()
  await Promise.all(listeners)
  assert.equal(live.listeners, 0)
})

test('a stop ends the streams', { timeout: 60_000 }, async () => {
  const listener = await listen()
  await listener.until((events) => events.length === 1)
  const closed = api.app.close()
  await Promise.all([closed, listener.close()])
})
