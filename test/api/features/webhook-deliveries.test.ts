/** Attempts of deliveries to webhooks, by a clock that the test moves: when they are made, by whom, and when they end. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Targets } from '../../../src/api/access/targets.ts'
import { ArchitectureNames } from '../../../src/api/features/architectures/names.ts'
import { type DeliveryMetric, WebhookDeliverer } from '../../../src/api/features/webhooks/deliverer.ts'
import { WebhookMessages } from '../../../src/api/features/webhooks/message.ts'
import { makeSecret } from '../../../src/api/features/webhooks/sign.ts'
import { sql } from '../../../src/store/drizzle.ts'
import { Deliveries, openStore, type Store } from '../../../src/store/index.ts'
import { FakeClock } from '../../gpu/fake-clock.ts'
import { cleanup, openTestStore, readyPlace, someArchitecture, someRun, storeKind, type TestStore } from '../../store/helper.ts'
import { openReceiver } from '../receiver.ts'

const limit = { timeout: 120_000 }

let opened: TestStore
let store: Store
let architectureId: string
before(async () => {
  opened = await openTestStore()
  store = opened.store
  architectureId = (await store.architectures.insert(someArchitecture())).architecture.id
})
after(() => opened.close())

/** A deliverer whose clock, the database's included, stands but for the time that tests move it by. */
function openDeliverer(t: TestContext, { on = store, retryHours = 24 }: { on?: Store; retryHours?: number } = {}) {
  const clock = new FakeClock()
  const deliveries = new Deliveries(on.db, () => sql`(now() + ${clock.now()}::float8 * interval '1 millisecond')`)
  const metrics: DeliveryMetric[] = []
  const warned: string[] = []
  const deliverer = new WebhookDeliverer({
    store: { deliveries, notifications: on.notifications },
    messages: new WebhookMessages(on, new ArchitectureNames(on)),
    targets: new Targets('127.0.0.1'),
    log: { info() {}, warn: (_object, message) => void warned.push(message) },
    onMetrics: (metric) => metrics.push(metric),
    random: () => 0.5,
    ...{ retryHours, clock },
  })
  deliverer.start()
  t.after(() => deliverer.stop(0))
  return {
    ...{ clock, deliveries, deliverer, metrics, warned },
    /** Moves on to the next attempt until so many have ended. */
    async attempts(id: string, count: number) {
      let movedAfter = -1
      for (;;) {
        const delivery = (await deliveries.get(id))!
        const { attempts, leaseUntil } = delivery
        if (attempts >= count && leaseUntil === null) return delivery
        if (leaseUntil === null && attempts === movedAfter) clock.advance(100)
        else if (leaseUntil === null) {
          const dueMs = await deliveries.dueMs({})
          // Of this attempt, unless another one has begun meanwhile.
          if ((await deliveries.get(id))!.attempts === attempts && dueMs !== null) {
            clock.advance(Math.max(dueMs, 1))
            movedAfter = attempts
          }
        }
        await sleep(5)
      }
    },
  }
}

async function register(t: TestContext, url: string, { on = store, events = ['queued'] } = {}) {
  const webhook = { url, events, devices: [], labels: [], description: null, createdBy: null, secret: makeSecret() }
  const { id } = await on.webhooks.insert(webhook)
  t.after(() => on.webhooks.delete(id))
  return id
}
const queued = async (on = store, of = architectureId) => (await on.runs.insert(someRun(of))).run.id
const deliveriesTo = async (webhookId: string, on = store) => (await on.deliveries.list({ webhookId: [webhookId], limit: 500 })).items
const until = async (fits: () => boolean | Promise<boolean>) => {
  while (!(await fits())) await sleep(10)
}

