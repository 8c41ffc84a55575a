/** The law of a run's states, against many interleavings: whatever happens at once, one thing happened. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isFinal, type Run } from '../../src/store/index.ts'
import { openTestStore, someArchitecture, someRun, type TestStore } from './helper.ts'

let opened: TestStore
before(async () => {
  opened = await openTestStore()
})
after(() => opened.close())

/** What may follow what in a run's events. */
const NEXT: Record<string, string[]> = {
  queued: ['started', 'cancelled'],
  started: ['progress', 'requeued', 'succeeded', 'failed', 'cancelled', 'timedOut'],
  progress: ['progress', 'requeued', 'succeeded', 'failed', 'cancelled', 'timedOut'],
  requeued: ['started', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
  timedOut: [],
}

/** mulberry32: small, seeded, so that a failure repeats. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

for (const seed of [1, 2, 3]) {
  test(`concurrent claims, endings, cancellations and take-overs leave each run one history (seed ${seed})`, async () => {
    const { architectures, runs, events } = opened.store
    const { architecture } = await architectures.insert(someArchitecture({ name: `states ${seed}` }))
    const devices = [`cpu-states-${seed}-a`, `cpu-states-${seed}-b`]
    const all: Run[] = []
    for (let i = 0; i < 12; i++) {
      all.push((await runs.insert(someRun(architecture.id, { deviceUuid: devices[i % 2]!, priority: i % 3 }))).run)
    }
    const next = random(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!
    const claims: Run[] = []
    const ended = new Map<string, number>()
    const ending = async (doing: Promise<Run | null>) => {
      const run = await doing
      if (run && isFinal(run.status)) ended.set(run.id, (ended.get(run.id) ?? 0) + 1)
    }
    const act = async (): Promise<void> => {
      const dice = next()
      const owner = pick(['x', 'y', 'z'])
      if (dice < 0.35 || claims.length === 0) {
        const run = await (next() < 0.5 ? runs.claimNext(pick(devices), owner, 60_000) : runs.claim(pick(all).id, owner, 60_000))
        if (run) claims.push(run)
        return
      }
      // Any claim ever made, so that stale ones act too.
      const { id, owner: holder, attempt } = pick(claims)
      const held = { id, owner: holder!, attempt }
      if (dice < 0.5) await ending(runs.finish(held, { status: pick(['succeeded', 'failed', 'timedOut'] as const) }))
      else if (dice < 0.6) await ending(runs.giveBack(held, 'shutdown', 'test'))
      else if (dice < 0.75) await events.append(id, 'progress', {})
      else if (dice < 0.9) {
        const answer = await runs.requestCancel(pick(all).id)
        if (answer?.effect === 'cancelled') await ending(Promise.resolve(answer.run))
      } else for (const run of await runs.reclaim((name) => name === owner)) await ending(Promise.resolve(run))
    }
    for (let round = 0; round < 25; round++) await Promise.all(Array.from({ length: 8 }, act))

    for (const { id } of all) {
      const run = (await runs.get(id))!
      const history = await events.list(id)
      assert.deepEqual(
        history.map(({ seq }) => seq),
        history.map((_, i) => i + 1),
      )
      assert.equal(history[0]?.type, 'queued')
      for (let i = 1; i < history.length; i++) {
        assert.ok(NEXT[history[i - 1]!.type]!.includes(history[i]!.type), history.map(({ type }) => type).join(' → '))
      }
      const last = history.filter(({ type }) => type !== 'progress').at(-1)!.type
      const expected = last === 'started' ? 'running' : last === 'requeued' ? 'queued' : last
      assert.equal(run.status, expected)
      assert.equal(ended.get(id) ?? 0, isFinal(run.status) ? 1 : 0, 'as many were told that they ended it as there are endings')
    }
    for (const device of devices) {
      const { items } = await runs.list({ device, status: 'running' })
      assert.ok(items.length <= 1)
    }
  })
}
