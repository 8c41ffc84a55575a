import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { after, before, describe, it } from 'node:test'
import WebSocket from 'ws'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
/** The same service where a dashboard's origin and a name of its own are configured. */
let open: TestApi
before(async () => {
  api = await openTestApi()
  open = await openTestApi({ CORS_ORIGIN: 'https://dashboard.example', ALLOWED_HOSTS: 'archmeter.example, gpu-box.lan' })
})
after(async () => {
  await api.close()
  await open.close()
})

type Headers = Record<string, string>

/** Sends a request with exactly these headers. fetch sets Host and Sec-Fetch-Site by itself. */
async function send(to: TestApi, method: string, path: string, headers: Headers = {}, body?: string | Buffer) {
  const request = http.request(to.url + path, { method, headers })
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  let text = ''
  for await (const chunk of response) text += chunk
  const said = text.startsWith('{') ? JSON.parse(text) : {}
  return { status: response.statusCode!, code: (said.code ?? said.errors?.[0].extensions?.code) as string | undefined, text }
}

const json = JSON.stringify(smallNetwork(2))
const jsonType = { 'content-type': 'application/json' }
const form = ['--x', 'Content-Disposition: form-data; name="file"; filename="a.onnx"', '', 'not a model', '--x--', ''].join('\r\n')
const formType = { 'content-type': 'multipart/form-data; boundary=x' }
const nobody = '01890a5d-ac96-774b-bcce-b302099a8057'

/** Every way to change something, with what it answers to one who may: the form holds no model. */
const changes: [method: string, path: string, headers: Headers, body: string | undefined, answer: number][] = [
  ['POST', '/v1/architectures', jsonType, json, 201],
  ['POST', '/v1/architectures?name=form', formType, form, 422],
  ['POST', '/v1/architectures?name=bytes', { 'content-type': 'application/octet-stream' }, 'not a model', 422],
  ['POST', '/v1/runs', jsonType, '{}', 400],
  ['POST', '/v1/sweeps', jsonType, '{}', 400],
  ['POST', '/graphql', jsonType, '{"query":"{ zoo { family } }"}', 400],
  ['DELETE', `/v1/architectures/${nobody}`, {}, undefined, 404],
  ['DELETE', `/v1/runs/${nobody}`, {}, undefined, 404],
  ['DELETE', `/v1/sweeps/${nobody}`, {}, undefined, 404],
  ['POST', '/nowhere', {}, undefined, 404],
]

