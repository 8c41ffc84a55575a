import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import http from 'node:http'
import { after, before, describe, it } from 'node:test'
import { logTo } from '../../src/api/logging.ts'
import { Metrics } from '../../src/api/metrics.ts'
import { openBareApp, openTestApi, smallNetwork, type TestApi } from './helper.ts'

let api: TestApi
before(async () => {
  api = await openTestApi({ CORS_ORIGIN: 'https://dashboard.example' })
})
after(() => api.close())

describe('requests', () => {
  it('carry an id: the caller’s where it is sane, else a new one; it is in the answer and in the log', async () => {
    const given = await api.request.get('/v1/zoo').set('x-request-id', 'trace/7:a').expect(200)
    assert.equal(given.headers['x-request-id'], 'trace/7:a')
    const line = JSON.parse(api.logged.find((each) => each.includes('trace/7:a'))!)
    assert.deepEqual([line.requestId, line.method, line.url, line.status, line.msg], ['trace/7:a', 'GET', '/v1/zoo', 200, 'request'])
    for (const insane of ['x'.repeat(129), 'a b', '<script>', 'ä']) {
      const answer = await api.app.inject({ url: '/v1/zoo', headers: { 'x-request-id': insane } })
      assert.match(answer.headers['x-request-id'] as string, /^[0-9a-f]{12}-[0-9a-z]+$/)
    }
    const [a, b] = [await api.request.get('/'), await api.request.get('/')]
    assert.notEqual(a.headers['x-request-id'], b.headers['x-request-id'])
  })

  it('of health and metrics are logged at debug only', async () => {
    const before = api.logged.length
    await api.request.get('/healthz').expect(200)
    await api.request.get('/metrics').expect(200)
    assert.equal(api.logged.length, before)
  })

  it('leave no secret in the log', () => {
    const lines: string[] = []
    const log = logTo('info', { write: (line: string) => void lines.push(line) })
    log.info({ headers: { authorization: 'Bearer hunter2', cookie: 'hunter2' }, req: { headers: { authorization: 'hunter2' } } }, 'x')
    log.error({ err: Object.assign(new Error('x'), { connectionString: 'hunter2', options: { password: 'hunter2' } }) }, 'x')
    log.info(
      { DATABASE_URL: 'hunter2', config: { DATABASE_URL: 'hunter2', password: 'hunter2' }, options: { connectionString: 'hunter2' } },
      'x',
    )
    assert.ok(!lines.join('').includes('hunter2'))
    assert.equal(lines.join('').split('[redacted]').length - 1, 9)
  })
})

describe('browsers', () => {
  it('are told what they may do with an answer', async () => {
    const { headers } = await api.request.get('/v1/zoo')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.match(headers['content-security-policy'] as string, /default-src 'none'/)
    assert.equal(headers['x-powered-by'], undefined)
    assert.equal(headers['strict-transport-security'], undefined)
  })
  it('may ask from the one origin that is configured', async () => {
    const preflight = await api.request
      .options('/v1/runs')
      .set('origin', 'https://dashboard.example')
      .set('access-control-request-method', 'POST')
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers['access-control-allow-origin'], 'https://dashboard.example')
    const other = await openBareApp()
    try {
      const answer = await other.inject({ url: '/healthz', headers: { origin: 'https://dashboard.example' } })
      assert.equal(answer.headers['access-control-allow-origin'], undefined)
    } finally {
      await other.close()
    }
  })
})

describe('pages', () => {
  it('load nothing from elsewhere', async () => {
    for (const path of ['/', '/docs/']) {
      const { text, headers } = await api.request.get(path).expect(200).expect('content-type', /html/)
      assert.match(headers['content-security-policy'] as string, /script-src 'self'/)
      assert.doesNotMatch(text, /(src|href)="(https?:)?\/\//)
    }
    const docs = await api.request.get('/docs/')
    assert.match(docs.text, /"\/openapi.json"/)
    const script = /<script src="([^"]+)"/.exec(docs.text)![1]!
    const code = await api.request.get(new URL(script, 'http://x/docs/').pathname).expect(200)
    assert.match(code.headers['content-type'] as string, /javascript/)
    await api.request.get('/docs').expect(301)
  })
  it('are where they are said to be, and whatever else is asked for beside them is not there', async () => {
    for (const path of ['/graphiql', '/graphiql/page.js', '/graphiql/graphiql.min.css', '/graphiql/react.production.min.js'])
      await api.request.get(path).expect(200)
    const names = [
      '',
      '..',
      '%2e%2e',
      '..%2f..%2fpackage.json',
      '%00',
      'page.js%00',
      'page.js/',
      'package.json',
      'x'.repeat(5000),
      '%2f',
      '\\',
    ]
    for (const page of ['/graphiql/', '/docs/js/', '/docs/x/'])
      for (const name of names) {
        // fetch, and light-my-request, take the dots out.
        const request = http.get(`${api.url}/`, { path: page + name })
        const [response] = (await once(request, 'response')) as [http.IncomingMessage]
        response.resume()
        assert.equal(response.statusCode, 404, `${page}${name.slice(0, 50)}`)
      }
  })
})

