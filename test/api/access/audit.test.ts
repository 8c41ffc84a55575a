/** Every change leaves one line in the audit log, over REST and GraphQL alike: who, what, and what became of it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import Fastify from 'fastify'
import { AuditTrail, auditLine } from '../../../src/api/access/audit-trail.ts'
import { ApiError } from '../../../src/api/errors.ts'
import { composeFeatures } from '../../../src/api/graphql/feature.ts'
import { useAccess } from '../../../src/api/plugins/access.ts'
import { useAudit } from '../../../src/api/plugins/audit.ts'
import { useProblems } from '../../../src/api/plugins/problems.ts'
import { exampleId } from '../../../src/api/schemas.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
const keys: Record<string, { id: string; prefix: string; key: string }> = {}
before(async () => {
  api = await openTestApi()
  api.worker.autoMs = null
  await api.services.deliverer.stop()
  for (const role of ['admin', 'runner', 'reader']) {
    const made = api.request.post('/v1/keys')
    if (keys.admin) made.set('authorization', `Bearer ${keys.admin.key}`)
    keys[role] = (await made.send({ name: role, role }).expect(201)).body
  }
})
after(() => api.close())

type Method = 'get' | 'post' | 'patch' | 'put' | 'delete'
const call = (method: string, path: string, key: string, body?: object) =>
  api.request[method.toLowerCase() as Method](path).set('authorization', `Bearer ${keys[key]!.key}`).send(body)
const read = async (query = '') => (await call('GET', `/v1/audit?limit=200${query}`, 'admin').expect(200)).body
const seen = new Set<string>()
/** The lines written since the last call, the earliest first. */
async function fresh(): Promise<any[]> {
  const items = (await read()).items.filter(({ id }: { id: string }) => !seen.has(id)).reverse()
  for (const { id } of items) seen.add(id)
  return items
}

let channels = 20
const register = async () => (await call('POST', '/v1/architectures', 'admin', smallNetwork(channels++)).expect(201)).body.id as string
let batch = 1
const run = async () =>
  (await call('POST', '/v1/runs', 'admin', { architectureId: await register(), device: 'cpu:0', runtime: 'onnxruntime' }).expect(202)).body
    .id as string
const sweep = async () =>
  (
    await call('POST', '/v1/sweeps', 'admin', {
      architectureId: await register(),
      device: 'cpu:0',
      runtime: 'onnxruntime',
      batches: [batch++],
    }).expect(202)
  ).body.id as string
const key = async () => (await call('POST', '/v1/keys', 'admin', { name: 'short', role: 'reader' }).expect(201)).body.id as string

// Nothing is sent by the test: nobody delivers.
const webhook = async () =>
  (await call('POST', '/v1/webhooks', 'admin', { url: 'https://1.1.1.1/', events: ['reprioritized'] }).expect(201)).body.id as string

