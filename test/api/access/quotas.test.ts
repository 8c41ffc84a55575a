/** What keys use, and may use: never passed, whatever comes at once; refused with what is used and when it frees. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from '../../../src/store/drizzle.ts'
import { someArchitecture, someRun } from '../../store/helper.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

interface Made {
  id: string
  prefix: string
  key: string
}
const none = { runsPerHour: null, deviceSecondsPerDay: null, bytesStored: null }

let api: TestApi
let admin: Made
let architectureId = ''
before(async () => {
  api = await openTestApi()
  api.worker.autoMs = null
  admin = (await api.request.post('/v1/keys').send({ name: 'root', role: 'admin' }).expect(201)).body
  architectureId = (await call('POST', '/v1/architectures', admin, smallNetwork(4)).expect(201)).body.id
  // No test here may meet the end of an hour or a day.
  const left = 3_600_000 - (Date.now() % 3_600_000)
  if (left < 20_000) await sleep(left + 1000)
})
after(() => api.close())

const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, key: Made, body?: object) =>
  api.request[method.toLowerCase() as 'get'](path).set('authorization', `Bearer ${key.key}`).send(body)
const make = async (quotas: object = {}, role = 'runner'): Promise<Made> =>
  (await call('POST', '/v1/keys', admin, { name: 'a key', role, quotas: { ...none, ...quotas } }).expect(201)).body
const usage = async (key: Made) => (await call('GET', '/v1/usage', key).expect(200)).body
let batch = 1
const run = () => ({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', batch: batch++ })

describe('runs an hour', () => {
  it('are never passed by requests at once, over REST and GraphQL together', async () => {
    const key = await make({ runsPerHour: 5 })
    const query = 'mutation ($input: NewRunInput!) { createRun(input: $input) { created } }'
    const answers = await Promise.all(
      Array.from({ length: 24 }, async (_, i) => {
        if (i % 2) return (await call('POST', '/v1/runs', key, run())).status
        const { body } = await call('POST', '/graphql', key, { query, variables: { input: run() } })
        return body.errors ? (body.errors[0].extensions.code as string) : 202
      }),
    )
    assert.equal(answers.filter((each) => each === 202).length, 5, JSON.stringify(answers))
    assert.ok(answers.every((each) => each === 202 || each === 429 || each === 'QUOTA_EXCEEDED'))
    const [{ count }] = (await api.store.db.execute(sql`SELECT count(*)::int AS count FROM runs WHERE key_id = ${key.id}`)).rows as any[]
    const used = await usage(key)
    assert.deepEqual([count, used.hour.runs, used.day.runs, used.total.runs], [5, 5, 5, 5])
  })

  it('are refused with 429, when they free and what is used; an admin raises them', async () => {
    const key = await make({ runsPerHour: 1 })
    await call('POST', '/v1/runs', key, run()).expect(202)
    const { body, headers } = await call('POST', '/v1/runs', key, run()).expect(429)
    assert.equal(body.code, 'QUOTA_EXCEEDED')
    const seconds = Number(headers['retry-after'])
    assert.ok(seconds >= 1 && seconds <= 3600, headers['retry-after'])
    const moment = /may queue 1 runs? an hour, and has queued 1 in this one: it may go on at (\S+), in \d+ s/.exec(body.detail)?.[1]
    const { hour } = await usage(key)
    assert.equal(Date.parse(moment!), Date.parse(hour.until))
    assert.ok(Math.abs(Date.parse(hour.until) - Date.now() - seconds * 1000) < 60_000)
    // The next hour: what was used then counts no more.
    await api.store.db.execute(sql`UPDATE key_usage SET hour = hour - interval '1 hour' WHERE key_id = ${key.id}`)
    await call('POST', '/v1/runs', key, run()).expect(202)
    await call('PUT', `/v1/keys/${key.id}/quotas`, key, none).expect(403)
    const raised = await call('PUT', `/v1/keys/${key.id}/quotas`, admin, { ...none, runsPerHour: 2 }).expect(200)
    assert.equal(raised.body.quotas.runsPerHour, 2)
    await call('POST', '/v1/runs', key, run()).expect(202)
    await call('POST', '/v1/runs', key, run()).expect(429)
    const lift = `mutation { setQuotas(id: "${key.id}", quotas: {runsPerHour: null, deviceSecondsPerDay: null, bytesStored: null}) { quotas { runsPerHour } } }`
    assert.deepEqual((await call('POST', '/graphql', admin, { query: lift })).body.data, { setQuotas: { quotas: { runsPerHour: null } } })
    await call('POST', '/v1/runs', key, run()).expect(202)
  })

  it('count those of a sweep, all or none; what queues nothing is free', async () => {
    const key = await make({ runsPerHour: 3 })
    const sweep = (batches: number[]) => call('POST', '/v1/sweeps', key, { ...run(), batch: undefined, batches, fresh: true })
    await sweep([1, 2, 3, 4]).expect(429)
    assert.equal((await usage(key)).hour.runs, 0)
    await sweep([1, 2]).expect(202)
    const again = () => call('POST', '/v1/runs', key, { ...run(), batch: 77 }).set('idempotency-key', 'once')
    await again().expect(202)
    await again().expect(200)
    assert.equal((await usage(key)).hour.runs, 3)
    await call('POST', '/v1/runs', key, run()).expect(429)
  })

  it('are counted although the run and its network are gone', async () => {
    const key = await make()
    const other = (await call('POST', '/v1/architectures', key, smallNetwork(9)).expect(201)).body.id
    const { id } = (await call('POST', '/v1/runs', key, { ...run(), architectureId: other }).expect(202)).body
    await call('DELETE', `/v1/architectures/${other}`, key).expect(204)
    for (const table of ['run_events', 'run_samples']) await api.store.db.execute(sql`DELETE FROM ${sql.raw(table)} WHERE run_id = ${id}`)
    await api.store.db.execute(sql`DELETE FROM runs WHERE id = ${id}`)
    const { total, days } = await usage(key)
    assert.deepEqual([total.runs, days.length, days[0].runs], [1, 1, 1])
  })
})

describe('device seconds a day', () => {
  it('are those for which runs held a device, however they ended', async () => {
    const key = await make()
    const { runs, architectures } = api.store
    const own = (await architectures.insert(someArchitecture({ name: 'held' }))).architecture.id
    /** Starts a run as if it had started 10 s ago. */
    const started = async (i: number) => {
      const { run } = await runs.insert(someRun(own, { keyId: key.id, deviceUuid: `cpu-held-${i}` }))
      const claimed = await runs.claim(run.id, 'me', 60_000)
      await api.store.db.execute(sql`UPDATE runs SET started_at = started_at - interval '10 seconds' WHERE id = ${run.id}`)
      return { id: run.id, owner: 'me', attempt: claimed!.attempt }
    }
    let expected = 0
    const charged = async (what: string) => {
      expected += 10
      const { deviceSeconds } = (await usage(key)).day
      assert.ok(deviceSeconds >= expected && deviceSeconds < expected + 5, `${what}: ${deviceSeconds} s, not ${expected}`)
    }
    const done = await started(1)
    assert.ok((await usage(key)).day.expectedDeviceSeconds >= 10)
    await runs.finish(done, { status: 'succeeded', result: {}, certificate: {}, environment: {} })
    await charged('finished')
    // Somebody who lost the run changes nothing, and charges nothing.
    await runs.finish(done, { status: 'succeeded', result: {}, certificate: {}, environment: {} })
    await runs.giveBack(await started(2), 'shutdown', 'why')
    await charged('given back')
    const cancelled = await started(3)
    await runs.requestCancel(cancelled.id)
    await runs.giveBack(cancelled, 'shutdown', 'why')
    await charged('cancelled')
    await started(4)
    await runs.reclaim((owner) => owner === 'me')
    await charged('reclaimed')
    const { total, day } = await usage(key)
    assert.equal(total.deviceSeconds, day.deviceSeconds)
    assert.equal(day.runs, 4)
  })

  it('are refused where they are used up, or expected of what waits', async () => {
    const key = await make({ deviceSecondsPerDay: 1000 })
    const { id } = (await call('POST', '/v1/runs', key, run()).expect(202)).body
    await api.store.db.execute(sql`UPDATE runs SET expected_ms = 999990 WHERE id = ${id}`)
    const { body, headers } = await call('POST', '/v1/runs', key, run()).expect(429)
    assert.match(
      body.detail,
      /for 1000 s a day, in UTC: 0\.0 s are used, (?:10\d\d\.\d|999\.\d) s are expected of its runs that wait or run/,
    )
    assert.ok(Number(headers['retry-after']) <= 86_400)
    await call('DELETE', `/v1/runs/${id}`, key)
    await api.store.db.execute(
      sql`INSERT INTO key_usage (key_id, hour, device_ms) VALUES (${key.id}, date_trunc('day', now(), 'UTC') - interval '1 hour', 5e6)`,
    )
    // Of yesterday. A run that was running may take a moment to end.
    for (let i = 0; i < 200 && (await usage(key)).day.expectedDeviceSeconds > 0; i++) await sleep(10)
    await call('POST', '/v1/runs', key, run()).expect(202)
    await api.store.db.execute(
      sql`UPDATE key_usage SET device_ms = 1e6 WHERE key_id = ${key.id} AND hour = date_trunc('hour', now(), 'UTC')`,
    )
    await call('POST', '/v1/runs', key, run()).expect(429)
  })
})

