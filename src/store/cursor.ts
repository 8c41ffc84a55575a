/**
 * Opaque cursors of a list that runs from the newest to the oldest: the moment and the id of the last item shown. A
 * page asks for what lies after them, so items that come or go between two pages shift nothing.
 */

import type { PgColumn } from './drizzle.ts'
import { type SQL, sql } from './drizzle.ts'
import { StoreError } from './errors.ts'

export interface Page<T> {
  items: T[]
  /** Goes into `after` of the next call; null on the last page. */
  nextCursor: string | null
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
export const isUuid = (text: string): boolean => UUID.test(text)

export function encodeCursor(at: Date, id: string): string {
  return Buffer.from(`${at.getTime()} ${id}`).toString('base64url')
}

/** @throws StoreError INVALID_CURSOR */
export function decodeCursor(cursor: string): { at: Date; id: string } {
  const [time = '', id = ''] = Buffer.from(cursor, 'base64url').toString('latin1').split(' ')
  const at = new Date(Number(time))
  // Node's decoder skips what is not base64url: only what encodes back to itself is a cursor of ours.
  if (/^\d{1,15}$/.test(time) && isUuid(id) && encodeCursor(at, id) === cursor) return { at, id }
  throw new StoreError('INVALID_CURSOR', 'The cursor is not one that this service gave')
}

/** The condition of a row that lies after the cursor, in descending order. */
export function after(cursor: string | undefined, at: PgColumn, id: PgColumn): SQL | undefined {
  if (cursor === undefined) return undefined
  const last = decodeCursor(cursor)
  return sql`(${at}, ${id}) < (${last.at.toISOString()}::timestamptz, ${last.id}::uuid)`
}

/** Cuts `limit + 1` rows to a page. */
export function page<T>(rows: T[], limit: number, key: (row: T) => { at: Date; id: string }): Page<T> {
  if (rows.length <= limit) return { items: rows, nextCursor: null }
  const items = rows.slice(0, limit)
  const last = key(items[items.length - 1]!)
  return { items, nextCursor: encodeCursor(last.at, last.id) }
}