/** How each change is made: what must be there first, and what is then sent, for REST its body and for GraphQL its arguments. */
interface Example {
  /** Its id, which the address or the arguments name. */
  of?: () => Promise<string>
  body?: () => Promise<object>
  /** Fields asked of the answer, where it has some. */
  select?: string
  /** Which of them is the id of what was changed. */
  changed: (answer: any) => string | null
}
const runBody = async () => ({ architectureId: await register(), device: 'cpu:0', runtime: 'onnxruntime' })
const examples: Record<string, Example> = {
  registerArchitecture: {
    body: async () => smallNetwork(channels++),
    select: '{ architecture { id } }',
    changed: (a) => (a.architecture ?? a).id,
  },
  rewriteArchitecture: {
    of: register,
    body: async () => ({ recipe: [{ rewrite: 'scaleWidth' }] }),
    select: '{ architecture { id } }',
    changed: (a) => a.architecture.id,
  },
  deleteArchitecture: { of: register, changed: (a) => a },
  createRun: { body: runBody, select: '{ run { id } }', changed: (a) => (a.run ?? a).id },
  cancelRun: { of: run, select: '{ id }', changed: (a) => a.id },
  cancelRuns: {
    body: async () => {
      await run()
      return { status: ['queued', 'running'] }
    },
    select: '{ cancelled }',
    changed: () => null,
  },
  setRunPriority: {
    // The first takes the device, so that the second waits.
    of: async () => {
      await run()
      return run()
    },
    body: async () => ({ priority: 5 }),
    select: '{ id }',
    changed: (a) => a.id,
  },
  createSweep: {
    body: async () => ({ ...(await runBody()), batches: [batch++] }),
    select: '{ sweep { id } }',
    changed: (a) => (a.sweep ?? a).id,
  },
  cancelSweep: { of: sweep, select: '{ id }', changed: (a) => a.id },
  createKey: { body: async () => ({ name: 'new', role: 'reader' }), select: '{ id }', changed: (a) => a.id },
  revokeKey: { of: key, select: '{ id }', changed: (a) => a.id },
  setQuotas: {
    of: key,
    body: async () => ({ runsPerHour: 9, deviceSecondsPerDay: null, bytesStored: null }),
    select: '{ id }',
    changed: (a) => a.id,
  },
  setKeyWeight: { of: key, body: async () => ({ weight: 3 }), select: '{ id }', changed: (a) => a.id },
  createWebhook: { body: async () => ({ url: 'https://1.1.1.1/', events: ['reprioritized'] }), select: '{ id }', changed: (a) => a.id },
  updateWebhook: { of: webhook, body: async () => ({ label: ['a'] }), select: '{ id }', changed: (a) => a.id },
  deleteWebhook: { of: webhook, changed: (a) => a },
  rotateWebhookSecret: { of: webhook, select: '{ id }', changed: (a) => a.id },
  testWebhook: { of: webhook, select: '{ webhookId }', changed: (a) => a.webhookId },
  redeliverWebhook: {
    of: async () => (await api.store.deliveries.test(await webhook())).id,
    select: '{ id }',
    changed: (a) => a.id,
  },
  setDeviceState: {
    of: async () => 'CPU-00000000-0000-8000-8000-000000000001',
    body: async () => ({ state: 'active' }),
    select: '{ uuid }',
    changed: (a) => a.uuid.replace('CPU-', ''),
  },
}

/** The changes that take an admin. */
const adminsAlone = /Key$|Quotas$|^setKeyWeight$|^setDeviceState$|Webhook/

/** The one line since the last look, which must say this. */
async function expectLine(expected: object): Promise<void> {
  const lines = await fresh()
  assert.equal(lines.length, 1, JSON.stringify(lines))
  const { id: _, at, ...line } = lines[0]
  assert.ok(Math.abs(Date.parse(at) - Date.now()) < 600_000, at)
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(line[name], value, `${name} of ${JSON.stringify(line)}`)
}

describe('every route that may change something', () => {
  it('states which change it makes, and leaves its line in the change’s transaction', async () => {
    const stated = [...api.app.auditByRoute].filter(([, action]) => action !== null)
    assert.deepEqual(
      [...api.app.auditByRoute].filter(([, action]) => action === null).map(([route]) => route),
      ['POST /graphql'],
    )
    assert.deepEqual(stated.map(([, action]) => action).sort(), Object.keys(examples).sort())
    for (const [route, action] of stated) {
      const { of, body, changed } = examples[action!]!
      const id = await of?.()
      const sent = await body?.()
      await fresh()
      const [method, path] = route.split(' ') as [string, string]
      const answer = await call(method, path.replace(':id', id ?? ''), 'admin', sent)
      assert.ok(answer.status < 300, `${route}: ${answer.status} ${answer.text}`)
      const subjectId = answer.status === 204 ? id : changed(answer.body)
      const who = { keyId: keys.admin!.id, keyPrefix: keys.admin!.prefix, role: 'admin', requestId: answer.headers['x-request-id'] }
      await expectLine({ action, subjectId, outcome: 'done', ...who })
      // Too low a role.
      const low = adminsAlone.test(action!) ? 'runner' : 'reader'
      await call(method, path.replace(':id', exampleId), low, sent).expect(403)
      await expectLine({ action, keyId: keys[low]!.id, role: low, outcome: 'FORBIDDEN', subjectId: of ? exampleId : null })
      // Without a key nobody is known who asked.
      await api.request[method.toLowerCase() as Method](path.replace(':id', exampleId)).send(sent).expect(401)
      if (of) {
        const { status, body: problem } = await call(method, path.replace(':id', exampleId), 'admin', sent)
        assert.equal(status, 404)
        await expectLine({ action, subjectId: exampleId, outcome: problem.code })
      } else {
        await call(method, path, 'admin', { nonsense: 1 })
        assert.deepEqual(await fresh(), [], 'what could not be read leaves no line')
      }
    }
  })

  it('and states nothing stops the start', async () => {
    const start = async (config: object) => {
      const app = Fastify()
      await app.register(useProblems)
      await app.register(useAccess, { keyring: null })
      await app.register(useAudit, { trail: null })
      app.post('/forgotten', { config: { access: 'runner', ...config } }, () => 'anything')
    }
    await assert.rejects(start({}), /POST \/forgotten states no audit/)
    await start({ audit: null })
    assert.throws(() => composeFeatures([{ fields: { Mutation: { forgotten: { description: 'x', type: 'String' } } } }]), /states no audit/)
  })
})

