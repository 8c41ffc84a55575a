/** GET /v1/runs as a dashboard asks it: filters, order, total, names; and the zoo with its figures in one call. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { sql } from '../../../src/store/drizzle.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

/** What each run of the test is made to be. Latencies in ms. */
const made = [
  { n: 'a', net: 0, status: 'succeeded', p50: 5, verdict: 'valid', queued: '2026-01-01T00:00:00.000Z', seconds: 9 },
  { n: 'b', net: 0, status: 'succeeded', p50: 1.5, verdict: 'suspect', queued: '2026-01-02T00:00:00.123Z', seconds: 3 },
  { n: 'c', net: 1, status: 'failed', p50: null, verdict: null, queued: '2026-01-03T00:00:00.000Z', seconds: 1 },
  { n: 'd', net: 1, status: 'succeeded', p50: 3, verdict: 'invalid', queued: '2026-01-04T00:00:00.000Z', seconds: 2 },
  { n: 'e', net: 1, status: 'cancelled', p50: null, verdict: null, queued: '2026-01-05T00:00:00.000Z', seconds: null },
] as const

let api: TestApi
const ids: string[] = []
const nets: string[] = []
before(async () => {
  api = await openTestApi()
  for (const [i, name] of ['Résumé net', 'other 50%'].entries())
    nets.push((await api.request.post('/v1/architectures').send({ ...smallNetwork(3 + i), name })).body.id)
  for (const { n, net, status, p50, verdict, queued, seconds } of made) {
    const { body } = await api.request
      .post('/v1/runs')
      .send({ architectureId: nets[net], device: 'cpu:0', runtime: 'onnxruntime', fresh: true, labels: { n, suite: 'list,1' } })
      .expect(202)
    ids.push(body.id)
    while ((await api.request.get(`/v1/runs/${body.id}`)).body.finishedAt === null) await new Promise((resolve) => setTimeout(resolve, 5))
    // Waits first, so that the queue has no more to write.
    const started = seconds === null ? null : queued
    const finished = new Date(Date.parse(queued) + 1000 * (seconds ?? 5)).toISOString()
    await api.store.db.execute(sql`
      UPDATE runs SET status = ${status}, queued_at = ${queued}::timestamptz, started_at = ${started}::timestamptz, finished_at = ${finished}::timestamptz,
        result = ${p50 === null ? null : JSON.stringify({ latencyMs: { p50 }, throughputPerSecond: 1000 / p50 })}::json,
        certificate = ${verdict === null ? null : JSON.stringify({ verdict, reasons: [] })}::json
      WHERE id = ${body.id}::uuid`)
  }
})
after(() => api.close())

/** The letters of the runs found. */
async function found(query: string): Promise<string> {
  const { body } = await api.request.get(`/v1/runs?${query}`).expect(200)
  return body.items.map(({ labels }: { labels: { n: string } }) => labels.n).join('')
}

