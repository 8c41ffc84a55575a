/** Fair queueing between keys: the law of start-time fair queueing over simulated busy stretches, and the store's order against the simulation's. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { fairOrder } from '../../../src/gpu/queue/fair-order.ts'
import { NO_KEY, type Share } from '../../../src/store/index.ts'
import { random } from '../../engine/random.ts'
import { openTestStore, someArchitecture, someRun, type TestStore } from '../../store/helper.ts'

let opened: TestStore
before(async () => {
  opened = await openTestStore()
})
after(() => opened.close())

/**
 * While keys are backlogged together from the start, each has had of the device what its weight is due, but for one run of its own too
 * much, and the share by its weight of one run of each too little: theorem 1 of Goyal, Vin and Cheng (1996), summed over all others.
 */
test('over a busy stretch no key is more than a run ahead of its share, nor more than its part of a run of each behind', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { below: draw } = random(seed)
    const keys = Array.from({ length: 2 + draw(6) }, (_, i) => ({ key: `key ${i}`, weight: 1 + draw(9), longest: 10 ** (1 + draw(4)) }))
    const runs = keys.flatMap(({ key, longest }) =>
      Array.from({ length: 400 }, (_, i) => ({ id: `${key} ${i}`, key, priority: draw(21) - 10, queuedAt: i, ms: 1 + draw(longest) })),
    )
    // As a line keeps them.
    runs.sort((a, b) => b.priority - a.priority || a.queuedAt - b.queuedAt || (a.id < b.id ? -1 : 1))
    const shares = new Map<string, Share>(keys.map(({ key, weight }) => [key, { start: 0, weight }]))
    const total = keys.reduce((sum, { weight }) => sum + weight, 0)
    const had = new Map(keys.map(({ key }) => [key, { ms: 0, runs: 0 }]))
    let ms = 0
    for (const run of fairOrder(runs, shares, (each) => each.ms, null)) {
      const its = had.get(run.key)!
      its.ms += run.ms
      its.runs++
      ms += run.ms
      if ([...had.values()].some((each) => each.runs === 400)) break
      for (const { key, weight, longest } of keys) {
        const due = (ms * weight) / total
        const behind = (weight / total) * keys.reduce((sum, each) => sum + each.longest, 0)
        const got = had.get(key)!.ms
        assert.ok(got <= due + longest && got >= due - behind - 1e-6, `seed ${seed}: ${key} had ${got} of ${due}`)
      }
    }
  }
})

test('what an admin put above the shared priorities goes before every key, by priority and then by time', () => {
  const run = (id: string, key: string, priority: number) => ({ id, key, priority, queuedAt: Number(id), ms: 1 })
  const runs = [run('4', 'a', 50), run('1', 'b', 20), run('2', 'a', 10), run('3', 'b', 0)]
  const shares = new Map([
    ['a', { start: 1000, weight: 1 }],
    ['b', { start: 0, weight: 1 }],
  ])
  assert.deepEqual(
    [...fairOrder(runs, shares, ({ ms }) => ms, null)].map(({ id }) => id),
    ['4', '1', '3', '2'],
  )
})

test('the store takes runs in the order that is shown, through every ending, and nobody who comes late is owed the past', async () => {
  const { store } = opened
  const architectureId = (await store.architectures.insert(someArchitecture())).architecture.id
  const made = await Promise.all(
    ['a', 'b'].map((name) => store.keys.insert({ name, role: 'runner', prefix: `amk_${name}`, digest: name.repeat(64), expiresAt: null })),
  )
  const keys = [null, ...made.map(({ id }) => id)]
  const { below: draw } = random(3)
  const deviceUuid = `cpu-${randomUUID()}`
  const add = (keyId: string | null) =>
    store.runs.insert({ ...someRun(architectureId, { deviceUuid, priority: draw(5) === 0 ? 20 : draw(3) }), keyId })
  const next = async () => {
    const { lines } = await store.waiting.read()
    const shares = (await store.runs.shares([deviceUuid])).get(deviceUuid)!
    const [first] = fairOrder(lines.get(deviceUuid)!.runs, shares, () => 1, null)
    return first!.id
  }
  for (let step = 0; step < 60; step++) {
    if (step < 20 || draw(2) === 0) await add(keys[draw(3)]!)
    const { lines } = await store.waiting.read()
    if (!lines.get(deviceUuid)?.runs.length) continue
    const shown = await next()
    const run = (await store.runs.claimNext(deviceUuid, 'me', 60_000))!
    assert.equal(run.id, shown, `step ${step}`)
    const held = { id: run.id, owner: 'me', attempt: run.attempt }
    if (draw(6) === 0) await store.runs.giveBack(held, 'shutdown', 'stop')
    // A clock that is set changes nothing: the time is counted apart.
    else await store.runs.finish(held, { status: 'succeeded', result: {}, ranMs: 1 + draw(1000) })
  }
  const shares = (await store.runs.shares([deviceUuid])).get(deviceUuid)!
  assert.deepEqual([...shares.keys()].sort(), [NO_KEY, ...made.map(({ id }) => id)].sort())
})