describe('health', () => {
  it('is that of the process; readiness is that of what it needs, with the reason', async () => {
    const failing = await openBareApp({
      store: async () => {
        throw new Error('the database does not answer')
      },
      slow: () => new Promise(() => {}),
      good: async () => {},
    })
    try {
      assert.equal((await failing.inject('/healthz')).statusCode, 200)
      const answer = await failing.inject('/readyz')
      assert.equal(answer.statusCode, 503)
      const { ready, checks } = answer.json()
      assert.equal(ready, false)
      assert.equal(checks.store.reason, 'the database does not answer')
      assert.match(checks.slow.reason, /no answer within 2000 ms/)
      assert.deepEqual(checks.good, { ready: true, reason: null })
      assert.equal((await failing.inject('/v1/zoo')).statusCode, 404, 'a worker serves health and metrics only')
    } finally {
      await failing.close()
    }
    await api.request.get('/readyz').expect(200)
  })
})

describe('metrics', () => {
  it('are told without those that the database would have to count, where it does not answer', async () => {
    const metrics = new Metrics()
    let answers = true
    metrics.watchDepths(async () => {
      if (!answers) throw new Error('gone')
      return [{ device: 'cpu:0', deviceUuid: 'x', host: 'h', waiting: 2, running: 1 }]
    })
    assert.match(await metrics.registry.metrics(), /archmeter_queue_runs\{.*state="waiting"\} 2/)
    answers = false
    const text = await metrics.registry.metrics()
    assert.doesNotMatch(text, /archmeter_queue_runs\{/)
    assert.match(text, /process_start_time_seconds/)
  })

  const value = (text: string, series: string) =>
    Number(new RegExp(`^${series.replace(/[{}"]/g, '\\$&')} (.+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  it('count requests by route, never by address, and runs by device', async () => {
    const { body } = await api.request.post('/v1/architectures').send(smallNetwork(7)).expect(201)
    await api.request.get(body.links.self)
    await api.request.get('/v1/architectures/none').expect(404)
    api.worker.autoMs = null
    const run = (await api.request.post('/v1/runs').send({ architectureId: body.id, device: 'cpu:0', runtime: 'tfjs' }).expect(202)).body
    await api.request.post('/v1/runs').send({ architectureId: body.id, device: 'cpu:0', runtime: 'tfjs' }).expect(202)
    while (!api.worker.runs(run.id)) await new Promise((resolve) => setTimeout(resolve, 10))
    const { text } = await api.request
      .get('/metrics')
      .expect(200)
      .expect('content-type', /text\/plain/)
    assert.equal(value(text, 'http_request_duration_seconds_count{method="GET",route="/v1/architectures/:id",status="200"}'), 1)
    assert.equal(value(text, 'http_request_duration_seconds_count{method="GET",route="/v1/architectures/:id",status="404"}'), 1)
    assert.ok(!text.includes(body.id))
    assert.equal(value(text, 'archmeter_queue_runs{device="cpu:0",host="here",state="running"}'), 1)
    assert.equal(value(text, 'archmeter_queue_runs{device="cpu:0",host="here",state="waiting"}'), 1)
    api.worker.autoMs = 1
    api.worker.finish(run.id)
    const ended = 'archmeter_runs_ended_total{device="cpu:0",runtime="tfjs",status="succeeded"}'
    let after = ''
    while (value(after, ended) !== 2) after = (await api.request.get('/metrics')).text
    assert.equal(value(after, 'archmeter_run_wait_seconds_count{device="cpu:0",runtime="tfjs"}'), 2)
    assert.equal(value(after, 'archmeter_run_duration_seconds_count{device="cpu:0",runtime="tfjs",status="succeeded"}'), 2)
    // What the stand-in says of its runs; a verdict that none had is there with 0.
    assert.equal(value(after, 'archmeter_certificates_total{device="cpu:0",runtime="tfjs",verdict="suspect"}'), 2)
    assert.equal(value(after, 'archmeter_certificates_total{device="cpu:0",runtime="tfjs",verdict="invalid"}'), 0)
    assert.equal(value(after, 'archmeter_certificate_reasons_total{device="cpu:0",runtime="tfjs",reason="NOT_MEASURED"}'), 2)
    assert.equal(value(after, 'archmeter_certificate_reasons_total{device="cpu:0",runtime="tfjs",reason="NOT_REPEATED"}'), 0)
  })

  it('say what runs: version, commit as git has it, Node', async () => {
    const { text } = await api.request.get('/metrics').expect(200)
    const [, labels] = /^archmeter_build_info\{(.*)\} 1$/m.exec(text)!
    const told = Object.fromEntries([...labels!.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))
    const root = new URL('../..', import.meta.url).pathname
    const git = spawnSync('git', ['-C', root, 'log', '-1', '--format=%H'], { encoding: 'utf8' })
    const commit = existsSync(`${root}/.git`) && git.status === 0 ? git.stdout.trim() : ''
    const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
    assert.deepEqual(told, { version, commit, node: process.version })
  })
})
