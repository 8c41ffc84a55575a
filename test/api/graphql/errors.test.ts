import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { batches, toyApp } from './toy.ts'

let toy: Awaited<ReturnType<typeof toyApp>>
before(async () => (toy = await toyApp()))
after(() => toy.app.close())

test('a coded error on a nullable field keeps its code, its problems and its place', async () => {
  // Thrice: from the second time on the document runs compiled, by another executor.
  for (let i = 0; i < 3; i++) {
    const { status, data, errors } = await toy.post('{ a missing { id } }')
    assert.equal(status, 200)
    assert.deepEqual(data, { a: 'A', missing: null })
    assert.equal(errors!.length, 1)
    assert.equal(errors![0].message, 'no run 7: the query runs lists them all')
    assert.deepEqual(errors![0].path, ['missing'])
    assert.deepEqual(errors![0].locations, [{ line: 1, column: 5 }])
    assert.equal(errors![0].extensions.code, 'RUN_NOT_FOUND')
    assert.deepEqual(errors![0].extensions.errors, [{ path: '/id', message: 'there are runs 1 to 6' }])
  }
})

test('an error that nobody foresaw is INTERNAL: told to the log under the request id, not to the client', async () => {
  for (let i = 0; i < 3; i++) {
    const { body, errors } = await toy.post('{ broken { id } }')
    assert.equal(errors![0].extensions.code, 'INTERNAL')
    assert.doesNotMatch(body, /hunter2|TypeError|\.ts/)
    const line = JSON.parse(toy.logged.at(-1)!)
    assert.equal(line.reqId, errors![0].extensions.requestId)
    assert.match(line.err.message, /hunter2/)
  }
})

test('documents and variables that are not valid', async () => {
  const cases: [string, object, RegExp][] = [
    ['{ nope }', {}, /Cannot query field "nope"/],
    ['{ a ', {}, /Syntax Error/],
    ['', {}, /Syntax Error/],
    ['query ($n: Int) { items(n: $n) { id } }', { variables: { n: 'x' } }, /Int cannot represent non-integer value/],
    ['query ($n: Int!) { items(n: $n) { id } }', {}, /\$n.* of required type "Int!" was not provided/],
    ['query A { a } query B { b }', {}, /Must provide operation name/],
    ['query A { a }', { operationName: 'C' }, /Unknown operation named "C"/],
    ['subscription { ticks(count: 1) { tick } }', {}, /websocket/],
  ]
  for (const [query, rest, message] of cases)
    for (let i = 0; i < 3; i++) {
      const { status, errors } = await toy.post(query, rest)
      assert.deepEqual([status, errors![0].extensions.code], [400, 'INVALID_QUERY'], query)
      assert.match(errors![0].message, message)
    }
})

test('arguments are held to the same schema as REST, with every problem', async () => {
  const { status, errors } = await toy.post('{ items(n: 0) { id } }')
  assert.equal(status, 200)
  assert.equal(errors![0].extensions.code, 'INVALID_REQUEST')
  assert.deepEqual(errors![0].extensions.errors, [{ path: '/n', message: 'n is 0, but must be an integer from 1 to 1000000' }])
})

test('null means not given in typed inputs, and stays in free-form ones', async () => {
  const { data } = await toy.post('mutation ($free: JSON) { set(input: { name: "n", tag: null, free: $free }) }', {
    variables: { free: { a: null, b: [null] } },
  })
  assert.deepEqual(data.set, { input: { name: 'n', free: { a: null, b: [null] } } })
})

test('the operation asked for runs, not the one that was compiled first', async () => {
  const query = 'query A { a } query B { b }'
  const answers = []
  for (const operationName of ['A', 'B', 'A', 'B', 'A', 'B']) answers.push((await toy.post(query, { operationName })).data)
  assert.deepEqual(answers, [{ a: 'A' }, { b: 'B' }, { a: 'A' }, { b: 'B' }, { a: 'A' }, { b: 'B' }])
  const { errors } = await toy.post(query, { operationName: 'A" } mutation M { set' })
  assert.equal(errors![0].extensions.code, 'INVALID_QUERY')
})

test('a loader collects the keys of one step into one batch; an error of one key is its own', async () => {
  batches.length = 0
  const { data, errors } = await toy.post('{ items(n: 5) { double } again: items(n: 2) { double } }')
  assert.deepEqual(
    data.items.map((item: any) => item.double),
    [0, 2, 4, null, 8],
  )
  assert.deepEqual(
    errors!.map(({ path, extensions }) => [path, extensions.code]),
    [[['items', 3, 'double'], 'RUN_NOT_FOUND']],
  )
  assert.deepEqual(batches, [[0, 1, 2, 3, 4]])
})

test('what is no GraphQL request is answered in GraphQL’s form too', async () => {
  const cases: [object, number, string][] = [
    [{ method: 'GET', url: '/graphql?query={a}' }, 405, 'METHOD_NOT_ALLOWED'],
    [{ method: 'POST', url: '/graphql', headers: { 'content-type': 'application/json' }, payload: '{"query":' }, 400, 'MALFORMED_JSON'],
    [{ method: 'POST', url: '/graphql', headers: { 'content-type': 'application/xml' }, payload: '<a/>' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [{ method: 'POST', url: '/graphql', payload: { query: 'x'.repeat(2 ** 20) } }, 413, 'BODY_TOO_LARGE'],
  ]
  for (const [request, status, code] of cases) {
    const { statusCode, body } = await toy.app.inject(request)
    assert.deepEqual([statusCode, JSON.parse(body).errors[0].extensions.code], [status, code])
  }
})
