import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { FastifyInstance, InjectOptions } from 'fastify'
import pg from 'pg'
import { pino } from 'pino'
import { buildApp } from '../../src/api/app.ts'
import { readConfig } from '../../src/api/config.ts'
import { ApiError, codedError, type ErrorCode, errorTable } from '../../src/api/errors.ts'
import { Metrics } from '../../src/api/metrics.ts'
import { createServices, type ServiceOptions } from '../../src/api/services.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { connectionError, StoreError } from '../../src/store/errors.ts'
import { openBareApp } from './helper.ts'

let app: FastifyInstance
let url: string
/** What GET /v1/devices throws next. */
let thrown: unknown
const logged: string[] = []

before(async () => {
  const config = readConfig({ RATE_LIMIT: '1000', MAX_BODY_BYTES: '1024', LOG_LEVEL: 'debug' })
  const directory = {
    list: async () => {
      throw thrown
    },
  }
  const services = createServices({ config, store: {}, pool: {}, queue: {}, directory } as unknown as ServiceOptions)
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) })
  app = await buildApp({ config, log, metrics: new Metrics(), services, checks: {} })
  url = await app.listen({ port: 0, host: '127.0.0.1' })
})
after(() => app.close())

/** Sends bytes as they are, and reads the answer to its end. */
async function raw(text: string): Promise<{ status: number; problem: any }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let answer = ''
  socket.on('data', (part) => (answer += part))
  socket.on('error', () => {})
  socket.write(text)
  await once(socket, 'close')
  return { status: Number(answer.slice(9, 12)), problem: JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) }
}