describe('runs are found by', () => {
  const cases: [why: string, query: string, letters: string][] = [
    ['nothing: the newest first', '', 'edcba'],
    ['several states, separated by commas', 'status=failed,cancelled', 'ec'],
    ['several states, the name given again', 'status=failed&status=cancelled', 'ec'],
    ['a verdict', 'verdict=valid', 'a'],
    ['several verdicts', 'verdict=suspect,invalid', 'db'],
    ['the name of the architecture, in any case', 'architecture=r%C3%A9SUM%C3%A9', 'ba'],
    ['a name with a wildcard of the database in it', 'architecture=50%25', 'edc'],
    ['a wildcard, which is a character like any other', 'architecture=%25net', ''],
    ['several devices, one of which there is', 'device=cuda:7&device=cpu:0', 'edcba'],
    ['a label whose text has a comma', 'label=suite%3Dlist%2C1&label=n%3Db', 'b'],
    ['labels that must all be there', 'label=n%3Da&label=n%3Db', ''],
    ['when it was queued: the moment itself counts', 'queuedAfter=2026-01-02T00:00:00.123Z&queuedBefore=2026-01-04T00:00:00Z', 'cb'],
    ['when it was queued, in another time zone', 'queuedAfter=2026-01-04T02:00:00%2B02:00', 'ed'],
    ['when it ended', 'finishedBefore=2026-01-01T00:00:09Z', ''],
    ['when it ended, at the latest', 'finishedBefore=2026-01-01T00:00:09.001Z', 'a'],
    ['a year before the database has years', 'queuedAfter=0000-01-01T00:00:00Z&limit=1', 'e'],
  ]
  for (const [why, query, letters] of cases) it(why, async () => assert.equal(await found(query), letters))

  it('several architectures', async () => assert.equal(await found(`architectureId=${nets.join(',')}`), 'edcba'))
  it('an architecture', async () => assert.equal(await found(`architectureId=${nets[0]!.toUpperCase()}`), 'ba'))

  it('nothing that cannot be', async () => {
    for (const [query, path] of [
      ['status=succeeded,done', '/status'],
      ['verdict=', '/verdict'],
      ['queuedAfter=yesterday', '/queuedAfter'],
      ['finishedAfter=2026-01-01T23:59:60Z', '/finishedAfter'],
      ['architectureId=7', '/architectureId'],
      ['sort=name', '/sort'],
      ['order=up', '/order'],
      ['total=1', '/total'],
    ] as const) {
      const { body } = await api.request.get(`/v1/runs?${query}`).expect(400)
      assert.equal(body.code, 'INVALID_REQUEST')
      assert.ok(
        body.errors.some((each: { path: string }) => each.path === path),
        `${query}: ${JSON.stringify(body.errors)}`,
      )
    }
  })
})

describe('runs are sorted by', () => {
  const cases: [sort: string, down: string, up: string][] = [
    ['queuedAt', 'edcba', 'abcde'],
    ['finishedAt', 'edcba', 'abcde'],
    // What was never started, or has no latency, comes last either way.
    ['startedAt', 'dcbae', 'abcde'],
    ['duration', 'abdce', 'cdbae'],
    ['latency', 'adb', 'bda'],
    ['throughput', 'bda', 'adb'],
  ]
  for (const [sort, down, up] of cases)
    it(sort, async () => {
      for (const [order, letters] of [
        ['desc', down],
        ['asc', up],
      ] as const) {
        const whole = await found(`sort=${sort}&order=${order}`)
        assert.equal(whole.slice(0, letters.length), letters)
        assert.equal(whole.length, 5)
        // Page by page, each once, by the cursor and by the link.
        let address: string | undefined = `/v1/runs?sort=${sort}&order=${order}&limit=2`
        let paged = ''
        while (address) {
          const { body, headers }: { body: any; headers: Record<string, string> } = await api.request.get(address).expect(200)
          paged += body.items.map(({ labels }: { labels: { n: string } }) => labels.n).join('')
          address = headers.link?.match(/^<(.*)>; rel="next"$/)?.[1]
          assert.equal(address === undefined, body.nextCursor === null)
        }
        assert.equal(paged, whole)
      }
    })

  it('no cursor of another order', async () => {
    const { body: page } = await api.request.get('/v1/runs?sort=latency&limit=1').expect(200)
    for (const query of ['sort=throughput', 'sort=latency&order=asc', '']) {
      const { body } = await api.request.get(`/v1/runs?${query}&after=${page.nextCursor}`).expect(400)
      assert.equal(body.code, 'INVALID_CURSOR')
      assert.match(body.detail, /another order/)
    }
  })
})

