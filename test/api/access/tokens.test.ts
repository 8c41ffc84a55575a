/** Tokens of an issuer that is made here: what is taken, what is not, and how often the issuer is asked. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose'
import { TokenVerifier } from '../../../src/api/access/tokens.ts'
import { ConfigError, readConfig } from '../../../src/api/config.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

type Pair = Awaited<ReturnType<typeof generateKeyPair>>

let server: Server
let issuer = ''
/** What it publishes, and how often each address was asked. */
let published: JWK[] = []
const asked: Record<string, number> = {}
let pair: Pair
let other: Pair
let api: TestApi
const sent: string[] = []

before(async () => {
  server = createServer((request, response) => {
    asked[request.url!] = (asked[request.url!] ?? 0) + 1
    const configuration = { issuer, jwks_uri: `${issuer}/keys` }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(request.url === '/keys' ? { keys: published } : configuration))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  pair = await generateKeyPair('ES256')
  other = await generateKeyPair('ES256')
  published = [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }]
  api = await openTestApi({
    OIDC_ISSUER: issuer,
    OIDC_AUDIENCE: 'archmeter',
    OIDC_ROLE_CLAIM: 'realm.groups',
    OIDC_ROLES: 'runner=lab,runner=ci,admin=ops,reader=all',
  })
})
after(async () => {
  await api?.close()
  server.close()
})

interface Claims {
  sub?: string | null
  aud?: string
  iss?: string
  exp?: number | null
  nbf?: number
  groups?: unknown
  [claim: string]: unknown
}
const now = () => Math.floor(Date.now() / 1000)
async function token(
  claims: Claims = {},
  { key = pair.privateKey, kid = 'one', alg = 'ES256' }: { key?: unknown; kid?: string; alg?: string } = {},
) {
  const { groups = ['lab'], ...given } = { sub: 'ada', aud: 'archmeter', iss: issuer, exp: now() + 300, ...claims }
  const payload = Object.fromEntries(Object.entries({ ...given, realm: { groups } }).filter(([, value]) => value !== null))
  const made = await new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(key as Pair['privateKey'])
  sent.push(made)
  return made
}
const get = (path: string, bearer?: string) => {
  const call = api.request.get(path)
  return bearer === undefined ? call : call.set('authorization', `Bearer ${bearer}`)
}