test('a busy stretch ends without debts: who had the device for long then waits no longer than others in the next', async () => {
  const { store } = opened
  const architectureId = (await store.architectures.insert(someArchitecture({ name: 'debts' }))).architecture.id
  const insertKey = async (name: string) =>
    (await store.keys.insert({ name, role: 'runner', prefix: `amk_${name}`, digest: name.repeat(64), expiresAt: null })).id
  const [long, short] = [await insertKey('c'), await insertKey('d')]
  const deviceUuid = `cpu-${randomUUID()}`
  const add = async (keyId: string) => (await store.runs.insert({ ...someRun(architectureId, { deviceUuid }), keyId })).run.id
  const execute = async (ranMs: number) => {
    const run = (await store.runs.claimNext(deviceUuid, 'me', 60_000))!
    await store.runs.finish({ id: run.id, owner: 'me', attempt: run.attempt }, { status: 'succeeded', result: {}, ranMs })
    return run.keyId
  }
  await add(long)
  await add(short)
  assert.deepEqual([await execute(1_000_000), await execute(10)], [long, short])
  // At the end of a busy period the virtual time is the greatest finish tag (Goyal, Vin and Cheng 1996, section 2): both begin anew.
  await add(long)
  await add(short)
  assert.deepEqual([await execute(10), await execute(10)], [long, short])
  // Within one, a key that has had more waits for the others' part, and a key that comes anew is owed nothing of the time before.
  for (let i = 0; i < 4; i++) await add(long)
  assert.equal(await execute(1000), long)
  for (let i = 0; i < 4; i++) await add(short)
  const order: (string | null)[] = []
  for (let i = 0; i < 7; i++) order.push(await execute(400))
  assert.deepEqual(order, [short, short, short, long, short, long, long])
})

test('the store charges by weight: of runs of equal length a key of weight 3 has three in four', async () => {
  const { store } = opened
  const architectureId = (await store.architectures.insert(someArchitecture({ name: 'weights' }))).architecture.id
  const insertKey = async (name: string, weight: number) =>
    (await store.keys.insert({ name, role: 'runner', prefix: `amk_${name}`, digest: name.repeat(64), expiresAt: null, weight })).id
  const [heavy, light] = [await insertKey('e', 1), await insertKey('f', 1)]
  await store.keys.setWeight(heavy, 3)
  const deviceUuid = `cpu-${randomUUID()}`
  for (const keyId of [light, heavy])
    for (let i = 0; i < 16; i++) await store.runs.insert({ ...someRun(architectureId, { deviceUuid }), keyId })
  const had = new Map([
    [heavy, 0],
    [light, 0],
  ])
  for (let n = 1; n <= 16; n++) {
    const run = (await store.runs.claimNext(deviceUuid, 'me', 60_000))!
    await store.runs.finish({ id: run.id, owner: 'me', attempt: run.attempt }, { status: 'succeeded', result: {}, ranMs: 300 })
    had.set(run.keyId!, had.get(run.keyId!)! + 1)
    assert.ok(Math.abs(had.get(heavy)! - (n * 3) / 4) <= 1, `${had.get(heavy)} of ${n}`)
  }
  assert.deepEqual([had.get(heavy), had.get(light)], [12, 4])
})
