import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { EnginePool } from '../../src/api/pool/pool.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { defaultLimits } from '../../src/engine/limits.ts'
import { openTestApi, smallNetwork, type TestApi } from './helper.ts'

/** The longest that one turn of the event loop may keep the processor. */
const mostMs = 100

let api: TestApi
before(async () => {
  api = await openTestApi()
  // What is compiled on first use is not what is measured.
  await api.request.post('/v1/architectures').send(smallNetwork(2)).expect(201)
})
after(() => api.close())

/**
 * Processor time of this thread between turns of the event loop, ms, the longest while `work` was done. Processor time
 * and not the clock: other processes of the machine are not what is judged here.
 */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  const used = () => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  }
  let longest = 0
  let last = used()
  const timer = setInterval(() => {
    const now = used()
    longest = Math.max(longest, now - last)
    last = now
  }, 1)
  await work()
  await new Promise((resolve) => setTimeout(resolve, 5))
  clearInterval(timer)
  return longest
}

const text = (layers: unknown, input: unknown = { shape: [3, 8, 8] }) => JSON.stringify({ name: 'hostile', input, layers })
const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

const bodies: [string, string, number, string][] = [
  [
    'ten thousand layers, the most that are allowed',
    text(many(10_000, (i) => ({ id: `layer_with_a_name_${i}`, type: 'Conv2d', outChannels: 64, kernelSize: 3, padding: 1 }))),
    201,
    '',
  ],
  ['one more', text(many(10_001, () => ({ type: 'ReLU' }))), 422, 'LIMIT_EXCEEDED'],
  ['lists in lists for layers', `{"name":"x","layers":${deep(1_000_000)}}`, 422, 'INVALID_GRAPH'],
  [
    'lists in lists for an attribute',
    `{"name":"x","input":{"shape":[3,8,8]},"layers":[{"type":"Conv2d","outChannels":1,"kernelSize":${deep(900_000)}}]}`,
    422,
    'INVALID_GRAPH',
  ],
  ['a hundred thousand unknown keys', `{"name":"x",${many(100_000, (i) => `"key${i}":1`).join(',')}}`, 400, 'INVALID_REQUEST'],
  [
    'a hundred thousand unknown attributes',
    `{"name":"x","input":{"shape":[3,8,8]},"layers":[{"type":"Conv2d",${many(100_000, (i) => `"key${i}":1`).join(',')}}]}`,
    422,
    'INVALID_GRAPH',
  ],
  [
    'a cycle through every layer',
    text(many(10_000, (i) => ({ id: `a${i}`, type: 'ReLU', inputs: [`a${(i + 1) % 10_000}`] }))),
    422,
    'INVALID_GRAPH',
  ],
  ['references to nothing', text(many(10_000, (i) => ({ type: 'ReLU', inputs: [`nothing${i}${'x'.repeat(60)}`] }))), 422, 'INVALID_GRAPH'],
  [
    'every layer reads sixty-four',
    text(many(3000, (i) => ({ id: `a${i}`, type: 'Add', inputs: many(64, () => (i === 0 ? 'input' : `a${i - 1}`)) }))),
    201,
    '',
  ],
  [
    'one layer that reads all',
    text([
      ...many(9000, (i) => ({ id: `a${i}`, type: 'ReLU', inputs: ['input'] })),
      { type: 'Concat', inputs: many(9000, (i) => `a${i}`) },
    ]),
    0,
    '',
  ],
  [
    'two thousand million outputs',
    text([{ type: 'Split', chunks: 2_000_000_000 }], { shape: [2_000_000_000, 1, 1] }),
    422,
    'INVALID_GRAPH',
  ],
  ['a name of a megabyte', text([{ id: 'x'.repeat(1_000_000), type: 'ReLU' }]), 422, 'INVALID_GRAPH'],
  [
    'names of the language itself',
    '{"name":"x","__proto__":{"a":1},"constructor":1,"input":{"shape":[3,8,8]},"layers":[{"type":"__proto__"},{"type":"constructor","id":"__proto__"}]}',
    400,
    'INVALID_REQUEST',
  ],
  [
    'the widest network of the zoo',
    JSON.stringify({ name: 'x', zoo: { family: 'densenet', options: { blocks: [1e9, 1e9] } } }),
    422,
    'INVALID_ZOO_OPTIONS',
  ],
  ['bytes that are no text', Buffer.from([0x22, 0xff, 0xfe, 0x22]).toString('latin1'), 400, 'INVALID_REQUEST'],
]