async function upgrade(to: TestApi, headers: Headers): Promise<number> {
  const socket = new WebSocket(`${to.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers })
  socket.on('error', () => {})
  const status = await Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, response]) => response.statusCode as number),
  ])
  socket.terminate()
  return status
}

describe('pages of other origins', () => {
  const foreign: [what: string, headers: Headers][] = [
    ['another site', { origin: 'https://evil.example' }],
    ['a sandboxed page, or a file', { origin: 'null' }],
    ['no origin at all', { origin: 'nonsense' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['another site, by Sec-Fetch-Site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['another port, by Sec-Fetch-Site', { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' }],
    ['a browser that sends no Origin', { 'sec-fetch-site': 'cross-site' }],
  ]
  for (const [what, from] of foreign)
    it(`change nothing: ${what}`, async () => {
      for (const [method, path, headers, body] of changes) {
        const { status, code } = await send(api, method, path, { ...headers, ...from }, body)
        assert.deepEqual([status, code], [403, 'FORBIDDEN_ORIGIN'], `${method} ${path}`)
      }
      assert.equal((await api.store.architectures.list({})).items.length, 0)
      if (from.origin) assert.equal(await upgrade(api, from), 403)
    })

  it('say which setting would allow them', async () => {
    const { text } = await send(api, 'POST', '/v1/runs', { ...jsonType, origin: 'https://evil.example' }, '{}')
    assert.match(JSON.parse(text).detail, /https:\/\/evil\.example.*CORS_ORIGIN/)
  })

  it('may follow a link here, which changes nothing', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    for (const path of ['/', '/graphiql', '/v1/zoo']) assert.equal((await send(api, 'GET', path, headers)).status, 200)
  })
})

describe('who may change something', () => {
  const own = (to: TestApi): [what: string, headers: Headers][] => [
    ['a tool', {}],
    ['our own page', { origin: to.url, 'sec-fetch-site': 'same-origin' }],
    ['our own page in a browser without Sec-Fetch-Site', { origin: to.url }],
    ['our own page behind TLS', { origin: 'https://archmeter.example', host: 'archmeter.example' }],
    ['our own page behind a proxy that calls us by another name', { origin: 'https://front.example', 'sec-fetch-site': 'same-origin' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
    ['the origin that is configured', { origin: 'https://dashboard.example', 'sec-fetch-site': 'cross-site' }],
  ]
  it('is a tool, a page of ours, or one of the origin that is configured', async () => {
    for (const [what, from] of own(open)) {
      for (const [method, path, headers, body, answer] of changes) {
        const { status } = await send(open, method, path, { ...headers, ...from }, body)
        assert.ok(status === answer || (answer === 201 && status === 200), `${what}: ${method} ${path} answered ${status}`)
      }
      assert.equal(await upgrade(open, from), 101, what)
    }
    assert.equal((await send(open, 'POST', '/v1/runs', { ...jsonType, origin: 'https://evil.example' }, '{}')).code, 'FORBIDDEN_ORIGIN')
  })

  it('may be anybody where CORS_ORIGIN is *', async () => {
    const any = await openTestApi({ CORS_ORIGIN: '*' })
    try {
      const from = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
      assert.equal((await send(any, 'POST', '/v1/architectures', { ...jsonType, ...from }, json)).status, 201)
      assert.equal(await upgrade(any, from), 101)
      assert.equal((await send(any, 'GET', '/v1/zoo', { host: 'evil.example' })).code, 'FORBIDDEN_HOST')
    } finally {
      await any.close()
    }
  })
})

describe('the name that a request is sent to', () => {
  const port = () => (api.app.server.address() as AddressInfo).port
  it('is ours: an address, localhost, the machine, or what ALLOWED_HOSTS lists', async () => {
    const good = [
      '127.0.0.1',
      '192.168.7.9:3000',
      '[::1]',
      '[::1]:3000',
      'localhost',
      'LOCALHOST:3000',
      'localhost.',
      'a.localhost',
      hostname(),
    ]
    for (const host of [...good, `127.0.0.1:${port()}`]) assert.equal((await send(api, 'GET', '/v1/zoo', { host })).status, 200, host)
    for (const host of ['archmeter.example', 'ARCHMETER.example:8443', 'gpu-box.lan'])
      assert.equal((await send(open, 'GET', '/v1/zoo', { host })).status, 200, host)
  })

  it('is not ours, and nothing is read, written or opened under it', async () => {
    const bad = [
      'evil.example',
      'evil.example:3000',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'evillocalhost',
      'x',
      'a@localhost',
    ]
    for (const host of bad)
      for (const [method, path] of [
        ['GET', '/v1/architectures'],
        ['GET', '/metrics'],
        ['GET', '/openapi.json'],
        ['GET', '/nowhere'],
        ['POST', '/v1/runs'],
        ['DELETE', `/v1/architectures/${nobody}`],
      ] as const) {
        // A rebound page is of one origin with what it calls, and may send what a proxy would.
        const headers = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin', 'x-forwarded-host': 'localhost' }
        const { status, code, text } = await send(api, method, path, headers)
        assert.deepEqual([status, code], [421, 'FORBIDDEN_HOST'], `${method} ${path} of ${host}`)
        assert.match(JSON.parse(text).detail, /ALLOWED_HOSTS/)
      }
    assert.equal(await upgrade(api, { host: 'evil.example', origin: 'http://evil.example' }), 421)
    assert.equal((await send(open, 'GET', '/v1/zoo', { host: 'sub.archmeter.example' })).status, 421)
  })

  it('may be any where ALLOWED_HOSTS is *', async () => {
    const any = await openTestApi({ ALLOWED_HOSTS: '*' })
    try {
      assert.equal((await send(any, 'GET', '/v1/zoo', { host: 'whatever.example' })).status, 200)
    } finally {
      await any.close()
    }
  })
})