describe('errors', () => {
  it('of every code answer with the status and title of the table, as a problem document', async () => {
    for (const [code, { status, title, ...more }] of Object.entries(errorTable)) {
      thrown = new ApiError(code as ErrorCode, 'why', [{ path: '/a', message: 'b' }])
      const answer = await app.inject({ url: '/v1/devices', headers: { 'x-request-id': `of-${code}` } })
      assert.equal(answer.statusCode, status)
      assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
      const problem = answer.json()
      assert.deepEqual(problem, {
        type: `urn:archmeter:error:${code}`,
        title,
        status,
        detail: 'hint' in more ? `why: ${more.hint.rest}` : 'why',
        code,
        errors: [{ path: '/a', message: 'b' }],
        requestId: `of-${code}`,
      })
    }
  })

  it('of the engine and the store keep their codes, and nobody else’s tells of itself', async () => {
    const of = (error: unknown) => codedError(error).code
    assert.equal(of(new EngineError('COST_OVERFLOW', 'x')), 'COST_OVERFLOW')
    assert.equal(of(new StoreError('INVALID_CURSOR', 'x')), 'INVALID_CURSOR')
    // As drivers throw them: sockets with a code of the system, servers with SQLSTATE, node-postgres with none.
    for (const code of ['ECONNREFUSED', '57P01', '08006', undefined]) {
      const lost = connectionError(Object.assign(new Error('Connection terminated unexpectedly'), { code }))
      assert.equal(of(lost), 'DATABASE_UNREACHABLE')
      assert.equal(of(Object.assign(new Error('query failed'), { cause: lost })), 'DATABASE_UNREACHABLE')
    }
    assert.equal(of(connectionError(Object.assign(new Error('relation does not exist'), { code: '42P01' }))), 'INTERNAL')
    for (const strange of [undefined, null, 'text', 7, {}, Object.assign(new Error('x'), { code: 'toString' })])
      assert.equal(of(strange), 'INTERNAL')
    thrown = new Error('password is hunter2, at /srv/secret.ts')
    const answer = await app.inject({ url: '/v1/devices', headers: { 'x-request-id': 'secret-1' } })
    assert.equal(answer.statusCode, 500)
    assert.ok(!answer.body.includes('hunter2') && !answer.body.includes('secret.ts'))
    assert.ok(logged.some((line) => line.includes('hunter2') && line.includes('"requestId":"secret-1"')))
  })

  it('are logged with their stack where they are ours to mend, and as a line where the service refuses for a while', async () => {
    const lineOf = async (error: unknown, address: string, request: object = {}) => {
      thrown = error
      const before = logged.length
      await app.inject({ url: address, ...request })
      return logged.slice(before).find((line) => line.includes('"code"'))!
    }
    const graphql = { method: 'POST', payload: { query: '{ devices { name } }' } }
    for (const [address, request] of [
      ['/v1/devices', {}],
      ['/graphql', graphql],
    ] as const) {
      const busy = JSON.parse(await lineOf(new ApiError('OVERLOADED', 'too much at once'), address, request))
      assert.deepEqual([busy.level, busy.code, busy.msg, 'err' in busy], [40, 'OVERLOADED', 'too much at once', false])
      const refused = connectionError(Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' }))
      const lost = JSON.parse(await lineOf(new Error('Failed query: select 1', { cause: refused }), address, request))
      assert.deepEqual([lost.level, lost.code, lost.reason, 'err' in lost], [40, 'DATABASE_UNREACHABLE', 'connect refused', false])
      const broken = JSON.parse(await lineOf(new TypeError('no such property'), address, request))
      assert.deepEqual([broken.level, broken.code], [50, 'INTERNAL'])
      assert.match(broken.err.stack, /no such property\n +at /)
    }
  })

  it('of a database that is gone name neither its address nor its user, which the log has', async () => {
    const failures: [Error, string][] = []
    for (const url of ['postgres://me:hush@127.0.0.1:1/lab', 'postgres://me:hush@no-such-host.invalid:5432/lab']) {
      const client = new pg.Client({ connectionString: url })
      await client.connect().catch((error: Error) => failures.push([error, (error as NodeJS.ErrnoException).code!]))
    }
    const refused = Object.assign(new Error('password authentication failed for user "me"'), { code: '57P03' })
    failures.push([new AggregateError([failures[0]![0]]), failures[0]![1]], [refused, 'SQLSTATE 57P03'])
    for (const [failure, told] of failures) {
      thrown = connectionError(failure)
      const { statusCode, body } = await app.inject('/v1/devices')
      assert.equal(statusCode, 503)
      assert.ok(body.includes(told), body)
      assert.doesNotMatch(body, /127\.0\.0\.1|invalid|lab|user|hush/)
    }
    assert.ok(logged.some((line) => line.includes('127.0.0.1:1')))
  })

  it('of HTTP itself are problems too', async () => {
    assert.deepEqual([(await raw('nonsense\r\n\r\n')).problem.code, (await raw('nonsense\r\n\r\n')).status], ['MALFORMED_REQUEST', 400])
    const overflow = await raw(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)
    assert.deepEqual([overflow.problem.code, overflow.status], ['HEADERS_TOO_LARGE', 431])
    const cases: [InjectOptions, ErrorCode][] = [
      [{ url: '/v1/%E0%A4%A' }, 'MALFORMED_REQUEST'],
      [{ url: '/nothing/here' }, 'ROUTE_NOT_FOUND'],
      [{ url: `/v1/runs/${'x'.repeat(301)}` }, 'ROUTE_NOT_FOUND'],
      [{ url: '/v1/devices', method: 'PATCH' }, 'METHOD_NOT_ALLOWED'],
      [{ url: '/v1/runs', method: 'POST', payload: '{', headers: { 'content-type': 'application/json' } }, 'MALFORMED_JSON'],
      [{ url: '/v1/runs', method: 'POST', payload: '', headers: { 'content-type': 'application/json' } }, 'MALFORMED_JSON'],
      [
        { url: '/v1/runs', method: 'POST', payload: '{"__proto__":{"a":1}}', headers: { 'content-type': 'application/json' } },
        'MALFORMED_JSON',
      ],
      [
        { url: '/v1/runs', method: 'POST', payload: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
        'UNSUPPORTED_MEDIA_TYPE',
      ],
      [
        { url: '/v1/runs', method: 'POST', payload: `"${'x'.repeat(1100)}"`, headers: { 'content-type': 'application/json' } },
        'BODY_TOO_LARGE',
      ],
      [{ url: '/v1/runs', method: 'POST', payload: '[]', headers: { 'content-type': 'application/json' } }, 'INVALID_REQUEST'],
      [{ url: '/v1/architectures?limit=x' }, 'INVALID_REQUEST'],
    ]
    for (const [request, code] of cases) {
      const answer = await app.inject(request)
      assert.deepEqual([answer.json().code, answer.statusCode], [code, errorTable[code].status], JSON.stringify(request))
      assert.match(answer.headers['content-type'] as string, /^application\/problem\+json/)
      assert.ok(answer.json().requestId)
    }
  })

  it('past the rate limit say when to come back; health is not counted', async () => {
    const limited = await buildApp({
      config: readConfig({ RATE_LIMIT: '2' }),
      log: pino({ level: 'silent' }),
      metrics: new Metrics(),
      services: createServices({ config: readConfig({}), store: {}, pool: {}, queue: {}, directory: {} } as unknown as ServiceOptions),
      checks: {},
    })
    try {
      const statuses = []
      for (let i = 0; i < 3; i++) statuses.push((await limited.inject('/v1/conventions')).statusCode)
      assert.deepEqual(statuses, [200, 200, 429])
      const refused = await limited.inject('/v1/conventions')
      assert.equal(refused.json().code, 'RATE_LIMITED')
      assert.ok(Number(refused.headers['retry-after']) > 0)
      for (let i = 0; i < 5; i++) assert.equal((await limited.inject('/healthz')).statusCode, 200)
      // Each from an address of its own: every request counts, whatever becomes of it.
      const kinds: InjectOptions[] = [
        { url: '/nothing/here' },
        { url: `/v1/runs/${'x'.repeat(301)}` },
        { url: '/v1/%E0%A4%A' },
        { url: '/v1/devices', method: 'PATCH' },
        { url: '/graphiql/nothing' },
        { url: '/v1/conventions', method: 'HEAD' },
      ]
      for (const [i, request] of kinds.entries()) {
        const codes = []
        for (let n = 0; n < 3; n++) codes.push((await limited.inject({ ...request, remoteAddress: `10.0.0.${i}` })).statusCode)
        assert.equal(codes.at(-1), 429, `${JSON.stringify(request)}: ${codes}`)
        assert.notEqual(codes[1], 429)
      }
    } finally {
      await limited.close()
    }
  })

  it('while the service shuts down say so on connections that are still open', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    let arrive = () => {}
    const arrived = new Promise<void>((resolve) => (arrive = resolve))
    const leaving = await openBareApp({
      slow: () => {
        arrive()
        return held
      },
    })
    const socket = connect(Number(new URL(await leaving.listen({ port: 0, host: '127.0.0.1' })).port), '127.0.0.1')
    let text = ''
    socket.on('data', (part) => (text += part))
    socket.write('GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    const ended = once(socket, 'close')
    await arrived
    const closed = leaving.close()
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    release()
    await Promise.all([closed, ended])
    assert.match(text, /HTTP\/1.1 200/)
    assert.match(text, /SHUTTING_DOWN/)
  })
})