it('every mutation of GraphQL leaves the line that REST leaves, each of several in one request its own', async () => {
  const fields = api.app.graphql.schema.getMutationType()!.getFields()
  const ask = async (name: string, { of, body, select = '' }: Example, as: string) => {
    const input = await body?.()
    const id = await of?.()
    const args = fields[name]!.args.filter((each) => ['id', 'input', 'quotas'].includes(each.name))
    const types = args.map((each) => `$${each.name}: ${each.type}`).join(', ')
    const given = args.map((each) => `${each.name}: $${each.name}`).join(', ')
    await fresh()
    const query = `mutation (${types}) { it: ${name}(${given}) ${select} }`
    return call('POST', '/graphql', as, { query, variables: { id, input, quotas: input } })
  }
  assert.deepEqual(Object.keys(fields).sort(), Object.keys(examples).sort())
  for (const [name, example] of Object.entries(examples)) {
    const { body, headers } = await ask(name, example, 'admin')
    assert.equal(body.errors, undefined, `${name}: ${JSON.stringify(body.errors)}`)
    const line = { action: name, keyId: keys.admin!.id, requestId: headers['x-request-id'] }
    await expectLine({ ...line, subjectId: example.changed(body.data.it), outcome: 'done' })
    assert.equal((await ask(name, example, 'reader')).body.errors[0].extensions.code, 'FORBIDDEN')
    await expectLine({ action: name, role: 'reader', outcome: 'FORBIDDEN' })
  }
  const query = `mutation { a: deleteArchitecture(id: "${await register()}") b: cancelRun(id: "${exampleId}") { id } }`
  await fresh()
  await call('POST', '/graphql', 'admin', { query })
  assert.deepEqual((await fresh()).map(({ action, outcome }) => [action, outcome]).sort(), [
    ['cancelRun', 'RUN_NOT_FOUND'],
    ['deleteArchitecture', 'done'],
  ])
})

it('what changed nothing says so, and a preview leaves no line', async () => {
  const body = smallNetwork(channels++)
  await call('POST', '/v1/architectures', 'runner', body).expect(201)
  await fresh()
  await call('POST', '/v1/architectures', 'runner', body).expect(200)
  await expectLine({ action: 'registerArchitecture', role: 'runner', outcome: 'unchanged' })
  await call('POST', '/v1/architectures?preview=true', 'runner', smallNetwork(channels++)).expect(200)
  const id = await key()
  await call('DELETE', `/v1/keys/${id}`, 'admin').expect(200)
  await fresh()
  await call('DELETE', `/v1/keys/${id}`, 'admin').expect(200)
  await expectLine({ action: 'revokeKey', subjectId: id, outcome: 'unchanged' })
  assert.deepEqual(await fresh(), [])
})

it('is read by filters and pages, by REST and GraphQL alike', async () => {
  const count = async (query: string) => (await read(`&total=true${query}`)).total
  const all = await count('')
  assert.equal(await count(`&key=${keys.admin!.prefix}`), await count(`&key=${keys.admin!.id}`))
  assert.ok((await count(`&key=${keys.admin!.prefix}`)) < all)
  const outcomes = [...new Set<string>((await read()).items.map(({ outcome }: { outcome: string }) => outcome))]
  assert.ok(outcomes.length > 3 && all <= 200, `${outcomes} of ${all}`)
  assert.equal((await count('&outcome=done')) + (await count(`&outcome=${outcomes.filter((each) => each !== 'done')}`)), all)
  assert.equal(await count('&action=createKey,revokeKey'), (await count('&action=createKey')) + (await count('&action=revokeKey')))
  assert.equal(await count('&since=2099-01-01T00:00:00Z'), 0)
  assert.equal(await count('&before=2099-01-01T00:00:00Z'), all)
  const pages: string[] = []
  for (let after = ''; ; ) {
    const { body } = await call('GET', `/v1/audit?limit=7${after && `&after=${after}`}`, 'admin').expect(200)
    pages.push(...body.items.map(({ id }: { id: string }) => id))
    if (body.nextCursor === null) break
    after = body.nextCursor
  }
  assert.equal(new Set(pages).size, all)
  const query = `{ audit(first: 1, action: [createKey], key: ["${keys.admin!.prefix}"]) { totalCount edges { node { id action keyPrefix outcome } } } }`
  const { data } = (await call('POST', '/graphql', 'admin', { query }).expect(200)).body
  const { body } = await call('GET', `/v1/audit?limit=1&total=true&action=createKey&key=${keys.admin!.prefix}`, 'admin')
  assert.deepEqual([data.audit.totalCount, data.audit.edges[0].node.id], [body.total, body.items[0].id])
  await call('GET', '/v1/audit', 'runner').expect(403)
  await call('GET', '/v1/audit?since=2026-13-45T00:00:00Z', 'admin').expect(400)
  await call('GET', '/v1/audit?key=%00', 'admin').expect(400)
  await call('GET', '/v1/audit?requestId=%00', 'admin').expect(422)
})

