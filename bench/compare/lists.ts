/** Lists on Postgres: of 10⁵ architectures and 10⁶ runs, by every filter and sort, beside the same of 10³. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { show } from '../figure.ts'
import { call, ready, type Started } from '../service.ts'
import { withPostgres } from './postgres.ts'
import type { Part, Row } from './row.ts'
import { serve, type Tree } from './tree.ts'

const rounds = 60

/** Requests of which each kind of filter and sort is one; `{}` marks where an id of an architecture goes. */
const architectureLists = ['', '?sort=name', '?sort=macs&order=desc', '?sort=params', '?search=net-7', '?search=nothing-of-that-name']
const runLists = [
  '',
  '?status=failed',
  '?status=succeeded&status=cancelled',
  '?verdict=valid',
  '?verdict=invalid',
  '?architectureId={}',
  '?architecture=net-77',
  '?device=cpu:0',
  '?device=cuda:7',
  '?runtime=tfjs',
  '?label=owner=ann',
  '?label=rare',
  '?queuedAfter=2026-01-02T00:00:00Z&queuedBefore=2026-01-03T00:00:00Z',
  '?finishedAfter=2026-01-02T00:00:00Z',
  '?sort=latency&order=asc',
  '?sort=duration&order=desc',
  '?sort=throughput&order=desc',
  '?status=succeeded&verdict=valid&device=cpu:0&sort=finishedAt',
]

/** Rows like the first of each table, differing in what lists filter and sort by. */
async function fill(url: string, architectures: number, runs: number): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(
      `INSERT INTO architectures SELECT made.* FROM (SELECT * FROM architectures LIMIT 1) one, generate_series(1, $1::int) n,
       LATERAL jsonb_populate_record(one, jsonb_build_object('id', gen_random_uuid(), 'name', 'net-' || n, 'macs', n * 1000, 'params', (n * 7919) % 1000003,
         'created_at', timestamptz '2026-01-01' + n * interval '1 second')) made`,
      [architectures],
    )
    await client.query(
      `INSERT INTO runs SELECT made.* FROM (SELECT * FROM runs LIMIT 1) one, generate_series(1, $1::int) n,
       LATERAL (SELECT id FROM architectures WHERE name = 'net-' || (1 + n % $2::int) LIMIT 1) named,
       LATERAL jsonb_populate_record(one, jsonb_build_object('id', gen_random_uuid(), 'architecture_id', named.id,
         'status', CASE WHEN n % 50 = 0 THEN 'failed' WHEN n % 20 = 0 THEN 'cancelled' ELSE 'succeeded' END,
         'runtime', CASE WHEN n % 3 = 0 THEN 'tfjs' ELSE 'onnxruntime' END,
         'certificate', json_build_object('verdict', CASE WHEN n % 200 = 0 THEN 'invalid' WHEN n % 3 = 0 THEN 'suspect' ELSE 'valid' END),
         'labels', CASE WHEN n % 5000 = 0 THEN jsonb_build_object('rare', 'yes') WHEN n % 10 = 0 THEN jsonb_build_object('owner', 'ann') ELSE '{}'::jsonb END,
         'result', jsonb_build_object('latencyMs', jsonb_build_object('p50', (n * 7919) % 100003), 'throughputPerSecond', (n * 104729) % 100003),
         'queued_at', timestamptz '2026-01-01' + n * interval '1 second', 'started_at', timestamptz '2026-01-01' + n * interval '1 second',
         'finished_at', timestamptz '2026-01-01' + n * interval '1 second' + (n % 977) * interval '1 millisecond')) made`,
      [runs, architectures],
    )
    await client.query('ANALYZE')
  } finally {
    await client.end()
  }
}

/** The 99th percentile of a request, ms, and its status. */
async function p99(url: string): Promise<{ ms: number; status: number }> {
  const times: number[] = []
  let status = 0
  for (let i = 0; i < rounds; i++) {
    const began = performance.now()
    const answer = await fetch(url)
    await answer.arrayBuffer()
    status = answer.status
    if (i > 4) times.push(performance.now() - began)
    // One that takes seconds says enough after a few.
    if (i > 6 && times.at(-1)! > 1000) break
  }
  return { ms: times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1]!, status }
}

interface Taken {
  path: string
  ms: number
}

async function listed(tree: Tree, database: string, architectures: number, runs: number): Promise<Taken[]> {
  let service: Started | undefined
  const start = async () => {
    service = await serve(tree, { DATABASE_URL: database, RATE_LIMIT: '0' })
    await ready(service)
    return service.url
  }
  try {
    let url = await start()
    const { id } = await call<{ id: string }>(`${url}/v1/architectures`, { name: 'seed', zoo: { preset: 'squeezenet1_1' } })
    const run = await call<{ id: string; status: string }>(`${url}/v1/runs`, {
      architectureId: id,
      device: 'cpu:0',
      runtime: 'onnxruntime',
    })
    while (['queued', 'running'].includes((await call<{ status: string }>(`${url}/v1/runs/${run.id}`)).status)) await sleep(200)
    await service!.stop()
    await fill(database, architectures, runs)
    url = await start()
    const taken: Taken[] = []
    for (const [kind, paths] of [
      ['architectures', architectureLists],
      ['runs', runLists],
    ] as const)
      for (const path of paths) {
        const { ms, status } = await p99(`${url}/v1/${kind}${path.replace('{}', id)}`)
        // The older build has fewer filters.
        if (status === 200) taken.push({ path: `${kind}${path}`, ms })
      }
    return taken
  } finally {
    await service?.stop()
  }
}

const worst = (taken: readonly Taken[], kind: string): Taken =>
  taken.filter(({ path }) => path.startsWith(kind)).reduce((a, b) => (b.ms > a.ms ? b : a))

export const part: Part = {
  name: 'lists',
  run: ([old, current]) =>
    withPostgres(async (database) => {
      const few = await listed(current, await database('few'), 1000, 1000)
      const many = await listed(current, await database('many'), 1e5, 1e6)
      const before = await listed(old, await database('old'), 1e5, 1e6)
      for (const { path, ms } of many) console.log(`  ${path}: ${show(ms)} ms, of 10³ ${show(few.find((each) => each.path === path)!.ms)}`)
      return (
        [
          ['architectures', '10⁵'],
          ['runs', '10⁶'],
        ] as const
      ).map(([kind, count]): Row => {
        const slowest = worst(many, kind)
        const ratio = Math.max(
          ...many.filter(({ path }) => path.startsWith(kind)).map(({ path, ms }) => ms / few.find((each) => each.path === path)!.ms),
        )
        return {
          what: `list of ${count} ${kind}, p99 of the slowest filter, Postgres`,
          unit: 'ms',
          before: worst(before, kind).ms,
          now: slowest.ms,
          held: ratio,
          aim: '< 50 ms, and ≤ 2 × the same at 10³ (ratio)',
          met: slowest.ms < 50 && ratio <= 2,
          note: `slowest: ${slowest.path}; before only by the filters that it had`,
        }
      })
    }),
}