describe('a token', () => {
  it('is taken from its issuer, for this service, with the highest role that its claim names', async () => {
    for (const [groups, role] of [
      [['lab'], 'runner'],
      ['ci all', 'runner'],
      [['all', 'ops', 'lab'], 'admin'],
      [['all', 7, null], 'reader'],
    ] as const) {
      const { body } = await get('/v1/session', await token({ groups, sub: `of ${role}`, preferred_username: `the ${role}\u202e` })).expect(
        200,
      )
      assert.deepEqual([body.role, body.key.name], [role, `the ${role}`])
      assert.match(body.key.prefix, /^oidc_[0-9a-f]{8}$/)
      assert.ok(Math.abs(Date.parse(body.expiresAt) - Date.now() - 330_000) < 60_000)
    }
    // Without one nobody is let in, although no key was made.
    await get('/v1/runs').expect(401)
  })

  it('is refused for whatever is wrong with it, and the answer says what, and never the token', async () => {
    const secret = new TextEncoder().encode('a secret of thirty-two bytes or more'.padEnd(64))
    const rsa = await generateKeyPair('RS256')
    const publicText = new TextEncoder().encode(JSON.stringify(published[0]))
    const good = await token()
    const [head, body] = good.split('.') as [string, string]
    const unsigned = new UnsecuredJWT({ sub: 'ada', realm: { groups: ['ops'] } })
      .setAudience('archmeter')
      .setIssuer(issuer)
      .setExpirationTime('5m')
      .encode()
    for (const [what, bearer, why] of [
      ['expired', await token({ exp: now() - 31 }), /has expired/],
      ['not yet', await token({ nbf: now() + 60 }), /claim nbf/],
      ['other audience', await token({ aud: 'another' }), /claim aud/],
      ['other issuer', await token({ iss: 'https://evil.example' }), /claim iss/],
      ['no expiry', await token({ exp: null }), /claim exp is missing/],
      ['no subject', await token({ sub: null }), /claim sub is missing/],
      ['another key', await token({}, { key: other.privateKey }), /signature does not fit/],
      ['unknown key id', await token({}, { kid: 'two' }), /publishes no such key/],
      ['signed by a secret', await token({}, { key: secret, alg: 'HS256' }), /signature must be one of RS256/],
      ['signed by the public key as a secret', await token({}, { key: publicText, alg: 'HS256' }), /signature must be one of/],
      ['another algorithm', await token({}, { key: rsa.privateKey, alg: 'RS256' }), /publishes no such key/],
      [
        'changed',
        `${head}.${Buffer.from(Buffer.from(body, 'base64url').toString().replace('lab', 'ops')).toString('base64url')}.${good.split('.')[2]}`,
        /signature does not fit/,
      ],
      ['unsigned', `${unsigned}AA`, /signature must be one of|no signed token/],
      ['three words', 'a.b.c', /no signed token/],
    ] as const) {
      const { status, body: problem, headers } = await get('/v1/runs', bearer)
      assert.deepEqual([status, problem.code], [401, 'UNAUTHENTICATED'], `${what}: ${JSON.stringify(problem)}`)
      assert.match(problem.detail, why, what)
      assert.match(headers['www-authenticate']!, /error="invalid_token"/)
      assert.ok(!JSON.stringify(problem).includes(bearer))
    }
    // Two clocks are never quite the same.
    await get('/v1/runs', await token({ exp: now() - 20 })).expect(200)
    const { body: none } = await get('/v1/runs', await token({ groups: ['nobody'] })).expect(403)
    assert.match(none.detail, /claim realm\.groups of your token names no role here: it needs one of all \(reader\), lab \(runner\)/)
  })

  it('stands for its holder: counted, limited, audited and barred as a key is', async () => {
    const admin = await token({ sub: 'grace', groups: ['ops'] })
    const mine = await token({ sub: 'linus', email: 'linus@lab.example' })
    const as = (bearer: string) => ({ authorization: `Bearer ${bearer}` })
    const { body: made } = await api.request.post('/v1/architectures').set(as(mine)).send(smallNetwork(61)).expect(201)
    const { body: line } = await get(`/v1/audit?subjectId=${made.id}`, admin).expect(200)
    const { key } = (await get('/v1/session', mine)).body
    assert.deepEqual([line.items[0].keyId, line.items[0].keyPrefix, line.items[0].role], [key.id, key.prefix, 'runner'])
    // Another token of the same holder is the same one.
    assert.equal((await get('/v1/session', await token({ sub: 'linus', jti: 'x' }))).body.key.id, key.id)
    const quotas = { runsPerHour: 0, deviceSecondsPerDay: null, bytesStored: null }
    await api.request.put(`/v1/keys/${key.id}/quotas`).set(as(admin)).send(quotas).expect(200)
    const run = { architectureId: made.id, device: 'cpu:0', runtime: 'onnxruntime' }
    await api.request.post('/v1/runs').set(as(mine)).send(run).expect(429)
    assert.equal((await api.request.patch(`/v1/keys/${key.id}`).set(as(admin)).send({ weight: 5 }).expect(200)).body.weight, 5)
    // Role and name come with each token; the weight is an admin's.
    await get('/v1/session', await token({ sub: 'linus', email: 'l@lab.example' })).expect(200)
    assert.equal((await get('/v1/usage', mine).expect(200)).body.weight, 5)
    const listed = (await get('/v1/keys', admin)).body.items.find(({ id }: { id: string }) => id === key.id)
    assert.deepEqual([listed.issuer, listed.name, listed.role], [issuer, 'linus@lab.example', 'runner'])
    const stream = await fetch(`${api.url}/v1/events`, { headers: as(mine) })
    assert.equal(stream.status, 200)
    await api.request.delete(`/v1/keys/${key.id}`).set(as(admin)).expect(200)
    for await (const _ of stream.body!);
    const { body: barred } = await get('/v1/runs', mine).expect(401)
    assert.match(barred.detail, /an admin has barred the holder/)
    await get('/v1/runs', await token({ sub: 'linus', jti: 'y' })).expect(401)
    // A holder may make keys, also where none was made before, and keys go on working.
    const { body: reader } = await api.request.post('/v1/keys').set(as(admin)).send({ name: 'r', role: 'reader' }).expect(201)
    await get('/v1/runs', reader.key).expect(200)
    await get('/v1/keys', reader.key).expect(403)
  })

  it('is in no line of the log, wherever it was put', async () => {
    const bearer = await token()
    await get(`/v1/runs?token=${bearer}`).expect(401)
    await get(`/v1/runs/${bearer}`, bearer)
    const log = api.logged.join('\n')
    for (const each of sent) for (const part of each.split('.').slice(1)) assert.ok(!log.includes(part))
    const { rows } = await api.store.db.execute('SELECT row_to_json(k)::text AS row FROM api_keys k')
    for (const each of sent) assert.ok(!JSON.stringify(rows).includes(each.split('.')[2]!))
  })
})

