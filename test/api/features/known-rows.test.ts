import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KnownRows } from '../../../src/api/features/architectures/known.ts'

const row = (id: string, deletedAt: Date | null = null) => ({ id, deletedAt })

test('a row is read once and given in the order asked for, whatever case its id is written in', async () => {
  const reads: (readonly string[])[] = []
  const known = new KnownRows(
    async (ids) => {
      reads.push(ids)
      return ids.filter((id) => id !== 'none').map((id) => row(id))
    },
    () => 1,
  )
  assert.deepEqual(await known.of(['b', 'none', 'A', 'b']), [row('b'), undefined, row('a'), row('b')])
  assert.deepEqual(await known.of(['a', 'c', 'B']), [row('a'), row('c'), row('b')])
  assert.deepEqual(reads, [['b', 'none', 'a'], ['c']])
})

test('what is being read is not read twice, and one that fails is read again', async () => {
  let reads = 0
  const known = new KnownRows(
    async (ids) => {
      if (++reads === 1) throw new Error('away')
      return ids.map((id) => row(id))
    },
    () => 1,
  )
  const [first, second] = await Promise.allSettled([known.of(['a']), known.of(['A'])])
  assert.deepEqual([first.status, second.status, reads], ['rejected', 'rejected', 1])
  assert.deepEqual(await Promise.all([known.of(['a', 'b']), known.of(['b']), known.of(['c', 'a'])]), [
    [row('a'), row('b')],
    [row('b')],
    [row('c'), row('a')],
  ])
  assert.equal(reads, 3)
})

test('one deleted here is gone at once, also where it was being read when that happened', async () => {
  let answer = (_rows: ReturnType<typeof row>[]): void => {}
  const known = new KnownRows(
    () => new Promise<ReturnType<typeof row>[]>((resolve) => (answer = resolve)),
    () => 1,
  )
  const reading = known.of(['a'])
  known.forget('a')
  answer([row('a')])
  assert.deepEqual(await reading, [undefined])
  const again = known.of(['a'])
  answer([row('a', new Date())])
  assert.deepEqual(await again, [undefined])
})