it('is made again after an error and a lost connection, at pauses that double, as another attempt of the same', limit, async (t) => {
  const receiver = await openReceiver(t)
  const answers = [500, 0, 302, 404, 200]
  receiver.answer = (_received, response) => {
    const status = answers[receiver.got.length - 1] ?? 204
    // 0: none. A redirect would lead to where it is taken.
    if (status === 0) response.destroy()
    else response.writeHead(status, { location: `${receiver.url}/elsewhere` }).end('why')
  }
  const webhook = await register(t, receiver.url)
  const it = openDeliverer(t)
  await queued()
  const { id } = (await deliveriesTo(webhook))[0]!
  const errors = [/answered 500/, /hang up|ECONNRESET|aborted/, /answered 302/, /answered 404/]
  const at: number[] = []
  for (const [i, error] of errors.entries()) {
    const { status, error: told } = await it.attempts(id, i + 1)
    at.push(it.clock.now())
    assert.equal(status, 'pending')
    assert.match(told!, error)
    const failing = (await store.webhooks.get(webhook))!
    assert.ok(failing.failingSince && failing.enabled)
  }
  assert.equal((await it.attempts(id, 5)).status, 'delivered')
  at.push(it.clock.now())
  // 5 s, then as long as it was tried: 5, 10, 20. The database's clock goes on as well, while this runs.
  const pauses = at.slice(1).map((each, i) => each - at[i]!)
  for (const [i, least] of [5000, 5000, 10_000, 20_000].entries())
    assert.ok(pauses[i]! > 0.6 * least && pauses[i]! < 1.6 * least + 2000, `${pauses}`)
  assert.equal(new Set(receiver.got.map(({ headers, body }) => `${headers['webhook-id']} ${body}`)).size, 1)
  assert.ok(receiver.got.every(({ path }) => path === '/hook'))
  assert.equal((await store.webhooks.get(webhook))!.failingSince, null)
  assert.deepEqual(
    it.metrics.filter(({ kind }) => kind === 'ended'),
    [{ kind: 'ended', outcome: 'delivered', count: 1 }],
  )
})

it('waits as long as the receiver asks, an hour at the most', limit, async (t) => {
  const receiver = await openReceiver(t)
  receiver.answer = (_received, response) => {
    const after = ['120', '99999999999', 'soon'][receiver.got.length - 1]
    response.writeHead(after ? 429 : 204, after ? { 'retry-after': after } : {}).end()
  }
  const webhook = await register(t, receiver.url)
  const it = openDeliverer(t)
  await queued()
  const { id } = (await deliveriesTo(webhook))[0]!
  const dueAfter = async (count: number) => {
    await it.attempts(id, count)
    return (await it.deliveries.dueMs({}))! / 1000
  }
  const near = (seconds: number, wanted: number) => assert.ok(Math.abs(seconds - wanted) < 10, `${seconds} s, not ${wanted}`)
  near(await dueAfter(1), 120)
  near(await dueAfter(2), 3600)
  assert.equal((await it.attempts(id, 4)).status, 'delivered')
})

it('is given up after its time, and counted; a webhook that fails for long is disabled', limit, async (t) => {
  const receiver = await openReceiver(t)
  receiver.answer = (_received, response) => void response.writeHead(503).end()
  const webhook = await register(t, receiver.url)
  const it = openDeliverer(t, { retryHours: 1 })
  await queued()
  const first = (await deliveriesTo(webhook))[0]!
  for (let count = 1; ; count++) {
    const { status, error } = await it.attempts(first.id, count)
    if (status === 'pending') continue
    assert.deepEqual([status, error], ['failed', 'The receiver answered 503.'])
    assert.ok(count > 5 && count < 20, `${count} attempts`)
    break
  }
  assert.ok(it.clock.now() > 1_500_000 && it.clock.now() < 3_700_000, `${it.clock.now()} ms`)
  assert.deepEqual(
    it.metrics.filter(({ kind }) => kind === 'ended'),
    [{ kind: 'ended', outcome: 'failed', count: 1 }],
  )
  assert.ok(it.warned.includes('a delivery to a webhook was given up'))
  // Within three hours it is left enabled, and later not.
  assert.equal((await store.webhooks.get(webhook))!.enabled, true)
  await store.db.execute(`UPDATE webhooks SET failing_since = failing_since - interval '3 hours' WHERE id = '${webhook}'`)
  await store.deliveries.redeliver(first.id)
  await it.clock.until(async () => !(await store.webhooks.get(webhook))!.enabled, { stepMs: 10 })
  const { disabledReason } = (await store.webhooks.get(webhook))!
  assert.match(disabledReason!, /^No attempt has succeeded for 3 hours; the last one: The receiver answered 503\.$/)
  assert.ok(it.warned.includes('a webhook was disabled'))
  // What happens meanwhile is not kept for it.
  const { length } = await deliveriesTo(webhook)
  await queued()
  assert.equal((await deliveriesTo(webhook)).length, length)
})