describe('the issuer', () => {
  it('is asked for its configuration once, and for its keys once for many tokens, known and unknown', async () => {
    const { '/keys': before } = asked
    for (let i = 0; i < 20; i++) {
      await get('/v1/runs', await token({ jti: `${i}` })).expect(200)
      await get('/v1/runs', await token({}, { kid: `unknown ${i}` })).expect(401)
    }
    assert.equal(asked['/.well-known/openid-configuration'], 1)
    assert.equal(asked['/keys'], before)
    assert.equal(before, 1)
  })

  it('that does not answer is not asked by every call, and nobody is let in meanwhile', async () => {
    let calls = 0
    const gone = createServer((_request, response) => {
      calls += 1
      response.writeHead(500).end()
    }).listen(0, '127.0.0.1')
    await once(gone, 'listening')
    const warned: object[] = []
    const at = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`
    const values = { reader: ['all'], runner: [], admin: [] }
    const verifier = new TokenVerifier(
      { issuer: at, audience: 'x', roleClaim: 'roles', values },
      { warn: (object) => void warned.push(object) },
    )
    const bearer = await token({ iss: at })
    for (let i = 0; i < 5; i++) await assert.rejects(verifier.verify(bearer), { code: 'ISSUER_UNREACHABLE' })
    assert.deepEqual([calls, warned.length], [1, 1])
    gone.close()
  })

  it('whose configuration names another issuer, or keys without TLS, is not believed', async () => {
    for (const configuration of [
      { issuer: 'https://evil.example', jwks_uri: `${issuer}/keys` },
      { jwks_uri: 'http://evil.example/keys' },
      {},
    ]) {
      const liar = createServer((_request, response) => response.end(JSON.stringify({ issuer: at, ...configuration }))).listen(
        0,
        '127.0.0.1',
      )
      await once(liar, 'listening')
      const at = `http://127.0.0.1:${(liar.address() as AddressInfo).port}`
      const values = { reader: ['all'], runner: [], admin: [] }
      const verifier = new TokenVerifier({ issuer: at, audience: 'archmeter', roleClaim: 'roles', values }, { warn: () => {} })
      await assert.rejects(verifier.verify(await token({ iss: at })), { code: 'ISSUER_UNREACHABLE' })
      liar.close()
    }
  })

  it('is configured whole, or the start is refused with what is missing', () => {
    const refused = (env: Record<string, string>, why: RegExp) =>
      assert.throws(
        () => readConfig(env),
        (error) => error instanceof ConfigError && why.test(error.message),
      )
    refused({ OIDC_ISSUER: 'https://login.example' }, /OIDC_ISSUER needs OIDC_AUDIENCE/)
    refused({ OIDC_ISSUER: 'http://login.example', OIDC_AUDIENCE: 'x' }, /must be of https/)
    refused({ OIDC_ROLES: 'boss=x' }, /OIDC_ROLES/)
    assert.equal(readConfig({ OIDC_ISSUER: 'https://login.example', OIDC_AUDIENCE: 'x' }).OIDC_ROLE_CLAIM, 'roles')
  })
})