describe('bytes stored', () => {
  const bytesOf = async (key: Made) => (await usage(key)).bytesStored as number

  it('are those of graphs and files, are never passed, and free when a network is deleted', async () => {
    const key = await make()
    const { id } = (await call('POST', '/v1/architectures', key, smallNetwork(31)).expect(201)).body
    const one = await bytesOf(key)
    const [row] = (await api.store.db.execute(sql`SELECT length(graph) AS bytes FROM architectures WHERE id = ${id}`)).rows as any[]
    assert.equal(one, Number(row.bytes))
    // Room for one more of about that size.
    const limit = Math.round(2.5 * one)
    await call('PUT', `/v1/keys/${key.id}/quotas`, admin, { ...none, bytesStored: limit }).expect(200)
    const statuses = await Promise.all(
      Array.from({ length: 6 }, async (_, i) => (await call('POST', '/v1/architectures', key, smallNetwork(32 + i))).status),
    )
    assert.deepEqual(statuses.toSorted(), [201, 507, 507, 507, 507, 507])
    assert.ok((await bytesOf(key)) <= limit)
    const { body, headers } = await call('POST', '/v1/architectures', key, smallNetwork(40)).expect(507)
    assert.equal(body.code, 'STORAGE_QUOTA_EXCEEDED')
    assert.match(body.detail, new RegExp(`may keep ${limit} bytes of networks, and would have \\d+ with this one: delete networks`))
    assert.equal(headers['retry-after'], undefined)
    // The same again is not another one, and others' bytes are not this key's.
    await call('POST', '/v1/architectures', key, smallNetwork(31)).expect(200)
    await call('POST', '/v1/architectures', admin, smallNetwork(40)).expect(201)
    await call('DELETE', `/v1/architectures/${id}`, key).expect(204)
    await call('POST', '/v1/architectures', key, smallNetwork(41)).expect(201)
  })

  it('count the files of models, each once, and refuse a file before it is stored', async () => {
    const key = await make()
    const { id } = (await call('POST', '/v1/architectures', key, smallNetwork(51)).expect(201)).body
    const model = async (seed: number) =>
      (await call('GET', `/v1/architectures/${id}/export?format=onnx&weights=seeded&seed=${seed}`, key).buffer().expect(200)).body as Buffer
    const upload = async (name: string, bytes: Buffer) =>
      (
        await api.request
          .post(`/v1/architectures?name=${name}`)
          .set('authorization', `Bearer ${key.key}`)
          .set('content-type', 'application/octet-stream')
          .send(bytes)
      ).status
    const first = await model(1)
    const before = await bytesOf(key)
    assert.equal(await upload('first', first), 201)
    const added = (await bytesOf(key)) - before
    assert.ok(added >= first.length && added < 2 * first.length + 4096, `${added} of ${first.length}`)
    await call('PUT', `/v1/keys/${key.id}/quotas`, admin, { ...none, bytesStored: before + added + Math.round(first.length / 2) }).expect(
      200,
    )
    const blobs = async () => Number(((await api.store.db.execute('SELECT count(*) AS count FROM blobs')).rows as any[])[0].count)
    const kept = await blobs()
    assert.equal(await upload('second', await model(2)), 507)
    assert.equal(await blobs(), kept)
    await call('PUT', `/v1/keys/${key.id}/quotas`, admin, { ...none, bytesStored: before + 2 * added }).expect(200)
    // The same file under another name takes its graph alone.
    assert.equal(await upload('third', first), 201)
    assert.ok((await bytesOf(key)) < before + added + first.length)
  })
})

