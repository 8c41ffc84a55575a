/** Webhooks over HTTP and GraphQL: from the registration to what a receiver gets. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { Webhook } from 'standardwebhooks'
import { signedHeaders } from '../../../src/api/features/webhooks/sign.ts'
import { exampleId } from '../../../src/api/schemas.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'
import { openReceiver, type Received } from '../receiver.ts'

let api: TestApi
let architectureId: string
before(async () => {
  api = await openTestApi({ WEBHOOK_ALLOW_HOSTS: '127.0.0.1,receiver.invalid' })
  architectureId = (await api.request.post('/v1/architectures').send(smallNetwork(3)).expect(201)).body.id
})
after(() => api.close())

const everything = ['queued', 'started', 'requeued', 'reprioritized', 'succeeded', 'failed', 'cancelled', 'timedOut']
const webhooks = '/v1/webhooks'

/** A webhook of its own for a test, deleted after it. */
async function register(t: TestContext, body: object) {
  const made = (await api.request.post(webhooks).send(body).expect(201)).body
  t.after(() => api.request.delete(`${webhooks}/${made.id}`))
  return made as { id: string; secret: string; url: string }
}
const run = async (over: object = {}) =>
  (
    await api.request
      .post('/v1/runs')
      .send({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', ...over })
      .expect(202)
  ).body.id as string
const ended = async (id: string) => (await api.request.get(`/v1/runs/${id}?wait=30`).expect(200)).body
/** Asks until the delivery is as a test wants it. */
async function became(id: string, fits: (delivery: any) => boolean) {
  for (;;) {
    const { body } = await api.request.get(`/v1/webhook-deliveries/${id}`).expect(200)
    if (fits(body)) return body
    await sleep(20)
  }
}
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
const about = (got: readonly Received[], runId: string) => got.filter(({ message }) => message.data.run?.runId === runId)

describe('a delivery', { timeout: 120_000 }, () => {
  it('is signed as another implementation expects, and a changed body is not', async (t) => {
    // The specification's own example.
    const example = signedHeaders('msg_p5jXN8AQM9LWM0D4loKWxJek', new Date(1_614_265_330_000), '{"test": 2432232314}', [
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    ])
    assert.equal(example['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
    const receiver = await openReceiver(t)
    const { id, secret } = await register(t, { url: receiver.url, events: everything })
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{32}$/)
    const delivery = (await api.request.post(`${webhooks}/${id}/test`).expect(202)).body
    const [{ headers, body, message }] = (await receiver.has(1)) as [Received]
    assert.deepEqual(new Webhook(secret).verify(body, headers), message)
    assert.throws(() => new Webhook(secret).verify(body.replace('test', 'best'), headers), /No matching signature/)
    assert.throws(() => new Webhook(`whsec_${Buffer.alloc(24).toString('base64')}`).verify(body, headers), /No matching signature/)
    assert.deepEqual([message.type, message.data, headers['webhook-id']], ['test', { webhookId: id, run: null }, delivery.id])
    assert.match(headers['user-agent']!, /^Archmeter\//)
    const { status, attempts, responseStatus, error } = await became(delivery.id, (each) => each.status !== 'pending')
    assert.deepEqual([status, attempts, responseStatus, error], ['delivered', 1, 204, null])
  })

  it('tells each event of a run that is asked for, as its event stream has it, and what was measured', async (t) => {
    const receiver = await openReceiver(t)
    const { id } = await register(t, { url: receiver.url, events: everything })
    const runId = await run({ labels: { branch: 'main' }, settings: { seed: 11 } })
    const shown = await ended(runId)
    const got = about(await receiver.has(3), runId)
    const stream = (await api.request.get(`/v1/runs/${runId}/events`)).text
    const told = [...stream.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!)).filter(({ type }) => everything.includes(type))
    const bySeq = got.map(({ message }) => message).sort((a, b) => a.data.run.seq - b.data.run.seq)
    assert.deepEqual(
      bySeq.map(({ type, timestamp, data }) => ({ runId: data.run.runId, seq: data.run.seq, type, data: data.run.data, at: timestamp })),
      told.map(({ runId, seq, type, data, at }) => ({ runId, seq, type, data, at })),
    )
    assert.deepEqual(
      bySeq.map(({ data }) => data.run.status),
      ['queued', 'running', 'succeeded'],
    )
    const last = bySeq.at(-1).data.run
    assert.deepEqual(
      [last.result.latencyMs, last.verdict, last.labels],
      [shown.result.latencyMs, shown.certificate.verdict, { branch: 'main' }],
    )
    assert.deepEqual([last.finishedAt, last.architectureName, last.error], [shown.finishedAt, 'small 3', null])
    assert.deepEqual([bySeq[0].data.run.verdict, bySeq[0].data.run.result, bySeq[0].data.webhookId], [null, null, id])
    // As openapi.json documents it, and nothing beside it.
    const document = (await api.request.get('/openapi.json')).body
    const ajv = new Ajv2020({ strict: false })
    formats.default(ajv)
    const { $ref } = document.webhooks.runEvent.post.requestBody.content['application/json'].schema
    ajv.addSchema(document, 'openapi')
    const valid = ajv.getSchema(`openapi${$ref}`)!
    for (const message of bySeq) assert.ok(valid(message), JSON.stringify(valid.errors))
    const known = Object.keys(document.components.schemas.WebhookRun.properties)
    for (const { data } of bySeq) assert.deepEqual(Object.keys(data.run).sort(), known.sort())
  })

  it('tells why a run failed or was cancelled, without the folders of the host', async (t) => {
    const receiver = await openReceiver(t)
    await register(t, { url: receiver.url, events: ['failed', 'cancelled'] })
    api.worker.autoMs = null
    t.after(() => (api.worker.autoMs = 1))
    const failed = await run({ settings: { seed: 21 } })
    while (!api.worker.runs(failed)) await sleep(10)
    api.worker.finish(failed, { outcome: 'failed', failure: { code: 'OUT_OF_MEMORY', message: 'no room, says /srv/lab/secret/worker.ts' } })
    await ended(failed)
    const cancelled = await run({ settings: { seed: 22 } })
    await api.request.delete(`/v1/runs/${cancelled}`)
    await ended(cancelled)
    const got = await receiver.has(2)
    const [first] = about(got, failed)
    assert.deepEqual(
      [first!.message.type, first!.message.data.run.error.code, first!.message.data.run.result],
      ['failed', 'OUT_OF_MEMORY', null],
    )
    assert.ok(!first!.body.includes('/srv/lab'))
    assert.equal(about(got, cancelled)[0]!.message.data.run.error.code, 'CANCELLED')
  })

  it('goes to those alone whose events, devices and labels fit', async (t) => {
    const receiver = await openReceiver(t)
    const [device] = (await api.request.get('/v1/devices')).body.items
    const filters: [name: string, filter: object, fits: boolean][] = [
      ['all', {}, true],
      ['name', { device: ['cuda:7', 'CPU:0'] }, true],
      ['host/name', { device: [`${device.host}/cpu:0`] }, true],
      ['uuid', { device: [device.uuid.toLowerCase()] }, true],
      ['other', { device: ['cuda:0'] }, false],
      ['label', { label: ['branch'] }, true],
      ['label text', { label: ['branch=a=b', 'pr'] }, true],
      ['other text', { label: ['branch=a'] }, false],
      ['no label', { label: ['branch', 'nothing'] }, false],
      ['other event', { events: ['failed'] }, false],
    ]
    for (const [name, filter] of filters)
      await register(t, { url: `${receiver.url}?${encodeURIComponent(name)}`, events: ['succeeded'], ...filter })
    const fitting = filters.filter(([, , fits]) => fits).map(([name]) => name)
    const runId = await run({ labels: { branch: 'a=b', pr: '7' }, settings: { seed: 31 } })
    await ended(runId)
    await receiver.has(fitting.length)
    // Each delivery is there as soon as the run has ended, and so is one too many.
    const { total } = (await api.request.get(`/v1/webhook-deliveries?runId=${runId}&total=true`)).body
    assert.equal(total, fitting.length)
    const names = about(receiver.got, runId).map(({ path }) => decodeURIComponent(path.split('?')[1]!))
    assert.deepEqual(names.sort(), fitting.sort())
  })

  it('is signed by a new secret and the one before it', async (t) => {
    const receiver = await openReceiver(t)
    const { id, secret } = await register(t, { url: receiver.url, events: ['failed'] })
    const rotated = (await api.request.post(`${webhooks}/${id}/secret`).expect(200)).body
    assert.notEqual(rotated.secret, secret)
    await api.request.post(`${webhooks}/${id}/test`).expect(202)
    const [{ headers, body }] = (await receiver.has(1)) as [Received]
    for (const each of [secret, rotated.secret]) new Webhook(each).verify(body, headers)
    await api.store.db.execute(`UPDATE webhooks SET previous_until = now() WHERE id = '${id}'`)
    await api.request.post(`${webhooks}/${id}/test`).expect(202)
    const [, second] = await receiver.has(2)
    new Webhook(rotated.secret).verify(second!.body, second!.headers)
    assert.throws(() => new Webhook(secret).verify(second!.body, second!.headers))
  })

  it('is made again under its id when an admin asks for it, by either face', async (t) => {
    const receiver = await openReceiver(t)
    const { id } = await register(t, { url: receiver.url, events: ['failed'] })
    const delivery = (await api.request.post(`${webhooks}/${id}/test`).expect(202)).body
    await became(delivery.id, ({ status }) => status === 'delivered')
    assert.equal((await api.request.post(`/v1/webhook-deliveries/${delivery.id}/redeliver`).expect(202)).body.status, 'pending')
    await became(delivery.id, ({ status, attempts }) => status === 'delivered' && attempts === 2)
    const query = `mutation { redeliverWebhook(id: "${delivery.id}") { id status } }`
    assert.deepEqual((await api.request.post('/graphql').send({ query })).body.data.redeliverWebhook, {
      id: delivery.id,
      status: 'pending',
    })
    const got = await receiver.has(3)
    assert.deepEqual(new Set(got.map(({ headers }) => headers['webhook-id'])), new Set([delivery.id]))
    assert.deepEqual(new Set(got.map(({ body }) => body)).size, 1)
  })
})

it('the receivers of the documentation take what the service sends, and nothing else', { timeout: 120_000 }, async (t) => {
  const page = await readFile(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8')
  const code = (language: string) => new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(page)![1]!
  const folder = await mkdtemp(join(tmpdir(), 'archmeter-receiver-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'receiver.mjs'), code('js'))
  const port = await freePort()
  const { id, secret } = await register(t, { url: `http://127.0.0.1:${port}/`, events: ['failed'] })
  const child = spawn(process.execPath, [join(folder, 'receiver.mjs')], {
    env: { WEBHOOK_SECRET: secret, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill())
  let printed = ''
  child.stdout.on('data', (part) => (printed += part))
  const send = (headers: Record<string, string>, body: string) =>
    fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body }).then(({ status }) => status)
  while ((await send({}, '{}').catch(() => 0)) === 0) await sleep(20)
  const delivery = (await api.request.post(`${webhooks}/${id}/test`).expect(202)).body
  assert.equal((await became(delivery.id, ({ status, attempts }) => status !== 'pending' || attempts > 1)).responseStatus, 204)
  while (!printed.includes('\n')) await sleep(20)
  assert.match(printed, /^test /)
  const body = '{"type":"test","data":{"run":null}}'
  const at = (ms: number, of = secret) => signedHeaders('x', new Date(Date.now() + ms), body, [of])
  const other = `whsec_${Buffer.alloc(24).toString('base64')}`
  const cases: [Record<string, string>, string, boolean][] = [
    [at(0), body, true],
    [at(0), body.replace('null', 'true'), false],
    [at(0, other), body, false],
    [at(-600_000), body, false],
    [{ ...at(0), 'webhook-timestamp': String(Math.floor(Date.now() / 1000) + 1) }, body, false],
    [{ ...at(0), 'webhook-id': 'y' }, body, false],
    [{ ...at(0), 'webhook-signature': `${at(0, other)['webhook-signature']} ${at(0)['webhook-signature']}` }, body, true],
  ]
  for (const [headers, sent, genuine] of cases) assert.equal(await send(headers, sent), genuine ? 204 : 401)

  const asked = `${code('python')}\nimport json, sys\nfor secret, headers, body in json.load(sys.stdin): print(is_genuine(secret, headers, body.encode()))`
  const python = spawnSync('python3', ['-c', asked], { input: JSON.stringify(cases.map(([headers, sent]) => [secret, headers, sent])) })
  if (python.error) return t.diagnostic(`the example in Python was not run: ${python.error.message}`)
  assert.equal(python.status, 0, String(python.stderr))
  assert.deepEqual(
    String(python.stdout).trim().split('\n'),
    cases.map(([, , genuine]) => (genuine ? 'True' : 'False')),
  )
})

describe('a webhook', { timeout: 120_000 }, () => {
  it('is listed, read, changed and deleted, by REST and GraphQL alike', async (t) => {
    const receiver = await openReceiver(t)
    const { id } = await register(t, { url: receiver.url, events: ['failed'], description: 'the lab', label: ['a'] })
    const read = (await api.request.get(`${webhooks}/${id}`).expect(200)).body
    const fields = 'id url events device label description enabled disabledReason failingSince createdBy createdAt'
    const ask = async (query: string) => (await api.request.post('/graphql').send({ query })).body
    assert.deepEqual((await ask(`{ webhook(id: "${id}") { ${fields} } }`)).data.webhook, read)
    assert.deepEqual((await ask(`{ webhooks { ${fields} } }`)).data.webhooks, (await api.request.get(webhooks)).body.items)
    assert.deepEqual([read.description, read.label, read.device, read.enabled, read.createdBy], ['the lab', ['a'], [], true, null])
    const changed = (await api.request.patch(`${webhooks}/${id}`).send({ label: [], description: '', enabled: false }).expect(200)).body
    assert.deepEqual(changed, { ...read, label: [], description: '', enabled: false, disabledReason: 'An admin disabled it.' })
    // Nothing is kept for it while it is disabled, and nothing sent.
    const { body: refused } = await api.request.post(`${webhooks}/${id}/test`).expect(409)
    assert.deepEqual([refused.code, /An admin disabled it/.test(refused.detail)], ['WEBHOOK_DISABLED', true])
    const again = (await ask(`mutation { updateWebhook(id: "${id}", input: {enabled: true, events: [failed, queued]}) { ${fields} } }`))
      .data
    assert.deepEqual([again.updateWebhook.disabledReason, again.updateWebhook.events], [null, ['failed', 'queued']])
    await api.request.delete(`${webhooks}/${id}`).expect(204)
    await api.request.get(`${webhooks}/${id}`).expect(404)
    for (const path of [`${webhooks}/${exampleId}`, `${webhooks}/none`, '/v1/webhook-deliveries/none'])
      assert.match((await api.request.get(path).expect(404)).body.code, /_NOT_FOUND$/)
  })

  it('to an address that is not public is refused by either face, with a reason', async () => {
    for (const [url, why] of [
      ['https://10.0.0.1/x', /10\.0\.0\.1 is no public address \(private\): have it added to WEBHOOK_ALLOW_HOSTS/],
      ['http://hooks.example/x', /plain http/],
      ['https://a:b@hooks.example/', /no user and password/],
    ] as const) {
      const { body } = await api.request
        .post(webhooks)
        .send({ url, events: ['failed'] })
        .expect(422)
      assert.deepEqual([body.code, body.errors[0].path], ['WEBHOOK_URL_REFUSED', '/url'])
      assert.match(body.detail, why)
      const query = `mutation ($input: NewWebhookInput!) { createWebhook(input: $input) { id } }`
      const answer = (await api.request.post('/graphql').send({ query, variables: { input: { url, events: ['failed'] } } })).body
      assert.equal(answer.errors[0].extensions.code, 'WEBHOOK_URL_REFUSED')
    }
  })

  it('has no secret in a list, a page, a log or an audit line', async (t) => {
    const { id, secret } = await register(t, { url: 'https://1.1.1.1/', events: ['reprioritized'] })
    await api.request.patch(`${webhooks}/${id}`).send({ description: 'x' }).expect(200)
    const other = (await api.request.post(`${webhooks}/${id}/secret`).expect(200)).body.secret
    const sdl = '{ webhooks { id description } audit(first: 50) { edges { node { action outcome } } } }'
    const answers = [
      ...(await Promise.all(
        [webhooks, `${webhooks}/${id}`, '/v1/webhook-deliveries', '/v1/audit?limit=200'].map((path) => api.request.get(path)),
      )),
      await api.request.post('/graphql').send({ query: sdl }),
    ]
    const seen = [...answers.map(({ text }) => text), ...api.logged].join('\n')
    for (const each of [secret, other]) assert.ok(!seen.includes(each.slice(6)) && each.length === 38)
    assert.ok(!seen.includes('whsec_'))
  })

  it('is one of fifty at the most', async (t) => {
    const { items } = (await api.request.get(webhooks)).body
    for (let i = items.length; i < 50; i++) await register(t, { url: 'https://1.1.1.1/', events: ['reprioritized'] })
    const { body } = await api.request
      .post(webhooks)
      .send({ url: 'https://1.1.1.1/', events: ['failed'] })
      .expect(409)
    assert.equal(body.code, 'TOO_MANY_WEBHOOKS')
  })
})

it('deliveries are counted', async (t) => {
  const receiver = await openReceiver(t)
  const { id } = await register(t, { url: receiver.url, events: ['failed'] })
  const value = async (line: string) => {
    const { text } = await api.request.get('/metrics').expect(200)
    return Number(
      text
        .split('\n')
        .find((each) => each.startsWith(`${line} `))!
        .slice(line.length + 1),
    )
  }
  const before = await value('archmeter_webhook_deliveries_total{outcome="delivered"}')
  const delivery = (await api.request.post(`${webhooks}/${id}/test`).expect(202)).body
  await became(delivery.id, ({ status }) => status === 'delivered')
  assert.equal(await value('archmeter_webhook_deliveries_total{outcome="delivered"}'), before + 1)
  assert.ok((await value('archmeter_webhook_attempt_duration_seconds_count{outcome="success"}')) > before)
  assert.ok((await value('archmeter_webhooks{state="enabled"}')) >= 1)
  assert.equal(await value('archmeter_webhook_deliveries_pending'), 0)
})
