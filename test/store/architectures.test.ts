import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { StoreError } from '../../src/store/index.ts'
import { openTestStore, someArchitecture, someRun, type TestStore } from './helper.ts'

let opened: TestStore
before(async () => {
  opened = await openTestStore()
})
after(() => opened.close())

const refused = (code: string) => (error: unknown) => error instanceof StoreError && error.code === code

test('the same content and name is one architecture, also when twenty register it at once', async () => {
  const { architectures } = opened.store
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => architectures.insert(someArchitecture({ name: 'once', digest: 'a1' }))),
  )
  assert.equal(answers.filter((answer) => answer.created).length, 1)
  assert.equal(new Set(answers.map((answer) => answer.architecture.id)).size, 1)
  const renamed = await architectures.insert(someArchitecture({ name: 'once more', digest: 'a1' }))
  assert.equal(renamed.created, true)
})

test('the graph comes back as it was given: key order, large counts, text of any script', async () => {
  const graph = { z: 1, a: [0.1, -0, 1e-320], 'ключ "\\': 'naïve 模型 🧠', nested: { b: null, a: true } }
  const params = Number.MAX_SAFE_INTEGER
  const { architecture } = await opened.store.architectures.insert(someArchitecture({ name: 'faithful', digest: 'a2', graph, params }))
  const read = await opened.store.architectures.get(architecture.id)
  assert.equal(JSON.stringify(read?.graph), JSON.stringify(graph))
  assert.equal(read?.params, params)
})

test('a deleted architecture is hidden, still readable by id, cancels its waiting runs, and its name is free again', async () => {
  const { architectures, runs, events } = opened.store
  const { architecture } = await architectures.insert(someArchitecture({ name: 'gone', digest: 'a3' }))
  const { architecture: other } = await architectures.insert(someArchitecture({ name: 'stays', digest: 'a4' }))
  const device = { deviceUuid: 'cpu-architectures' }
  const { run: running } = await runs.insert(someRun(architecture.id, device))
  await runs.claim(running.id, 'me', 60_000)
  const { run: waiting } = await runs.insert(someRun(architecture.id, device))
  const { run: elsewhere } = await runs.insert(someRun(other.id, device))

  const deleted = await architectures.markDeleted(architecture.id)
  assert.deepEqual(
    deleted?.cancelledRuns.map((run) => run.id),
    [waiting.id],
  )
  assert.deepEqual(await Promise.all([running, waiting, elsewhere].map(async ({ id }) => (await runs.get(id))?.status)), [
    'running',
    'cancelled',
    'queued',
  ])
  assert.equal((await events.list(waiting.id)).at(-1)?.type, 'cancelled')
  assert.ok((await architectures.get(architecture.id))?.deletedAt instanceof Date)
  assert.deepEqual((await architectures.list({ search: 'gone' })).items, [])
  assert.equal(await architectures.markDeleted(architecture.id), null)
  await assert.rejects(runs.insert(someRun(architecture.id, device)), refused('ARCHITECTURE_NOT_FOUND'))
  assert.equal((await architectures.insert(someArchitecture({ name: 'gone', digest: 'a3' }))).created, true)
})

test('a run inserted while its architecture is deleted is either refused or cancelled, never left waiting', async () => {
  const { architectures, runs } = opened.store
  for (let round = 0; round < 10; round++) {
    const { architecture } = await architectures.insert(someArchitecture({ name: `raced ${round}`, digest: `race${round}` }))
    const inserting = Array.from({ length: 4 }, () => runs.insert(someRun(architecture.id, { deviceUuid: 'cpu-raced' })))
    const [, ...inserted] = await Promise.allSettled([architectures.markDeleted(architecture.id), ...inserting])
    for (const answer of inserted) {
      if (answer.status === 'rejected') assert.ok(refused('ARCHITECTURE_NOT_FOUND')(answer.reason), String(answer.reason))
      else assert.equal((await runs.get(answer.value.run.id))?.status, 'cancelled')
    }
  }
})

test('pages walk through all, newest first, each once, while others are added and deleted', async () => {
  const { architectures } = opened.store
  const ids: string[] = []
  for (let i = 0; i < 7; i++) {
    ids.unshift((await architectures.insert(someArchitecture({ name: `paged ${i}`, digest: `page${i}` }))).architecture.id)
  }
  const seen: string[] = []
  let cursor: string | null | undefined
  do {
    const page = await architectures.list({ search: 'PAGED', limit: 3, after: cursor ?? undefined })
    seen.push(...page.items.map((item) => item.id))
    cursor = page.nextCursor
    if (seen.length === 3) {
      await architectures.insert(someArchitecture({ name: 'paged late', digest: 'late' }))
      await architectures.markDeleted(seen[0]!)
    }
  } while (cursor)
  assert.deepEqual(seen, ids)
})

test('a search takes wildcards as themselves, and a digest by its beginning', async () => {
  const { architectures } = opened.store
  await architectures.insert(someArchitecture({ name: '100%_\\wild', digest: 'feed01' }))
  const names = async (query: Parameters<typeof architectures.list>[0]) => (await architectures.list(query)).items.map(({ name }) => name)
  assert.deepEqual(await names({ search: '%_\\' }), ['100%_\\wild'])
  assert.deepEqual(await names({ search: '_once' }), [])
  assert.deepEqual(await names({ digest: 'feed' }), ['100%_\\wild'])
  assert.deepEqual(await names({ digest: '%' }), [])
})

test('a cursor that is not ours is refused, whatever it holds', async () => {
  const { architectures } = opened.store
  const good = (await architectures.list({ limit: 1 })).nextCursor!
  const forged = (text: string) => Buffer.from(text).toString('base64url')
  const id = '01900000-0000-7000-8000-000000000000'
  const bad = [
    '',
    'x',
    `${good}A`,
    good.slice(0, -1),
    `${good}=`,
    forged('1 2'),
    forged(`-1 ${id}`),
    forged(`9${'9'.repeat(20)} ${id}`),
    forged(`1e3 ${id}`),
  ]
  for (const cursor of bad) await assert.rejects(architectures.list({ after: cursor }), refused('INVALID_CURSOR'), JSON.stringify(cursor))
})

test('what the database cannot store is refused with the reason, and the store goes on', async () => {
  const { architectures, runs, sweeps } = opened.store
  const { architecture } = await architectures.insert(someArchitecture({ name: 'pair \u{1f600}' }))
  assert.equal(architecture.name, 'pair \u{1f600}')
  const run = someRun(architecture.id)
  for (const text of ['nul \0', 'high \ud83d', 'low \ude00', '\ude00\ud83d']) {
    await assert.rejects(architectures.insert(someArchitecture({ name: text })), refused('INVALID_TEXT'))
    await assert.rejects(architectures.list({ search: text }), refused('INVALID_TEXT'))
    await assert.rejects(runs.insert({ ...run, labels: { a: text } }), refused('INVALID_TEXT'))
    await assert.rejects(sweeps.insert({}, [{ insert: { ...run, labels: { a: text } } }], { requestHash: 'x' }), refused('INVALID_TEXT'))
    for (const label of [text, `a=${text}`]) await assert.rejects(runs.list({ label }), refused('INVALID_TEXT'))
    await assert.rejects(runs.list({ device: text }), refused('INVALID_TEXT'))
  }
  for (const id of ['', 'x', "'; DROP TABLE runs; --", '\0']) assert.equal(await architectures.get(id), null)
  await opened.store.ping()
})
