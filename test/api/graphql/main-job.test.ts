/** The main job over GraphQL, on the whole service: register, cost, page, with the codes of REST. */
import assert from 'node:assert/strict'
import { after, before, mock, test } from 'node:test'
import { lectureAlexNet, openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
before(async () => (api = await openTestApi()))
after(() => api.close())

async function post(query: string, variables: object = {}) {
  const { body } = await api.request.post('/graphql').send({ query, variables })
  return body as { data: any; errors?: any[] }
}

const register = async (input: object) => {
  const { data, errors } = await post(
    'mutation ($input: NewArchitectureInput!) { registerArchitecture(input: $input) { created architecture { id name digest source counts { layers params macs } } } }',
    { input },
  )
  assert.equal(errors, undefined)
  return data.registerArchitecture
}

test('the lecture’s AlexNet, registered and costed layer by layer', async () => {
  const { created, architecture } = await register(lectureAlexNet)
  assert.equal(created, true)
  const { data } = await post(
    `query ($id: ID!) {
      costs(architectureId: $id) {
        convention
        totals { flops params }
        layers { id type outputShape outputElements memoryKiB params macs flops receptiveField effectiveStride }
      }
    }`,
    { id: architecture.id },
  )
  const { convention, totals, layers } = data.costs
  assert.equal(convention, 'lecture')
  // The lecture's table (EECS 498-007, lecture 8).
  const [conv1, pool1] = layers
  assert.deepEqual([conv1.outputElements, conv1.memoryKiB, conv1.params, conv1.flops], [200_704, 784, 23_296, 72_855_552])
  assert.deepEqual([pool1.memoryKiB, pool1.params, pool1.flops], [182.25, 0, 419_904])
  const fc6 = layers.find((layer: any) => layer.id === 'fc6')
  assert.deepEqual([fc6.params, fc6.flops], [37_752_832, 37_748_736])
  for (const column of ['flops', 'params'] as const)
    assert.equal(
      layers.reduce((sum: number, layer: any) => sum + layer[column], 0),
      totals[column],
    )
  const again = await register(lectureAlexNet)
  assert.deepEqual([again.created, again.architecture.id], [false, architecture.id])
})

test('ResNet-50 of the zoo: 4,089,184,256 multiply-accumulates, and the same answer as REST', async () => {
  const { architecture } = await register({ name: 'r50', zoo: { preset: 'resnet50' } })
  assert.equal(architecture.counts.macs, 4_089_184_256)
  assert.equal(architecture.source.family, 'resnet')
  const query = `query ($id: ID!) {
      architecture(id: $id) {
        costs(convention: full, batch: 2, resolution: "160x192", dtype: float16) {
          convention batch dtype inputs { id shape }
          totals { layers partial params buffers macs flops outputElements memoryKiB bytesRead bytesWritten macsByPrecision { float32 } arithmeticIntensity weightBytes peakActivationBytes peakActivationLayer }
          training { weightBytes gradientBytes optimizerBytes activationBytes totalBytes }
          layers { id type inputs outputShape outputElements memoryKiB params macs macsPrecision flops bytesRead bytesWritten arithmeticIntensity receptiveField effectiveStride }
          uncounted { id type reason }
        }
      }
    }`
  const rest = await api.request.get(`/v1/architectures/${architecture.id}/costs?convention=full&batch=2&resolution=160x192&dtype=float16`)
  assert.equal(rest.status, 200)
  // GraphQL answers null for what REST leaves out.
  const given = (value: unknown) => JSON.parse(JSON.stringify(value, (_, each) => each ?? undefined))
  // Thrice: the third answer comes from the compiled document.
  for (let i = 0; i < 3; i++)
    assert.deepEqual(given((await post(query, { id: architecture.id })).data.architecture.costs), given(rest.body))
})

test('why thop and the lecture differ over MobileNet v2: the same answer as REST, from the architecture and from the root', async () => {
  const { architecture } = await register({ name: 'v2', zoo: { preset: 'mobilenet_v2' } })
  const fields = `from to batch inputs { id shape } totals { from to difference }
    items { type layers from to difference why } uncounted { id type reason }`
  const args = 'from: thop, to: lecture, batch: 2, resolution: "192"'
  const rest = await api.request.get(`/v1/architectures/${architecture.id}/costs/explain?from=thop&to=lecture&batch=2&resolution=192`)
  assert.equal(rest.status, 200)
  assert.ok(rest.body.totals.difference < 0)
  const nested = await post(`query ($id: ID!) { architecture(id: $id) { costsExplanation(${args}) { ${fields} } } }`, {
    id: architecture.id,
  })
  assert.deepEqual(nested.data.architecture.costsExplanation, rest.body)
  const root = await post(`query ($id: ID!) { costsExplanation(architectureId: $id, ${args}) { ${fields} } }`, { id: architecture.id })
  assert.deepEqual(root.data.costsExplanation, rest.body)
  const { errors } = await post(`query ($id: ID!) { costsExplanation(architectureId: $id, from: thop, to: lectur) { from } }`, {
    id: architecture.id,
  })
  assert.equal(errors![0].extensions.code, 'INVALID_QUERY')
  assert.match(errors![0].message, /did you mean the enum value "lecture"/i)
})

test('a graph comes back as it can be registered again', async () => {
  const { architecture } = await register(smallNetwork(7))
  const { data } = await post('query ($id: ID!) { architecture(id: $id) { graph { inputs { id shape } layers outputs } } }', {
    id: architecture.id,
  })
  const again = await register({ name: 'again', ...data.architecture.graph })
  assert.equal(again.architecture.digest, architecture.digest)
})

test('paging meets every architecture once, in order, from any cursor', async () => {
  for (let channels = 20; channels < 27; channels++) await register(smallNetwork(channels))
  const page = async (first: number, after: string | null) =>
    (
      await post(
        'query ($first: Int, $after: String) { architectures(first: $first, after: $after, search: "small 2") { edges { cursor node { name } } pageInfo { hasNextPage endCursor } } }',
        { first, after },
      )
    ).data.architectures
  const all = await page(50, null)
  const names = all.edges.map(({ node }: any) => node.name)
  assert.deepEqual(
    names,
    [26, 25, 24, 23, 22, 21, 20].map((n) => `small ${n}`),
  )
  assert.deepEqual(all.pageInfo, { hasNextPage: false, endCursor: all.edges.at(-1).cursor })
  const met: string[] = []
  for (let after: string | null = null, more = true; more; ) {
    const { edges, pageInfo } = await page(3, after)
    met.push(...edges.map(({ node }: any) => node.name))
    after = pageInfo.endCursor
    more = pageInfo.hasNextPage
  }
  assert.deepEqual(met, names)
  const { edges } = await page(2, all.edges[3].cursor)
  assert.deepEqual(
    edges.map(({ node }: any) => node.name),
    names.slice(4, 6),
  )
  const empty = await post('{ architectures(search: "no such name") { edges { cursor } pageInfo { hasNextPage endCursor } } }')
  assert.deepEqual(empty.data.architectures, { edges: [], pageInfo: { hasNextPage: false, endCursor: null } })
})

test('errors carry the codes and the problems of REST', async () => {
  const none = '01890a5d-ac96-774b-bcce-b302099a8057'
  const [architecture] = (await post('{ architectures(first: 1) { edges { node { id } } } }')).data.architectures.edges.map(
    ({ node }: any) => node,
  )
  const cases: [string, object, string][] = [
    [`{ architecture(id: "${none}") { id } }`, {}, 'ARCHITECTURE_NOT_FOUND'],
    ['{ architecture(id: "nope") { id } }', {}, 'INVALID_REQUEST'],
    [`{ costs(architectureId: "${none}") { convention } }`, {}, 'ARCHITECTURE_NOT_FOUND'],
    [`mutation { deleteArchitecture(id: "${none}") }`, {}, 'ARCHITECTURE_NOT_FOUND'],
    [`{ costs(architectureId: "${architecture.id}", convention: lectur) { convention } }`, {}, 'INVALID_QUERY'],
    [`{ costs(architectureId: "${architecture.id}", batch: 0) { convention } }`, {}, 'INVALID_REQUEST'],
    [`{ costs(architectureId: "${architecture.id}", resolution: "1") { convention } }`, {}, 'INVALID_RESOLUTION'],
    ['{ zooFamily(name: "resnett") { name } }', {}, 'ZOO_FAMILY_NOT_FOUND'],
    ['{ architectures(after: "x") { edges { cursor } } }', {}, 'INVALID_CURSOR'],
    ['{ architectures(first: 201) { edges { cursor } } }', {}, 'INVALID_REQUEST'],
    ['mutation { registerArchitecture(input: { name: "x" }) { created } }', {}, 'INVALID_REQUEST'],
    ['mutation { registerArchitecture(input: { name: "x", zoo: { preset: "resnet51" } }) { created } }', {}, 'UNKNOWN_ZOO_PRESET'],
  ]
  for (const [query, variables, code] of cases) {
    const { errors } = await post(query, variables)
    assert.equal(errors?.[0].extensions.code, code, query)
  }
})

test('every problem of a bad graph at once, each with path, layer and what would be right', async () => {
  const input = {
    name: 'bad',
    input: { shape: [3, 8, 8] },
    layers: [
      { id: 'a', type: 'Conv2d', outChannel: 4, kernelSize: 3 },
      { id: 'b', type: 'Linea', outFeatures: 2 },
    ],
  }
  const { errors } = await post('mutation ($input: NewArchitectureInput!) { registerArchitecture(input: $input) { created } }', { input })
  const rest = await api.request.post('/v1/architectures').send(input)
  assert.equal(rest.body.code, 'INVALID_GRAPH')
  assert.equal(errors![0].extensions.code, rest.body.code)
  const inArgument = rest.body.errors.map((each: { path: string }) => ({ ...each, path: `/input${each.path}` }))
  assert.deepEqual(errors![0].extensions.errors, inArgument)
  assert.ok(rest.body.errors.length >= 2)
})

test('costs of many architectures read their rows in one query', async () => {
  const selects = mock.method(api.store.db, 'select')
  try {
    const { data, errors } = await post(
      '{ architectures(first: 8) { edges { node { name graph { outputs } costs { totals { macs } } } } } }',
    )
    assert.equal(errors, undefined)
    assert.equal(data.architectures.edges.length, 8)
    assert.equal(selects.mock.callCount(), 2, 'one for the page, one for the graphs of all eight')
    selects.mock.resetCalls()
    const [id] = (await post('{ architectures(first: 1) { edges { node { id } } } }')).data.architectures.edges.map(
      ({ node }: any) => node.id,
    )
    selects.mock.resetCalls()
    const aliases = Array.from({ length: 20 }, (_, i) => `x${i}: architecture(id: "${id}") { name }`).join(' ')
    assert.equal(Object.keys((await post(`{ ${aliases} }`)).data).length, 20)
    assert.equal(selects.mock.callCount(), 1, 'one architecture asked for twenty times is read once')
  } finally {
    selects.mock.restore()
  }
})

test('the layers of a network are brought where they are asked for, in a fragment or not, and nowhere else', async (t) => {
  const layers = Array.from({ length: 2000 }, (_, i) => ({ id: `a${i}`, type: 'ReLU' }))
  const { architecture } = await register({ name: 'long', input: { shape: [3, 8, 8] }, layers })
  const costs = t.mock.method(api.pool, 'costs')
  const sizes: number[] = []
  const bytes = async () => (await costs.mock.calls.at(-1)!.result!).byteLength
  const fragments = 'fragment Of on Costs { ...Its } fragment Its on Costs { layers { id } }'
  for (const [batch, asked] of [
    [2, '{ totals { macs layers } }'],
    [3, '{ totals { macs } rows: layers { id } }'],
    [4, '{ ...Of }'],
    [5, '{ ... on Costs { layers { id } } }'],
  ] as const) {
    // Twice, since the second time it runs compiled.
    for (let i = 0; i < 2; i++) {
      const query = `query ($id: ID!, $batch: Int) { costs(architectureId: $id, batch: $batch) ${asked} } ${asked.includes('Of') ? fragments : ''}`
      const answer = (await post(query, { id: architecture.id, batch: batch + 10 * i })).data
      const rows = answer.costs.layers ?? answer.costs.rows
      assert.equal(rows?.length ?? 0, batch === 2 ? 0 : 2000)
      if (batch === 2) assert.equal(answer.costs.totals.layers, 2000)
      sizes.push(await bytes())
    }
  }
  assert.ok(sizes[0]! < 4000 && sizes[1]! < 4000, `${sizes[0]} bytes for one number`)
  for (const size of sizes.slice(2)) assert.ok(size > 200_000)
})

test('costs with layers, asked for a hundred times by alias, are cut off', async (t) => {
  const { architecture } = await register({ name: 'd201', zoo: { preset: 'densenet201' } })
  const aliases = Array.from(
    { length: 100 },
    (_, i) => `x${i}: costs(architectureId: "${architecture.id}", batch: ${i + 1}) { layers { id flops } }`,
  )
  const began = performance.now()
  let slowest = 0
  let last = performance.now()
  const watch = setInterval(() => {
    slowest = Math.max(slowest, performance.now() - last)
    last = performance.now()
  }, 2)
  const { data, errors } = await post(`{ ${aliases.join(' ')} }`)
  clearInterval(watch)
  t.diagnostic(`answered in ${Math.round(performance.now() - began)} ms; the event loop stood still for at most ${Math.round(slowest)} ms`)
  const answered = Object.values(data).filter((costs) => costs !== null).length
  assert.equal(answered, Math.floor(20_000 / architecture.counts.layers))
  assert.equal(errors!.length, 100 - answered)
  for (const { extensions } of errors!) assert.equal(extensions.code, 'QUERY_TOO_COMPLEX')
})

test('the zoo and the conventions, as over HTTP', async () => {
  const { data } = await post(
    '{ zoo { name summary source options presets { name summary options published { quantity value rounding source testSet note } } } conventions { name summary definition source } }',
  )
  for (const family of data.zoo) {
    const { body } = await api.request.get(`/v1/zoo/${family.name}`)
    const { links: _, ...rest } = body
    assert.deepEqual(JSON.parse(JSON.stringify(family, (_key, value) => value ?? undefined)), rest)
  }
  assert.deepEqual(data.conventions, (await api.request.get('/v1/conventions')).body.items)
})

test('a deleted architecture is gone from every field', async () => {
  const { architecture } = await register(smallNetwork(31))
  const { data } = await post('mutation ($id: ID!) { deleteArchitecture(id: $id) }', { id: architecture.id })
  assert.equal(data.deleteArchitecture, architecture.id)
  const { errors } = await post('query ($id: ID!) { architecture(id: $id) { id } costs(architectureId: $id) { convention } }', {
    id: architecture.id,
  })
  assert.deepEqual(
    errors!.map(({ extensions }) => extensions.code),
    ['ARCHITECTURE_NOT_FOUND', 'ARCHITECTURE_NOT_FOUND'],
  )
})

test('the request id comes back in the header and with each error', async () => {
  const { headers, body } = await api.request
    .post('/graphql')
    .set('x-request-id', 'mine-7')
    .send({ query: '{ zooFamily(name: "x") { name } }' })
  assert.equal(headers['x-request-id'], 'mine-7')
  assert.equal(body.errors[0].extensions.requestId, 'mine-7')
})
