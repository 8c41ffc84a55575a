/** Every route and every root field, each with its rule: what is not listed here as public or an admin's is a reader's or a runner's. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GraphQLObjectType } from 'graphql'
import WebSocket from 'ws'
import { type Role, requireRole, roles } from '../../../src/api/access/roles.ts'
import { composeFeatures } from '../../../src/api/graphql/feature.ts'
import { exampleId } from '../../../src/api/schemas.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
const keys = {} as Record<Role, string>
let cookie = ''

interface Sent {
  key?: string | undefined
  body?: unknown
  headers?: Record<string, string>
}
/** Asks again where the service refuses because this machine is busy. */
async function unhurried<T>(ask: () => Promise<T>, statusOf: (answer: T) => number): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (statusOf(answer) !== 503) return answer
    await sleep(500)
  }
}
/** Sends a request; the answer's body is not waited for. */
const send = (method: string, path: string, sent: Sent = {}) =>
  unhurried(
    () => sendOnce(method, path, sent),
    ({ status }) => status,
  )
async function sendOnce(method: string, path: string, { key, body, headers = {} }: Sent) {
  const controller = new AbortController()
  const answer = await fetch(api.url + path, {
    method,
    signal: controller.signal,
    headers: {
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return {
    status: answer.status,
    headers: answer.headers,
    json: () => answer.json() as Promise<any>,
    body: answer.body!,
    end: () => controller.abort(),
  }
}

before(async () => {
  api = await openTestApi()
  // Open as long as there is none.
  assert.equal((await send('GET', '/v1/runs')).status, 200)
  const early = await send('POST', '/v1/keys', { body: { name: 'too early', role: 'runner' } })
  assert.deepEqual([early.status, (await early.json()).errors[0].path], [400, '/role'])
  keys.admin = (await (await send('POST', '/v1/keys', { body: { name: 'root', role: 'admin' } })).json()).key
  for (const role of ['reader', 'runner'] as const) {
    const made = await send('POST', '/v1/keys', { key: keys.admin, body: { name: `a ${role}`, role } })
    assert.deepEqual([made.status, made.headers.get('cache-control')], [201, 'no-store'])
    keys[role] = (await made.json()).key
  }
})
after(() => api.close())

/** Routes that ask nobody: liveness, the files of the dashboard, signing in and out, and the refusal of other methods. */
const publicRoutes = [
  /^(GET|HEAD) \/(healthz|readyz|)$/,
  /^(GET|HEAD) \/(architectures|explore|runs|compare|sweeps|devices|keys|audit|calls)(\/:id)?$/,
  /^(GET|HEAD) \/(compare\/architectures|runs\/:id\/history)$/,
  /^(GET|HEAD) \/assets\//,
  /^(POST|DELETE) \/v1\/session$/,
  // Refused but for a websocket, which says who it is once it is open.
  /^(GET|HEAD) \/graphql$/,
]
const adminRoutes = [
  / \/v1\/keys(\/:id(\/quotas|\/usage)?)?$/,
  / \/v1\/audit$/,
  / \/v1\/backup$/,
  /^PATCH \/v1\/devices\/:id$/,
  / \/v1\/webhook/,
]
const matches = (patterns: RegExp[], route: string): boolean => patterns.some((pattern) => pattern.test(route))

describe('every route', () => {
  it('takes what it should, and keeps it: 401 without a key, 403 with too low a role', async () => {
    const allowed = (route: string) => {
      const method = route.split(' ')[0]!
      if (matches(publicRoutes, route)) return 'public'
      if (matches(adminRoutes, route)) return 'admin'
      return method === 'GET' || method === 'HEAD' || route === 'POST /graphql' ? 'reader' : 'runner'
    }
    let walked = 0
    for (const [route, access] of api.app.accessByRoute) {
      const [method, template] = route.split(' ') as [string, string]
      const path = template.replace(/:\w+/g, exampleId).replace('*', 'x')
      const { statusCode, headers } = await unhurried(
        () => api.app.inject({ method: method as 'GET', url: path }),
        (answer) => answer.statusCode,
      )
      // An address answers methods that it does not take with 405, whoever asks.
      if (statusCode === 405) {
        assert.equal(access, 'public', route)
        continue
      }
      walked += 1
      assert.equal(access, allowed(route), route)
      if (access === 'public') {
        assert.notEqual(statusCode, 401, route)
        continue
      }
      assert.equal(statusCode, 401, route)
      assert.match(headers['www-authenticate'] as string, /^Bearer realm="archmeter"$/, route)
      // The role that it takes, and the one below.
      const lowest = roles.indexOf(access)
      for (const role of roles.slice(Math.max(0, lowest - 1), lowest + 1)) {
        const answer = await send(method, path, { key: keys[role] })
        answer.end()
        const refused: boolean = role !== access
        assert.equal(answer.status === 403, refused, `${route} as ${role}: ${answer.status}`)
        assert.notEqual(answer.status, 401, route)
        if (refused) assert.match(answer.headers.get('www-authenticate')!, new RegExp(`insufficient_scope", scope="${access}"`))
      }
    }
    assert.ok(walked > 50, `${walked} routes`)
    assert.deepEqual(Object.fromEntries(api.app.previewByRoute), {
      'POST /v1/architectures': 'reader',
      'POST /v1/architectures/:id/rewrites': 'reader',
    })
  })

  it('lets a reader see what a call would register, as GraphQL does, and register nothing', async () => {
    const network = smallNetwork(5)
    const registered = await send('POST', '/v1/architectures', { key: keys.runner, body: network })
    const { id } = await registered.json()
    const count = async () => (await api.store.architectures.list({ limit: 100 })).items.length
    const before = await count()
    const rewrites = `/v1/architectures/${id}/rewrites`
    const recipe = [{ rewrite: 'scaleWidth' }]
    const file = { 'content-type': 'application/octet-stream' }
    const cases: [string, unknown, number, Record<string, string>?][] = [
      ['/v1/architectures?preview=true', smallNetwork(6), 200],
      ['/v1/architectures?preview=true', { name: 'x' }, 400],
      ['/v1/architectures?preview=false', smallNetwork(6), 403],
      ['/v1/architectures?preview=1', smallNetwork(6), 403],
      ['/v1/architectures?preview=true&preview=false', smallNetwork(6), 403],
      ['/v1/architectures?preview=true&name=x', 'a file', 403, file],
      ['/v1/architectures', smallNetwork(6), 403],
      [rewrites, { recipe, preview: true }, 200],
      [rewrites, { recipe, preview: false }, 403],
      [rewrites, { recipe, preview: 'true' }, 403],
      [rewrites, { recipe }, 403],
      [rewrites, [], 403],
      [rewrites, null, 403],
    ]
    for (const [path, body, status, headers = {}] of cases) {
      const answer = await send('POST', path, { key: keys.reader, body, headers })
      assert.equal(answer.status, status, `${path} ${JSON.stringify(body)}`)
      if (status === 403) assert.match(answer.headers.get('www-authenticate')!, /insufficient_scope", scope="runner"/)
    }
    assert.equal((await send('POST', rewrites, { body: { recipe, preview: true } })).status, 401)
    assert.equal(await count(), before)
  })

  it('that states no rule stops the start', async () => {
    await assert.rejects(async () => {
      const { default: Fastify } = await import('fastify')
      const { useAccess } = await import('../../../src/api/plugins/access.ts')
      const app = Fastify()
      await app.register(useAccess, { keyring: null })
      app.get('/forgotten', () => 'anything')
    }, /GET \/forgotten states no access/)
  })
})

it('a resolver that would stand in place of a guarded root field stops the start', () => {
  const part = {
    fields: { Query: { told: { description: 'x', type: 'String', resolve: () => 'x' } } },
    resolvers: { Query: { told: () => 'x' } },
  }
  assert.throws(() => composeFeatures([part]), /resolver of Query alone/)
})

it('a refusal says whom to ask: the command as long as there is no key, an admin from then on', () => {
  const refused = (key: { id: string; prefix: string; name: string; expiresAt: null } | null) => () =>
    requireRole({ role: 'runner', key }, 'admin', 'POST /v1/keys')
  assert.throws(refused(null), /^(?!.*admin for one).*without a key you are a runner here: .* npm run keys -- create/)
  assert.throws(refused({ id: exampleId, prefix: 'amk_0a1b2c3d', name: 'x', expiresAt: null }), /amk_0a1b2c3d… is .* ask an admin for one$/)
})

it('a key does not end in a leap second, which no clock here reads', async () => {
  const body = { name: 'x', role: 'reader', expiresAt: '2099-12-31t23:59:60z' }
  const answer = await send('POST', '/v1/keys', { key: keys.admin, body })
  assert.deepEqual([answer.status, (await answer.json()).errors[0].message.includes('leap second')], [400, true])
})

it('a key has a name that is seen', async () => {
  for (const [name, status] of [
    ['a\u001b[2Jb', 422],
    [' ', 400],
  ] as const)
    assert.equal((await send('POST', '/v1/keys', { key: keys.admin, body: { name, role: 'reader' } })).status, status, JSON.stringify(name))
})

describe('every root field of GraphQL', () => {
  const post = (query: string, sent: Sent = {}) => send('POST', '/graphql', { body: { query }, ...sent })

  it('takes what it should, and keeps it', async () => {
    const admins = ['keys', 'createKey', 'revokeKey', 'audit', 'setQuotas', 'setKeyWeight', 'keyUsage', 'setDeviceState']
    const ofAdmins = (name: string) => admins.includes(name) || /webhook/i.test(name)
    const { schema } = api.app.graphql
    let walked = 0
    for (const root of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()] as GraphQLObjectType[])
      for (const [name, field] of Object.entries(root.getFields())) {
        walked += 1
        const access = field.extensions.access as Role
        assert.equal(access, ofAdmins(name) ? 'admin' : root.name === 'Mutation' ? 'runner' : 'reader', `${root.name}.${name}`)
        const resolve = (root.name === 'Subscription' ? field.subscribe : field.resolve) as (...args: unknown[]) => unknown
        for (const role of roles.slice(0, roles.indexOf(access)))
          await assert.rejects(
            async () => resolve(undefined, {}, { caller: { role, key: null }, changing: () => null }, {}),
            { code: 'FORBIDDEN' },
            name,
          )
      }
    assert.ok(walked > 25, `${walked} fields`)
  })

  it('is refused with the codes of REST, and its challenge', async () => {
    const anonymous = await post('{ __typename }')
    assert.deepEqual([anonymous.status, (await anonymous.json()).errors[0].extensions.code], [401, 'UNAUTHENTICATED'])
    assert.match(anonymous.headers.get('www-authenticate')!, /^Bearer/)
    const low = await (await post(`mutation { cancelRun(id: "${exampleId}") { id } }`, { key: keys.reader })).json()
    assert.equal(low.errors[0].extensions.code, 'FORBIDDEN')
    assert.match(low.errors[0].message, /cancelRun needs a key of the role runner, and the key amk_[0-9a-f]{8}… is of the role reader/)
    const list = await (await post('{ keys { name role } session { role key { name } } }', { key: keys.admin })).json()
    assert.deepEqual(
      list.data.keys.map(({ role }: { role: string }) => role),
      ['admin', 'reader', 'runner'],
    )
    assert.deepEqual(list.data.session, { role: 'admin', key: { name: 'root' } })
  })
})

describe('a browser', () => {
  const own = () => ({ origin: api.url })
  it('signs in for a cookie that no script reads and no other site sends', async () => {
    const wrong = await send('POST', '/v1/session', { body: { key: `${keys.reader}0` } })
    assert.deepEqual([wrong.status, wrong.headers.get('set-cookie')], [401, null])
    // The key came in the body: nothing is said of a header that was not sent.
    assert.match((await wrong.json()).detail, /^key does not hold a key of this service/)
    const answer = await send('POST', '/v1/session', { body: { key: keys.runner }, headers: own() })
    assert.equal(answer.status, 201)
    const set = answer.headers.get('set-cookie')!
    assert.match(set, /^archmeter_session=[0-9a-f]{64}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/)
    cookie = set.split(';')[0]!
    assert.ok(!set.includes(keys.runner))
    const session = await (await send('GET', '/v1/session', { headers: { cookie } })).json()
    assert.deepEqual([session.role, session.key.name], ['runner', 'a runner'])
  })

  it('changes nothing by it but from our own pages', async () => {
    const body = smallNetwork(3)
    const register = (headers: Record<string, string>) => send('POST', '/v1/architectures', { body, headers: { cookie, ...headers } })
    assert.equal((await register(own())).status, 201)
    assert.equal((await register({ 'sec-fetch-site': 'same-origin' })).status, 200)
    assert.equal((await register({})).status, 401)
    const foreign: Record<string, string>[] = [
      { origin: 'http://evil.example' },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) assert.equal((await register(headers)).status, 403)
    // A header that says who it is goes before the cookie, whatever it holds.
    assert.equal((await send('GET', '/v1/runs', { headers: { cookie, authorization: 'Bearer nonsense' } })).status, 401)
  })

  it('that signs out of a session that there is not makes nobody read the keys again', async (t) => {
    let told = 0
    t.after(api.store.notifications.onKeys(() => told++))
    for (const token of ['ab'.repeat(32), keys.runner, 'x', ''])
      assert.equal((await send('DELETE', '/v1/session', { headers: { cookie: `archmeter_session=${token}`, ...own() } })).status, 204)
    assert.equal(told, 0)
  })

  it('gets a cookie for TLS alone where it came by TLS, and no more than a hundred sessions of one key', async () => {
    const origin = api.url.replace('http:', 'https:')
    const answer = await send('POST', '/v1/session', { body: { key: keys.runner }, headers: { origin } })
    assert.match(answer.headers.get('set-cookie')!, /; SameSite=Strict; Secure$/)
    const { id } = (await api.store.keys.list()).find(({ role }) => role === 'reader')!
    const expiresAt = new Date(Date.now() + 3_600_000)
    for (let i = 0; i < 105; i++) await api.store.keys.insertSession({ digest: `session ${i}`, keyId: id, expiresAt })
    const ofKey = (await api.store.keys.credentials()).sessions.filter(({ keyId }) => keyId === id)
    assert.deepEqual([ofKey.length, ofKey.some(({ digest }) => digest === 'session 104')], [100, true])
    // Those of other keys stay.
    assert.equal((await send('GET', '/v1/session', { headers: { cookie } })).status, 200)
  })

  it('is signed out for good', async () => {
    const out = await send('DELETE', '/v1/session', { headers: { cookie, ...own() } })
    assert.deepEqual([out.status, out.headers.get('set-cookie')!.includes('Max-Age=0')], [204, true])
    assert.equal((await send('GET', '/v1/session', { headers: { cookie } })).status, 401)
  })
})

describe('a websocket', () => {
  const open = async (params: object | undefined, headers: Record<string, string> = {}) => {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers })
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init', ...(params ? { payload: params } : {}) }))
    return socket
  }
  const firstOf = (socket: WebSocket) =>
    Promise.race([once(socket, 'message').then(([data]) => JSON.parse(String(data)).type), once(socket, 'close').then(([code]) => code)])

  it('says who it is by its parameters, a header or the cookie, or is closed', async () => {
    const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
    const token = (await send('POST', '/v1/session', { body: { key: keys.reader } })).headers.get('set-cookie')!.split(';')[0]!
    for (const [params, headers, first] of [
      [undefined, {}, 4403],
      [bearer(`${keys.reader}0`), {}, 4403],
      [bearer(`${keys.reader}0`), bearer(keys.reader), 4403],
      [bearer(keys.reader), {}, 'connection_ack'],
      [undefined, bearer(keys.reader), 'connection_ack'],
      [undefined, { cookie: token, origin: api.url }, 'connection_ack'],
      [undefined, { cookie: token }, 4403],
    ] as const) {
      const socket = await open(params, headers)
      assert.equal(await firstOf(socket), first, JSON.stringify(Object.keys({ ...params, ...headers })))
      socket.terminate()
    }
  })

  it('and a stream of events end when the key is revoked, which is refused at once', async () => {
    const { key, id } = await (await send('POST', '/v1/keys', { key: keys.admin, body: { name: 'short', role: 'reader' } })).json()
    const socket = await open({ authorization: `Bearer ${key}` })
    await once(socket, 'message')
    const stream = await send('GET', '/v1/events', { key })
    const closed = once(socket, 'close')
    assert.equal((await send('DELETE', `/v1/keys/${id}`, { key: keys.admin })).status, 200)
    assert.equal((await send('GET', '/v1/runs', { key })).status, 401)
    assert.equal((await closed)[0], 4403)
    for await (const _ of stream.body);
  })
})

it('no secret is in the log or the database; who asked is in the log by the beginning of the key', async () => {
  await send('GET', `/v1/runs?limit=7`, { key: keys.reader })
  // Somebody revokes a key by the whole of it.
  assert.equal((await send('DELETE', `/v1/keys/${keys.runner}`, { key: keys.admin })).status, 404)
  const { rows } = await api.store.db.execute('SELECT row_to_json(k)::text AS row FROM api_keys k')
  const kept = [...api.logged, ...(rows as { row: string }[]).map(({ row }) => row)].join('\n')
  for (const secret of [...Object.values(keys).map((key) => key.slice(13)), cookie.split('=')[1]!]) assert.ok(!kept.includes(secret))
  const line = api.logged.map((each) => JSON.parse(each)).find(({ url }) => url === '/v1/runs?limit=7')
  assert.deepEqual([line.key, line.role], [keys.reader.slice(0, 12), 'reader'])
  const listed = await (await send('GET', '/v1/keys', { key: keys.admin })).json()
  assert.ok(listed.items.every((each: any) => each.createdAt && !('key' in each) && !('digest' in each)))
  assert.ok(listed.items.find(({ role }: any) => role === 'runner').lastUsedAt)
})
