import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { limits } from '../../../src/api/graphql/limits.ts'
import { sources, toyApp } from './toy.ts'

let toy: Awaited<ReturnType<typeof toyApp>>
let url: string
before(async () => {
  toy = await toyApp()
  url = `${await toy.app.listen({ port: 0, host: '127.0.0.1' })}/graphql`.replace('http', 'ws')
})
after(() => toy.app.close())

const withClient = async (use: (client: Client) => Promise<void>) => {
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 })
  try {
    await use(client)
  } finally {
    await client.dispose()
  }
}

/** Waits for a condition that another part brings about. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) await sleep(10)
  assert.ok(condition())
}

/** The errors of a subscription that is refused. */
const refusal = (client: Client, query: string, variables = {}): Promise<any[]> =>
  new Promise((resolve, reject) =>
    client.subscribe(
      { query, variables },
      {
        next: ({ errors }) => (errors ? resolve([...errors]) : reject(new Error('an event came'))),
        error: (errors) => resolve(errors as any[]),
        complete: () => reject(new Error('it completed')),
      },
    ),
  )

test('events arrive in order; a client that leaves ends the source at once, though no event comes', () =>
  withClient(async (client) => {
    const seen: unknown[] = []
    for await (const { data } of client.iterate({ query: 'subscription { ticks(count: 3) { tick } }' })) {
      seen.push(data)
      if (seen.length === 3) break
    }
    assert.deepEqual(
      seen,
      [1, 2, 3].map((tick) => ({ ticks: { tick } })),
    )
    await until(() => sources.open === 0)
  }))

test('a socket that closes ends all its sources', async () => {
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 })
  for (let i = 0; i < 3; i++)
    client.subscribe({ query: 'subscription { ticks(count: 1) { tick } }' }, { next() {}, error() {}, complete() {} })
  await until(() => sources.open === 3)
  client.terminate()
  await until(() => sources.open === 0)
})

test('subscriptions are validated and bounded like queries, with the same codes', () =>
  withClient(async (client) => {
    const cases: [string, object, string, RegExp][] = [
      ['subscription { nope }', {}, 'INVALID_QUERY', /Cannot query field "nope"/],
      ['subscription { ticks }', {}, 'INVALID_QUERY', /must have a selection/],
      ['subscription { ticks(count: 11) { tick } }', {}, 'INVALID_REQUEST', /count is 11, but must be/],
      ['subscription ($c: Int!) { ticks(count: $c) { tick } }', { c: 'x' }, 'INVALID_QUERY', /Int cannot represent/],
      ['{ a }', {}, 'INVALID_QUERY', /this websocket takes subscriptions: send the query by POST/],
      ['mutation { set(input: { name: "n" }) }', {}, 'INVALID_QUERY', /send the mutation by POST/],
      [`subscription { ticks(count: 1) { ${'tick '.repeat(501)} } }`, {}, 'QUERY_TOO_COMPLEX', /fields/],
      [`subscription { ticks(count: 1) { tick } } #${'x'.repeat(limits.queryLength)}`, {}, 'QUERY_TOO_COMPLEX', /characters/],
      ['subscription {', {}, 'INVALID_QUERY', /Syntax Error/],
      ['{ a '.repeat(3000), {}, 'INVALID_QUERY', /tokens/],
    ]
    for (const [query, variables, code, message] of cases) {
      const [error] = await refusal(client, query, variables)
      assert.equal(error.extensions?.code, code, query.slice(0, 80))
      assert.match(error.message, message)
    }
    assert.equal(sources.open, 0)
  }))

test('one socket may not open subscriptions without end', () =>
  withClient(async (client) => {
    const query = 'subscription { ticks(count: 0) { tick } }'
    for (let i = 0; i < limits.subscriptions; i++) client.subscribe({ query }, { next() {}, error() {}, complete() {} })
    await until(() => sources.open === limits.subscriptions)
    const [error] = await refusal(client, query)
    assert.equal(error.extensions.code, 'QUERY_TOO_COMPLEX')
    assert.equal(sources.open, limits.subscriptions)
  }))

