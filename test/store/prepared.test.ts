/** Statements of the embedded store that come again are parsed once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PreparedStatements } from '../../src/store/drivers/prepared.ts'
import { inArray, sql } from '../../src/store/drizzle.ts'
import { runs } from '../../src/store/schema.ts'
import { cleanup, openTestStore, storeKind } from './helper.ts'

test('the database keeps what comes again with values, under one name', {
  skip: storeKind === 'postgres' && 'skipped: of the embedded store',
  timeout: 60_000,
}, async (t) => {
  const later = cleanup(t)
  const { store, close } = await openTestStore()
  later(close)
  const ids = ['0196a000-0000-7000-8000-000000000001', '0196a000-0000-7000-8000-000000000002']
  for (let i = 0; i < 4; i++) {
    const { rows } = await store.db.execute(sql`SELECT ${i}::int + 1 AS following`)
    assert.deepEqual(rows, [{ following: i + 1 }])
    await store.db.select({ id: runs.id }).from(runs).where(inArray(runs.id, ids))
    await store.db.execute(sql`SELECT 7 AS seven`)
    await assert.rejects(store.db.execute(sql`SELECT ${String(i)}::int / 0 AS never`))
  }
  const { rows } = await store.db.execute(sql`SELECT statement FROM pg_prepared_statements`)
  const texts = (rows as { statement: string }[]).map(({ statement }) => statement)
  assert.equal(texts.filter((text) => text.includes('AS following')).length, 1)
  assert.equal(texts.filter((text) => /seven| in \(\$1, /.test(text)).length, 0)
})

test('a name is for a text that comes again, and there are only so many', () => {
  const prepared = new PreparedStatements(() => 0)
  const nameOf = (text: string) => prepared.named(text, [1]).name
  assert.equal(nameOf('SELECT $1'), undefined)
  const name = nameOf('SELECT $1')
  assert.ok(name)
  assert.equal(nameOf('SELECT $1'), name)
  assert.equal(prepared.named('SELECT 1').name, undefined)
  assert.equal(prepared.named({ text: 'SELECT $1', name: 'own' }, [1]).name, 'own')
  const names = new Set<string>()
  for (let i = 0; i < 2000; i++) for (let again = 0; again < 3; again++) names.add(nameOf(`SELECT $1 + ${i}`) ?? '')
  assert.ok(names.size <= 257, `${names.size} names`)
  assert.equal(nameOf('SELECT $1'), name)
})

test('plans are made anew after a while, since tables grow', () => {
  let now = 0
  const prepared = new PreparedStatements(() => now)
  now = 60_000
  assert.equal(prepared.renewal(), null, 'there is none yet')
  for (let i = 0; i < 2; i++) prepared.named('SELECT $1', [1])
  assert.equal(prepared.renewal(), 'DISCARD PLANS')
  assert.equal(prepared.renewal(), null)
  now = 90_000
  assert.equal(prepared.renewal(), 'DISCARD PLANS')
})