it('410 Gone disables a webhook at once; it gets what waits once it is enabled', limit, async (t) => {
  const receiver = await openReceiver(t)
  receiver.answer = (_received, response) => void response.writeHead(410).end()
  const webhook = await register(t, receiver.url)
  openDeliverer(t)
  await queued()
  await until(async () => !(await store.webhooks.get(webhook))!.enabled)
  assert.match((await store.webhooks.get(webhook))!.disabledReason!, /410 Gone/)
  assert.equal(receiver.got.length, 1)
  receiver.answer = (_received, response) => void response.writeHead(204).end()
  const enabled = (await store.webhooks.update(webhook, { enabled: true }))!
  assert.deepEqual([enabled.failingSince, enabled.disabledReason], [null, null])
  await until(async () => (await deliveriesTo(webhook))[0]!.status === 'delivered')
})

it('a receiver that does not answer holds no other, has few attempts at a time, and its time runs out', limit, async (t) => {
  const [dead, well] = [await openReceiver(t), await openReceiver(t)]
  dead.answer = () => {}
  const [deadId] = [await register(t, dead.url), await register(t, well.url)]
  const it = openDeliverer(t)
  const ids: string[] = []
  for (let i = 0; i < 12; i++) ids.push(await queued())
  // The clock stands: none of the dead one's attempts has ended.
  const got = await well.has(12)
  assert.deepEqual(new Set(got.map(({ message }) => message.data.run.runId)), new Set(ids))
  await dead.has(4)
  assert.equal(dead.got.length, 4)
  it.clock.advance(10_000)
  await until(async () => (await deliveriesTo(deadId)).filter(({ error }) => error === 'No answer within 10 s.').length === 4)
  // From then on one at a time.
  dead.answer = (_received, response) => void response.writeHead(500).end()
  await it.clock.until(() => dead.got.length === 5, { stepMs: 10 })
  await until(async () => (await deliveriesTo(deadId)).some(({ error }) => error === 'The receiver answered 500.'))
  assert.equal(dead.got.length, 5)
})

it('when a failing receiver answers again, all that waited for it is due at once', limit, async (t) => {
  const receiver = await openReceiver(t)
  let broken = true
  receiver.answer = (_received, response) => void response.writeHead(broken ? 500 : 204).end()
  const webhook = await register(t, receiver.url)
  const it = openDeliverer(t)
  await queued()
  const { id } = (await deliveriesTo(webhook))[0]!
  await it.attempts(id, 6)
  for (let i = 0; i < 9; i++) await queued()
  const tried = receiver.got.length
  broken = false
  // The pause of the webhook is over, and those of its deliveries are not all.
  it.clock.advance(600_000)
  await it.clock.until(async () => (await deliveriesTo(webhook)).every(({ status }) => status === 'delivered'), { stepMs: 10 })
  assert.equal(receiver.got.length, tried + 10)
})

it('an answer without end is read no further than 64 kB, and its status counts', limit, async (t) => {
  const receiver = await openReceiver(t)
  let written = 0
  const closed = new Promise<void>((resolve) => {
    receiver.answer = (_received, response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && written < 2 ** 30) {
          written += 16_384
          if (!response.write('x'.repeat(16_384))) return
        }
      }
      response.on('drain', more).on('close', resolve)
      more()
    }
  })
  const webhook = await register(t, receiver.url)
  openDeliverer(t)
  await queued()
  await closed
  await until(async () => (await deliveriesTo(webhook))[0]!.status === 'delivered')
  assert.ok(written < 2 ** 25, `${written} bytes`)
})

it('two processes of one database make each delivery once', limit, async (t) => {
  const later = cleanup(t)
  const receiver = await openReceiver(t)
  receiver.answer = (_received, response) => void setTimeout(() => response.writeHead(204).end(), 5)
  // The embedded database has room for one process, whose deliverers know as little of each other.
  const second = storeKind === 'postgres' ? await openStore(opened.options) : store
  if (second !== store) later(() => second.close())
  const webhook = await register(t, receiver.url)
  const deliverers = [openDeliverer(t), openDeliverer(t, { on: second })]
  later(() => Promise.all(deliverers.map(({ deliverer }) => deliverer.stop(5000))))
  const ids: string[] = []
  for (let i = 0; i < 40; i++) ids.push(await queued(i % 2 ? store : second))
  await until(async () => (await deliveriesTo(webhook)).filter(({ status }) => status === 'delivered').length === ids.length)
  assert.ok((await deliveriesTo(webhook)).every(({ attempts }) => attempts === 1))
  assert.equal(receiver.got.length, ids.length)
  const took = deliverers.map(({ metrics }) => metrics.filter(({ kind }) => kind === 'ended').length)
  assert.equal(took[0]! + took[1]!, ids.length)
  t.diagnostic(`${took} deliveries`)
})