test('messages that break the protocol close that socket and nothing else', async () => {
  const start = (id: string) => JSON.stringify({ type: 'subscribe', id, payload: { query: 'subscription { ticks(count: 1) { tick } }' } })
  const cases: [string, string[], number][] = [
    ['no JSON', ['{'], 4400],
    ['null', ['null'], 4400],
    ['an unknown type', [hello, '{"type":"nope"}'], 4400],
    ['a subscription before the greeting', [start('1')], 4401],
    ['two greetings', [hello, hello], 4429],
    ['one id twice', [hello, start('1'), start('1')], 4409],
    ['a message beyond the limit', [hello, JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(limits.messageBytes) } })], 1009],
  ]
  for (const [name, messages, code] of cases) {
    const socket = new WebSocket(url, 'graphql-transport-ws')
    socket.on('error', () => {})
    await once(socket, 'open')
    const closing = once(socket, 'close')
    for (const message of messages) {
      socket.send(message)
      // The greeting is answered before anything else may be said.
      if (message === hello && messages.length > 1) await Promise.race([once(socket, 'message'), closing])
    }
    const [closed] = await closing
    assert.equal(closed, code, name)
  }
  await until(() => sources.open === 0)
  assert.equal((await toy.post('{ a }')).data.a, 'A')
})

const hello = '{"type":"connection_init"}'

/** A frame as a client sends it, masked with zeros (RFC 6455, 5.2). */
function frame(opcode: number, payload: string): Buffer {
  const data = Buffer.from(payload)
  const head = data.length < 126 ? [0x80 | data.length] : [0x80 | 126, data.length >> 8, data.length & 255]
  return Buffer.concat([Buffer.from([0x80 | opcode, ...head, 0, 0, 0, 0]), data])
}

/** A client that has said hello and reads nothing from then on. */
async function deafClient(): Promise<Socket> {
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname).on('error', () => {})
  const key = randomBytes(16).toString('base64')
  socket.write(
    `GET /graphql HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n`,
  )
  await once(socket, 'data')
  socket.pause()
  socket.write(frame(1, hello))
  return socket
}
const serverSockets = () => [...toy.app.websocketServer.clients]

for (const [name, sent] of [
  ['pings of the websocket', frame(9, 'x'.repeat(125))],
  ['pings of the protocol', frame(1, JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(60_000) } }))],
  ['messages that are refused', frame(1, JSON.stringify({ type: 'subscribe', id: '1', payload: { query: '{ nope }' } }))],
] as const)
  test(`a client that sends ${name} and reads nothing is cut off, and little is kept for it`, { timeout: 20_000 }, async () => {
    const client = await deafClient()
    await until(() => serverSockets().length === 1)
    let most = 0
    const watch = setInterval(() => {
      for (const { bufferedAmount } of serverSockets()) most = Math.max(most, bufferedAmount)
    }, 1)
    while (serverSockets().length > 0) {
      if (!client.writableNeedDrain) client.write(sent)
      await sleep(0)
    }
    clearInterval(watch)
    client.destroy()
    assert.ok(most < limits.socketBufferBytes + 2 ** 20, `${most} bytes`)
  })

test('a client that does not read what it subscribed to is cut off, and its sources end', { timeout: 20_000 }, async () => {
  const client = await deafClient()
  await until(() => serverSockets().length === 1)
  for (let i = 0; i < 20; i++)
    client.write(frame(1, JSON.stringify({ type: 'subscribe', id: `${i}`, payload: { query: 'subscription { flood }' } })))
  await until(() => sources.open > 0)
  await until(() => sources.open === 0 && serverSockets().length === 0)
  client.destroy()
})

test('more messages than subscriptions need close the socket with the reason; as many as they need do not', async () => {
  const open = async () => {
    const socket = new WebSocket(url, 'graphql-transport-ws')
    await once(socket, 'open')
    socket.send(hello)
    await once(socket, 'message')
    return socket
  }
  const { burst, perSecond } = limits.socketMessages
  const calm = await open()
  for (let i = 0; i < burst - 10; i++) calm.send('{"type":"ping"}')
  let pongs = 0
  calm.on('message', () => (pongs += 1))
  await until(() => pongs === burst - 10)
  assert.equal(calm.readyState, WebSocket.OPEN)
  calm.close()
  const busy = await open()
  const closed = once(busy, 'close')
  for (let i = 0; i < 5 * burst; i++) busy.send('{"type":"ping"}')
  const [code, reason] = await closed
  assert.deepEqual([code, String(reason)], [1008, `more than ${perSecond} messages a second`])
})