it('a line is not written without its change, nor the change without its line', async () => {
  const line = auditLine('createKey', { role: 'admin', key: null }, 'r')
  const made = { name: 'twin', role: 'reader' as const, prefix: 'amk_00000000', digest: 'the same', expiresAt: null }
  await api.store.keys.insert(made)
  const all = (await read('&total=true')).total
  // The digest is taken, so the transaction fails.
  await assert.rejects(api.store.keys.insert(made, line))
  // Nor without the line.
  const broken = { ...line, role: null as never }
  await assert.rejects(api.store.keys.insert({ ...made, digest: 'another' }, broken))
  assert.equal((await read('&total=true')).total, all)
  assert.ok(!(await api.store.keys.list()).some(({ digest }) => digest === 'another'))
})

it('a change of many runs has its line from the first of them on, also where it is cut off', async (t) => {
  const { runs } = api.store
  const cutOff = new Error('cut off')
  const many = runs.cancelMany.bind(runs)
  t.mock.method(runs, 'cancelMany', async function* (...args: Parameters<typeof many>) {
    for await (const step of many(...args)) {
      yield step
      throw cutOff
    }
  })
  const waiting = await run()
  await fresh()
  await call('POST', '/v1/runs/cancel', 'admin', { status: ['queued', 'running'] }).expect(500)
  assert.equal((await runs.get(waiting))!.status, 'cancelled')
  const done = (lines: any[]) => lines.filter(({ outcome }) => outcome === 'done').map(({ action, subjectId }) => [action, subjectId])
  assert.deepEqual(done(await fresh()), [['cancelRuns', null]])

  const body = { ...(await runBody()), batches: [batch++, batch++] }
  const made = (await call('POST', '/v1/sweeps', 'admin', body).expect(202)).body.id
  await fresh()
  const one = runs.requestCancel.bind(runs)
  let asked = 0
  t.mock.method(runs, 'requestCancel', (...args: Parameters<typeof one>) => {
    if (asked++ > 0) throw cutOff
    return one(...args)
  })
  await call('DELETE', `/v1/sweeps/${made}`, 'admin').expect(500)
  assert.deepEqual(done(await fresh()), [['cancelSweep', made]])
})

it('forgets lines that are older than AUDIT_DAYS', async () => {
  const all = (await read('&total=true')).total
  await api.store.db.execute(`UPDATE audit SET at = now() - interval '31 days' WHERE id IN (SELECT id FROM audit LIMIT 3)`)
  await api.store.audit.removeOlder(32)
  assert.equal((await read('&total=true')).total, all)
  await api.store.audit.removeOlder(30)
  assert.equal((await read('&total=true')).total, all - 3)
})

it('lines of refusals are bounded while the database is slow, and what is left out is told', async () => {
  const written: number[] = []
  const warned: object[] = []
  const trail = new AuditTrail({
    audit: { add: async (lines) => void written.push(lines.length), removeOlder: async () => {} },
    log: { warn: (object) => void warned.push(object) },
    days: 1,
  })
  for (let i = 0; i < 1500; i++)
    trail.refused(auditLine('cancelRun', { role: 'runner', key: null }, 'r'), new ApiError('RUN_NOT_FOUND', 'x'))
  await trail.close()
  assert.deepEqual([written, warned], [[1000], [{ lines: 500 }]])
})
