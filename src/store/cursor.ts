/**
 * Opaque cursors of sorted lists: the order, and the sort key and the id of an item. A page asks for what lies after
 * them, so items that come or go between two pages shift nothing.
 */

import { type SQL, sql } from './drizzle.ts'
import { requireStorable, StoreError } from './errors.ts'

export interface Page<T> {
  items: T[]
  /** One an item, in the same order. */
  cursors: string[]
  /** Goes into `after` of the next call; null on the last page. */
  nextCursor: string | null
}

export type Direction = 'asc' | 'desc'

/** What a list may be sorted by. What is null stands last, whichever the direction. A moment that never is may use an index. */
export type SortKey = { moment: SQL; neverNull?: boolean } | { number: SQL } | { text: SQL }

/** The order of one list. */
export interface Order {
  /** Name of the key, which a cursor carries: one of another order is refused. */
  name: string
  key: SortKey
  direction: Direction
  /** Tells items of one key apart. */
  id: SQL
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
export const isUuid = (text: string): boolean => UUID.test(text)

const encode = ({ name, direction }: Order, key: unknown, id: string): string =>
  Buffer.from(JSON.stringify([name, direction, key, id])).toString('base64url')

/** @throws StoreError INVALID_CURSOR, INVALID_TEXT */
function decode(order: Order, cursor: string): { key: string | number | null; id: string } {
  let read: unknown
  try {
    read = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    read = null
  }
  const [name, direction, key, id] = Array.isArray(read) ? read : []
  const fits = 'text' in order.key ? typeof key === 'string' : key === null || (typeof key === 'number' && isMoment(order.key, key))
  // Node's decoder skips characters that are not base64url, so a valid cursor must encode back to itself.
  if (!fits || typeof id !== 'string' || !isUuid(id) || Buffer.from(JSON.stringify(read)).toString('base64url') !== cursor)
    throw new StoreError('INVALID_CURSOR', 'The cursor was not issued by this service')
  if (name !== order.name || direction !== order.direction)
    throw new StoreError('INVALID_CURSOR', 'The cursor belongs to a list in another order: keep sort and order from page to page')
  requireStorable([String(key)])
  return { key, id }
}

/** The last moment that a database and JavaScript write alike: the end of the year 9999. */
const LAST_MS = 253_402_300_799_999
const isMoment = (key: SortKey, value: number): boolean => !('moment' in key) || (value >= 0 && value <= LAST_MS)

/** Stands in for null: behind everything. */
const behindAll = ({ direction }: Order): string => (direction === 'asc' ? 'Infinity' : '-Infinity')

/** The key as SQL that is never null, so that rows compare. */
function comparable(order: Order): SQL {
  const { key } = order
  if ('text' in key) return key.text
  if ('number' in key) return sql`coalesce(${key.number}, ${behindAll(order)}::float8)`
  return key.neverNull ? key.moment : sql`coalesce(${key.moment}, ${behindAll(order)}::timestamptz)`
}

/** The key of a row, to be selected beside it for its cursor. */
export function keyOf({ key }: Order) {
  if ('text' in key) return sql<string | number | null>`${key.text}`
  if ('number' in key) return sql<string | number | null>`${key.number}`
  return sql<string | number | null>`(extract(epoch FROM ${key.moment}) * 1000)::float8`
}

export const orderBy = (order: Order): SQL[] => {
  const by = order.direction === 'asc' ? (each: SQL) => sql`${each} ASC` : (each: SQL) => sql`${each} DESC`
  return [by(comparable(order)), by(order.id)]
}

/** The condition of a row that lies after the cursor. @throws StoreError INVALID_CURSOR */
export function after(cursor: string | undefined, order: Order): SQL | undefined {
  if (cursor === undefined) return undefined
  const { key, id } = decode(order, cursor)
  const beyond = order.direction === 'asc' ? sql`>` : sql`<`
  return sql`(${comparable(order)}, ${order.id}) ${beyond} (${literal(order, key)}, ${id}::uuid)`
}

function literal(order: Order, key: string | number | null): SQL {
  if ('text' in order.key) return sql`${key}::text`
  if ('number' in order.key) return sql`${key === null ? behindAll(order) : String(key)}::float8`
  return sql`${key === null ? behindAll(order) : new Date(key as number).toISOString()}::timestamptz`
}

/** Cuts `limit + 1` rows to a page. @param keys of the rows, as `keyOf` selects them. */
export function page<T extends { id: string }>(rows: readonly T[], keys: readonly unknown[], limit: number, order: Order): Page<T> {
  const items = rows.slice(0, limit)
  const cursors = items.map((item, i) => encode(order, keys[i] ?? null, item.id))
  return { items, cursors, nextCursor: rows.length > limit ? cursors.at(-1)! : null }
}