it('a process that is stopped gives its attempt back, and another one makes it at once', limit, async (t) => {
  const receiver = await openReceiver(t)
  receiver.answer = () => {}
  const webhook = await register(t, receiver.url)
  const { deliverer, clock } = openDeliverer(t)
  await queued()
  await receiver.has(1)
  const stopped = deliverer.stop(1000)
  clock.advance(1000)
  await stopped
  const { status, leaseUntil } = (await deliveriesTo(webhook))[0]!
  assert.deepEqual([status, leaseUntil], ['pending', null])
  receiver.answer = (_received, response) => void response.writeHead(204).end()
  // As far on as the first one's clock was.
  const { clock: ahead } = openDeliverer(t)
  await ahead.until(async () => (await deliveriesTo(webhook))[0]!.status === 'delivered', { stepMs: 10 })
})

it('kill -9 of a process that delivers loses no event whose run was acknowledged', limit, async (t) => {
  const later = cleanup(t)
  const place = await readyPlace()
  later(() => place.remove())
  const receiver = await openReceiver(t)
  // The first attempts are under way when it is killed, all others were not begun.
  receiver.answer = () => {}
  const { dataDir, databaseUrl } = place.options
  const script = fileURLToPath(new URL('../child-deliver.ts', import.meta.url))
  const options = JSON.stringify({ dataDir, databaseUrl, url: receiver.url, runs: 12 })
  const child = spawn(process.execPath, [script, options], { stdio: ['ignore', 'pipe', 'inherit'] })
  later(() => child.kill('SIGKILL'))
  const closed = once(child, 'close')
  const [line] = await once(child.stdout, 'data')
  const ids: string[] = JSON.parse(String(line))
  const before = [...(await receiver.has(1))]
  child.kill('SIGKILL')
  await closed
  const again = await openStore(place.options)
  later(() => again.close())
  receiver.got.length = 0
  receiver.answer = (_received, response) => void response.writeHead(204).end()
  const it = openDeliverer(t, { on: again })
  later(() => it.deliverer.stop(1000))
  // Those under way are another process's until its lease has ended; all others come before.
  const rows = async () => (await again.deliveries.list({ limit: 500 })).items.filter(({ status }) => status === 'pending')
  const own = before.map(({ headers }) => headers['webhook-id'])
  await until(async () => (await rows()).length <= 4 && (await rows()).some(({ id }) => own.includes(id)))
  it.clock.advance(60_000)
  await it.clock.until(() => new Set(receiver.got.map(({ message }) => message.data.run.runId)).size === ids.length, { stepMs: 10 })
  const got = receiver.got
  assert.deepEqual(new Set(got.map(({ message }) => message.data.run.runId)), new Set(ids))
  const repeated = got.find(({ headers }) => headers['webhook-id'] === before[0]!.headers['webhook-id'])!
  assert.equal(repeated.body, before[0]!.body)
})

it('what ended a month ago, and what belongs to no webhook, is forgotten; what nobody tries is given up', limit, async (t) => {
  const webhook = await register(t, 'http://127.0.0.1:9/')
  const { deliveries } = store
  for (let i = 0; i < 3; i++) await queued()
  const [old, late, fresh] = (await deliveriesTo(webhook)) as { id: string }[]
  await store.db.execute(
    `UPDATE webhook_deliveries SET status = 'delivered', finished_at = now() - interval '31 days' WHERE id = '${old!.id}'`,
  )
  await store.db.execute(`UPDATE webhook_deliveries SET tried_since = now() - interval '25 hours' WHERE id = '${late!.id}'`)
  await store.db.execute('INSERT INTO webhook_deliveries (webhook_id, event) VALUES (gen_random_uuid(), $$test$$)')
  assert.equal(await deliveries.tidy(24 * 3_600_000, 30), 1)
  assert.equal(await deliveries.get(old!.id), null)
  assert.deepEqual([(await deliveries.get(late!.id))!.status, (await deliveries.get(fresh!.id))!.status], ['failed', 'pending'])
  assert.equal((await deliveries.list({ event: ['test'] })).items.length, 0)
})