describe('a list says', () => {
  it('how many there are, where that is asked', async () => {
    const { body } = await api.request.get('/v1/runs?status=succeeded&limit=1&total=true').expect(200)
    assert.equal(body.total, 3)
    assert.equal(body.items.length, 1)
    assert.equal((await api.request.get('/v1/runs?limit=1')).body.total, undefined)
    assert.equal((await api.request.get('/v1/architectures?total=true&search=other')).body.total, 1)
    assert.equal((await api.request.get('/v1/sweeps?total=true')).body.total, 0)
  })

  it('the same over GraphQL, and where the page stands', async () => {
    const query = `{ runs(status: [succeeded], sort: latency, order: asc, first: 1, after: null) {
      totalCount edges { cursor node { architectureName } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`
    const { body } = await api.request.post('/graphql').send({ query }).expect(200)
    const { totalCount, edges, pageInfo } = body.data.runs
    assert.equal(totalCount, 3)
    assert.equal(edges[0].node.architectureName, 'Résumé net')
    assert.deepEqual(pageInfo, { hasNextPage: true, hasPreviousPage: false, startCursor: edges[0].cursor, endCursor: edges[0].cursor })
    const next = query.replace('after: null', `after: "${pageInfo.endCursor}"`)
    assert.equal((await api.request.post('/graphql').send({ query: next })).body.data.runs.pageInfo.hasPreviousPage, true)
    // One value stands for a list of one.
    const one = await api.request.post('/graphql').send({ query: '{ runs(verdict: valid) { totalCount } sweeps { totalCount } }' })
    assert.deepEqual(one.body.data, { runs: { totalCount: 1 }, sweeps: { totalCount: 0 } })
  })

  it('what each run’s architecture is called, also once it is deleted', async () => {
    const { body: run } = await api.request.get(`/v1/runs/${ids[2]}`).expect(200)
    assert.equal(run.architectureName, 'other 50%')
    await api.request.delete(`/v1/architectures/${nets[1]}`).expect(204)
    const { body } = await api.request.get('/v1/runs').expect(200)
    assert.deepEqual(
      body.items.map((each: { architectureName: string }) => each.architectureName),
      ['other 50%', 'other 50%', 'other 50%', 'Résumé net', 'Résumé net'],
    )
  })
})

it('architectures are sorted', async () => {
  for (const channels of [9, 2, 30])
    await api.request
      .post('/v1/architectures')
      .send({ ...smallNetwork(channels), name: `sorted ${40 - channels}` })
      .expect(201)
  const names = async (query: string) =>
    (await api.request.get(`/v1/architectures?search=sorted&${query}`).expect(200)).body.items.map(({ name }: { name: string }) => name)
  assert.deepEqual(await names('sort=name'), ['sorted 10', 'sorted 31', 'sorted 38'])
  assert.deepEqual(await names('sort=params'), ['sorted 10', 'sorted 31', 'sorted 38'])
  assert.deepEqual(await names('sort=macs&order=asc'), ['sorted 38', 'sorted 31', 'sorted 10'])
  const { body } = await api.request.get('/v1/architectures?search=sorted&sort=name&limit=1').expect(200)
  assert.deepEqual(await names(`sort=name&after=${body.nextCursor}`), ['sorted 31', 'sorted 38'])
})

it('the zoo comes with the figures of every preset in one call', { timeout: 120_000 }, async () => {
  const { body } = await api.request.get('/v1/zoo?expand=presets').expect(200)
  const presets = new Map<string, any>(body.items.flatMap((family: any) => family.presets.map((preset: any) => [preset.name, preset])))
  const { body: short } = await api.request.get('/v1/zoo').expect(200)
  assert.deepEqual(
    [...presets.keys()],
    short.items.flatMap((family: any) => family.presets),
  )
  // torchvision's own tables: parameters, top-1 of IMAGENET1K_V1.
  for (const [name, params, top1] of [
    ['alexnet', 61_100_840, 56.522],
    ['resnet50', 25_557_032, 76.13],
    ['vgg16_bn', 138_365_992, 73.36],
    ['mobilenet_v2', 3_504_872, 71.878],
    ['densenet121', 7_978_856, 74.434],
  ] as const) {
    assert.equal(presets.get(name).params, params)
    assert.equal(presets.get(name).top1, top1)
  }
  // fvcore counts 4,089,184,256 multiply-accumulates of convolutions and the linear layer.
  assert.equal(presets.get('resnet50').macs, 4_089_184_256)
  for (const preset of presets.values()) assert.ok(preset.macs > 0 && preset.params > 0 && preset.layers > 1, preset.name)
  await api.request.get('/v1/zoo?expand=all').expect(400)

  const query = '{ zooFamily(name: "resnet") { presets { name macs params layers top1 } } }'
  const graphql = (await api.request.post('/graphql').send({ query }).expect(200)).body.data.zooFamily.presets
  const resnet = graphql.find(({ name }: { name: string }) => name === 'resnet50')
  assert.deepEqual({ ...presets.get('resnet50'), ...resnet }, presets.get('resnet50'))
})