it('a key reads its own usage, an admin everyone’s, by REST and GraphQL alike', async () => {
  const key = await make({ runsPerHour: 7 }, 'reader')
  const own = await usage(key)
  assert.deepEqual([own.keyId, own.quotas, own.hour.runs], [key.id, { ...none, runsPerHour: 7 }, 0])
  assert.deepEqual((await call('GET', `/v1/keys/${key.id}/usage`, admin).expect(200)).body, own)
  await call('GET', `/v1/keys/${admin.id}/usage`, key).expect(403)
  const query = (of: string) => `{ of: ${of} { keyId hour { until } quotas { runsPerHour } } }`
  const expected = { keyId: key.id, hour: { until: own.hour.until }, quotas: { runsPerHour: 7 } }
  assert.deepEqual((await call('POST', '/graphql', key, { query: query('usage') })).body.data.of, expected)
  assert.deepEqual((await call('POST', '/graphql', admin, { query: query(`keyUsage(id: "${key.id}")`) })).body.data.of, expected)
  await call('PUT', `/v1/keys/${key.id}/quotas`, admin, { runsPerHour: 1 }).expect(400)
  await call('PUT', `/v1/keys/${key.id}/quotas`, admin, { ...none, runsPerHour: -1 }).expect(400)
})

describe('the last key of an admin', () => {
  it('is not revoked, not even by two admins at once', async () => {
    const soon = { name: 'expired', role: 'admin', expiresAt: new Date(Date.now() + 300).toISOString() }
    await call('POST', '/v1/keys', admin, soon).expect(201)
    await sleep(400)
    const { body } = await call('DELETE', `/v1/keys/${admin.id.toUpperCase()}`, admin).expect(409)
    assert.equal(body.code, 'LAST_ADMIN')
    assert.match(body.detail, /make one first .*npm run keys -- revoke --force/)
    const second = await make({}, 'admin')
    const revoke = async (id: string, by: Made) => (await call('DELETE', `/v1/keys/${id}`, by)).status
    const statuses = await Promise.all([revoke(second.id, admin), revoke(admin.id, second)])
    // One of them; the other one is refused for that, or is let in no more.
    assert.equal(statuses.filter((status) => status === 200).length, 1, JSON.stringify(statuses))
    assert.equal(
      (await api.store.keys.list()).filter(({ role, revokedAt, expiresAt }) => role === 'admin' && !revokedAt && !expiresAt).length,
      1,
    )
  })
})
