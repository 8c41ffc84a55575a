import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { getIntrospectionQuery } from 'graphql'
import { limits } from '../../../src/api/graphql/limits.ts'
import { toyApp } from './toy.ts'

let toy: Awaited<ReturnType<typeof toyApp>>
before(async () => (toy = await toyApp()))
after(() => toy.app.close())

/** Nests `self` so that the innermost field is `depth` fields deep. */
const nested = (depth: number) => `{ items { ${'self { '.repeat(depth - 2)} id ${'} '.repeat(depth - 2)} } }`

test('depth: the limit itself is answered, one more is refused', async () => {
  assert.equal((await toy.post(nested(limits.depth))).errors, undefined)
  const { status, errors } = await toy.post(nested(limits.depth + 1))
  assert.equal(status, 400)
  assert.equal(errors![0].extensions.code, 'QUERY_TOO_COMPLEX')
  assert.match(errors![0].message, /nests 11 fields deep, the limit is 10/)
})

test('depth is counted through fragments, named and inline', async () => {
  const half = 'self { '.repeat(5)
  const close = '} '.repeat(5)
  const named = `{ items { ${half} ...F ${close} } } fragment F on Item { ${half} id ${close} }`
  const inline = `{ items { ${half} ... on Item { ${half} id ${close} } ${close} } }`
  for (const query of [named, inline]) assert.match((await toy.post(query)).errors![0].message, /nests 12 fields deep/)
})

test('introspection as tools send it is answered', async () => {
  for (const options of [{}, { inputValueDeprecation: true, specifiedByUrl: true, schemaDescription: true, directiveIsRepeatable: true }]) {
    const { data, errors } = await toy.post(getIntrospectionQuery(options))
    assert.equal(errors, undefined)
    assert.ok(data.__schema.types.some(({ name }: { name: string }) => name === 'Item'))
  }
})

test('aliases and repeated fields count like fields', async () => {
  const aliases = (n: number) => `{ ${Array.from({ length: n }, (_, i) => `x${i}: a`).join(' ')} }`
  assert.equal(Object.keys((await toy.post(aliases(limits.fields))).data).length, limits.fields)
  for (const query of [aliases(limits.fields + 1), `{ ${'a '.repeat(limits.fields + 1)} }`]) {
    const { errors } = await toy.post(query)
    assert.equal(errors![0].extensions.code, 'QUERY_TOO_COMPLEX')
    assert.match(errors![0].message, /501 fields .* the limit is 500/)
  }
})

/** Documents that stall a server without limits. */
const stalls: [string, string][] = [
  [
    'fragments that double: 2^40 fields',
    `{ items { ...F0 } } ${Array.from({ length: 40 }, (_, i) => `fragment F${i} on Item { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F40 on Item { id }`,
  ],
  ['fragments in a circle', '{ items { ...F } } fragment F on Item { self { ...G } } fragment G on Item { self { ...F } }'],
  ['fragments nobody uses, with fields that overlap', `{ a } fragment F on Item { ${'id '.repeat(1900)} }`],
  ['more tokens than are read', '{ a '.repeat(4000)],
  ['a deep list of a variable', `query ($v: ${'['.repeat(900)}Int${']'.repeat(900)}) { a }`],
  ['a deep literal', `mutation { set(input: { name: "n", free: ${'['.repeat(900)}${']'.repeat(900)} }) }`],
  ['many directives', `{ a ${'@skip(if: false) '.repeat(250)} }`],
  ['many operations', Array.from({ length: 300 }, (_, i) => `query Q${i} { a }`).join(' ')],
  ['a long comment', `{ a } #${'x'.repeat(limits.queryLength - 10)}`],
  ['types inside types by introspection', `{ __schema { types { ${'fields { type { '.repeat(8)} name ${'} } '.repeat(8)} } } }`],
  ['a parsed document instead of text', JSON.stringify({ kind: 'Document', definitions: [{ kind: 'OperationDefinition' }] })],
  ['text that is JSON', '123'],
]
test('no document, however hostile, holds up the service', async (t) => {
  await toy.post('{ a }')
  for (const [name, query] of stalls) {
    // Processor time, so that other work of the machine does not count.
    const began = process.cpuUsage()
    const { status, errors } = await toy.post(query)
    const ms = process.cpuUsage(began).user / 1000
    t.diagnostic(`${name}: ${status} in ${ms.toFixed(1)} ms`)
    assert.ok(ms < 300, `${name} took ${ms} ms`)
    assert.ok(status === 200 || status === 400, name)
    for (const error of errors ?? []) assert.notEqual(error.extensions.code, 'INTERNAL', name)
  }
})

test('a query longer than the limit, or none, is refused as the schema of the request says', async () => {
  const long = await toy.post(`{ a } #${'x'.repeat(limits.queryLength)}`)
  assert.deepEqual([long.status, long.errors![0].extensions.code], [400, 'INVALID_REQUEST'])
  for (const query of [undefined, null, 7, ['{ a }']]) {
    const { status, errors } = await toy.post(query)
    assert.deepEqual([status, errors![0].extensions.errors[0].path], [400, '/query'])
  }
  const { statusCode, body } = await toy.app.inject({ method: 'POST', url: '/graphql', payload: [{ query: '{ a }' }] })
  assert.deepEqual([statusCode, JSON.parse(body).errors[0].extensions.code], [400, 'INVALID_REQUEST'], 'a batch of requests is none')
})

test('rows are counted over the whole request, aliases included', async () => {
  const half = limits.rows / 2
  assert.equal((await toy.post(`{ x: items(n: ${half}) { id } y: items(n: ${half}) { id } }`)).errors, undefined)
  const { data, errors } = await toy.post(`{ x: items(n: ${half}) { id } y: items(n: ${half}) { id } z: items(n: 1) { id } }`)
  assert.equal(data, null)
  assert.deepEqual([errors![0].extensions.code, errors![0].path], ['QUERY_TOO_COMPLEX', ['z']])
  assert.equal((await toy.post(`{ items(n: ${half}) { id } }`)).errors, undefined, 'the next request starts anew')
})

test('the same document again, compiled by then, is bounded the same', async () => {
  const query = 'query ($n: Int) { items(n: $n) { id } }'
  for (let i = 0; i < 4; i++) assert.equal((await toy.post(query, { variables: { n: 2 } })).data.items.length, 2)
  assert.equal((await toy.post(query, { variables: { n: limits.rows + 1 } })).errors![0].extensions.code, 'QUERY_TOO_COMPLEX')
})

test('documents asked for again run compiled, large ones do not: compiling those holds up the service', async () => {
  const compiled = async (fields: number): Promise<boolean> => {
    const query = `{ broken { id } ${Array.from({ length: fields }, (_, i) => `x${i}: a`).join(' ')} }`
    for (let i = 0; i < 3; i++) await toy.post(query)
    // Where the resolver was called from stands in the log of its error.
    return /compileQuery/.test(JSON.parse(toy.logged.at(-1)!).err.stack)
  }
  assert.equal(await compiled(5), true)
  assert.equal(await compiled(limits.compiledFields), false)
})
