import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from '../../src/store/index.ts'

/** Keeps the thread busy. */
function burn(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

/** Counts turns of the event loop until told to stop. */
function countTurns(): () => number {
  let turns = 0
  let immediate = setImmediate(function count() {
    turns++
    immediate = setImmediate(count)
  })
  return () => {
    clearImmediate(immediate)
    return turns
  }
}

test('what comes alone is done at once', async () => {
  const turns = new Turns()
  const done: string[] = []
  turns.run(() => done.push('run'))
  assert.deepEqual(done, ['run'])
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  assert.equal(turns.take(), null)
})

test('a burst is done in order, with turns of the loop between, and all of it is done', { timeout: 30_000 }, async () => {
  const turns = new Turns(5)
  const done: number[] = []
  const stop = countTurns()
  const all = Array.from({ length: 100 }, (_, i) => i)
  await Promise.all(
    all.map(
      (i) =>
        new Promise<void>((resolve) =>
          turns.run(() => {
            burn(1)
            done.push(i)
            resolve()
          }),
        ),
    ),
  )
  // 100 ms of work in slices of 5 ms: a slower machine takes more turns, never fewer.
  assert.ok(stop() >= 10)
  assert.deepEqual(done, all)
  assert.equal(turns.behindMs, 0)
})

test('what follows a turn in promises belongs to it', { timeout: 30_000 }, async () => {
  const turns = new Turns(5)
  const stop = countTurns()
  const done: number[] = []
  const all = Array.from({ length: 100 }, (_, i) => i)
  await Promise.all(
    all.map(async (i) => {
      await turns.take()
      await null
      await null
      burn(1)
      done.push(i)
    }),
  )
  assert.ok(stop() >= 10)
  assert.deepEqual(done, all)
})

test('how long the first in line has waited', async () => {
  const turns = new Turns()
  turns.run(() => {})
  const waits = turns.take()
  burn(2)
  assert.ok(turns.behindMs >= 2)
  await waits
  assert.equal(turns.behindMs, 0)
})