describe('no specification stalls the event loop', () => {
  for (const [name, body, status, code] of bodies)
    it(name, async () => {
      let answer: Response | undefined
      const turn = await longestTurn(async () => {
        answer = await fetch(`${api.url}/v1/architectures`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      })
      const said = (await answer!.json()) as { code?: string; errors?: unknown[] }
      assert.ok(turn < mostMs, `a turn of the event loop took ${turn.toFixed(0)} ms`)
      if (status > 0) assert.deepEqual([answer!.status, said.code ?? ''], [status, code])
      assert.ok(answer!.status < 500)
      assert.ok((said.errors?.length ?? 0) <= 1000)
    })

  it('nor do the costs and the graph of the largest', async () => {
    const { body } = await api.request.get('/v1/architectures?search=hostile&limit=200')
    const largest = body.items.find((item: any) => item.counts.layers === 10_000)
    for (const path of [largest.links.costs, `${largest.links.costs}?convention=full&batch=3`, largest.links.costs, largest.links.graph]) {
      let answer: Response | undefined
      const turn = await longestTurn(async () => {
        answer = await fetch(api.url + path)
        await answer.arrayBuffer()
      })
      assert.equal(answer!.status, 200)
      assert.ok(turn < mostMs, `${path}: a turn of the event loop took ${turn.toFixed(0)} ms`)
    }
  })
})

/** A GraphQL request that registers what `variables` holds as `i`, given as text. */
const registering = (variables: string) =>
  `{"query":"mutation ($i: NewArchitectureInput!) { registerArchitecture(input: $i) { created } }","variables":{"i":${variables}}}`
const sweeping = (batches: string) =>
  `{"query":"mutation ($i: [Int!]!) { createSweep(input: {architectureId: \\"x\\", device: \\"cpu:0\\", runtime: onnxruntime, batches: $i}) { __typename } }","variables":{"i":${batches}}}`
/** So often that a body of this part has the two megabytes that are allowed. */
const filling = (part: string) => part.repeat(Math.floor((2 ** 21 - 400) / part.length))
const layersOf = (count: number) => text(many(count, (i) => ({ id: `a${i}`, type: 'Conv2d', outChannels: 8, kernelSize: 3, padding: 1 })))

const graphqlBodies: [string, string, string | null][] = [
  ['ten thousand layers', registering(layersOf(10_000)), null],
  ['lists 5,000 deep for layers', registering(`{"name":"x","layers":${deep(5000)}}`), 'QUERY_TOO_COMPLEX'],
  ['lists 5,000 deep for a model', registering(`{"name":"x","keras":${deep(5000)}}`), 'QUERY_TOO_COMPLEX'],
  ['objects 5,000 deep', registering(`{"name":"x","tfjs":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`), 'QUERY_TOO_COMPLEX'],
  ['lists a million deep', registering(`{"name":"x","layers":${deep(1_000_000)}}`), 'QUERY_TOO_COMPLEX'],
  ['lists a million deep that nobody reads', `{"query":"{ zoo { name } }","variables":{"x":${deep(1_000_000)}}}`, 'QUERY_TOO_COMPLEX'],
  ['as many layers as fit', registering(`{"name":"x","layers":[${filling('{},')}{}]}`), 'QUERY_TOO_COMPLEX'],
  ['as many numbers as fit', sweeping(`[${filling('1,')}1]`), 'QUERY_TOO_COMPLEX'],
  ['as many numbers as may be', sweeping(`[${'1,'.repeat(70_000)}1]`), 'INVALID_REQUEST'],
  ['as many layers as may be', registering(`{"name":"x","layers":[${'{},'.repeat(35_000)}{}]}`), 'LIMIT_EXCEEDED'],
  ['as many keys as fit', registering(`{"name":"x","keras":{${many(100_000, (i) => `"key${i}":1`).join()}}}`), 'QUERY_TOO_COMPLEX'],
  [
    'as many keys as may be',
    registering(`{"name":"x","layers":[${many(35, (i) => `{${many(2000, (n) => `"k${i}n${n}":1`)}}`)}]}`),
    'INVALID_GRAPH',
  ],
  ['as many variables as may be', `{"query":"{ __typename }","variables":{${many(2000, (i) => `"v${i}":1`).join()}}}`, null],
  ['one long text', registering(`{"name":"${'x'.repeat(2_000_000)}"}`), 'INVALID_REQUEST'],
  ['brackets in a text', registering(`{"name":"${'[{,\\"'.repeat(20)}","zoo":{"preset":"alexnet"}}`), null],
]

describe('no body of GraphQL stalls the event loop', () => {
  for (const [name, body, code] of graphqlBodies)
    it(name, async () => {
      let answer: Response | undefined
      const turn = await longestTurn(async () => {
        answer = await fetch(`${api.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      })
      const { errors } = (await answer!.json()) as { errors?: { message: string; extensions: { code: string } }[] }
      assert.equal(errors?.[0]?.extensions.code ?? null, code, errors?.[0]?.message)
      assert.ok(turn < mostMs, `a turn of the event loop took ${turn.toFixed(0)} ms`)
    })
})

describe('the pool', () => {
  const limits = defaultLimits
  const maxBodyBytes = 2 ** 21
  const slow = Buffer.from(text(many(10_000, (i) => ({ id: `a${i}`, type: 'Conv2d', outChannels: 8, kernelSize: 1 }))))
  it('ends a task that takes too long, and goes on', async () => {
    const pool = new EnginePool({ processes: 1, limits, timeoutMs: 10, maxBodyBytes })
    try {
      await pool.ready()
      await assert.rejects(pool.read(slow), (error: EngineError) => error.code === 'LIMIT_EXCEEDED' && /10 ms/.test(error.message))
      await assert.rejects(pool.read(slow), EngineError)
    } finally {
      await pool.close()
    }
  })
  it('has the memory for the densest text of the size allowed', async () => {
    const pool = new EnginePool({ processes: 1, limits, timeoutMs: 60_000, maxBodyBytes })
    const room = maxBodyBytes - 40
    try {
      await pool.ready()
      for (const layers of [`[${'{},'.repeat(room / 3)}{}]`, `[${'[],'.repeat(room / 3)}[]]`, deep(Math.floor(room / 2))])
        await assert.rejects(pool.read(Buffer.from(`{"name":"x","layers":${layers}}`)), EngineError)
      assert.equal((await pool.read(Buffer.from(JSON.stringify(smallNetwork(3))))).name, 'small 3')
    } finally {
      await pool.close()
    }
  })
  it('refuses what would wait behind too many', async () => {
    const pool = new EnginePool({ processes: 1, limits, timeoutMs: 60_000, maxBodyBytes, maxQueue: 2 })
    try {
      await pool.ready()
      const ends = await Promise.allSettled(many(5, (i) => pool.read(Buffer.from(JSON.stringify(smallNetwork(i + 1))))))
      assert.deepEqual(
        ends.map((end) => (end.status === 'fulfilled' ? 'read' : end.reason.code)),
        ['read', 'read', 'read', 'OVERLOADED', 'OVERLOADED'],
      )
    } finally {
      await pool.close()
    }
  })
})
