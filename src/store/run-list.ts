/** Lists of runs: what they may be filtered and sorted by. */
import { type Direction, isUuid, type Order, type SortKey } from './cursor.ts'
import { and, eq, inArray, isNull, momentOf, or, type SQL, sql } from './drizzle.ts'
import { requireStorable } from './errors.ts'
import { apiKeys, type RunStatus, runs } from './schema.ts'

type OneOrMore<T> = T | readonly T[]

/** A run fits where it fits each part that is given; of several values of a part, one is enough, but every label must be there. */
export interface RunFilter {
  architectureId?: OneOrMore<string> | undefined
  /** Part of the name of its architecture, in any case. */
  architecture?: string | undefined
  status?: OneOrMore<RunStatus> | undefined
  verdict?: OneOrMore<string> | undefined
  /** `cpu:0`, `host/cpu:0` or a UUID. */
  device?: OneOrMore<string> | undefined
  runtime?: OneOrMore<string> | undefined
  /** `key`, or `key=value`. */
  label?: OneOrMore<string> | undefined
  /** Id or beginning of the key that queued it; `none`: without a key. */
  key?: OneOrMore<string> | undefined
  /** From this moment on, and before that one. */
  queuedAfter?: Date | undefined
  queuedBefore?: Date | undefined
  finishedAfter?: Date | undefined
  finishedBefore?: Date | undefined
  /** Queued by this key. */
  keyId?: string | undefined
}

const latency = sql`(${runs.result} #>> '{latencyMs,p50}')::float8`
const keys = {
  queuedAt: { moment: sql`${runs.queuedAt}`, neverNull: true },
  startedAt: { moment: sql`${runs.startedAt}` },
  finishedAt: { moment: sql`${runs.finishedAt}` },
  duration: { number: sql`(extract(epoch FROM ${runs.finishedAt} - ${runs.startedAt}) * 1000)::float8` },
  latency: { number: latency },
  throughput: { number: sql`(${runs.result} ->> 'throughputPerSecond')::float8` },
} as const satisfies Record<string, SortKey>

export const runSorts = Object.keys(keys) as (keyof typeof keys)[]
export type RunSort = keyof typeof keys

export const runOrder = (name: RunSort = 'queuedAt', direction: Direction = 'desc'): Order => ({
  name,
  key: keys[name],
  direction,
  id: sql`${runs.id}`,
})

const listOf = <T>(given: OneOrMore<T>): readonly T[] => (Array.isArray(given) ? given : [given as T])

/** A text as itself inside a LIKE pattern. */
export const likeLiteral = (text: string): string => text.replace(/[\\%_]/g, '\\$&')

/** @throws StoreError INVALID_TEXT */
export function filters(filter: RunFilter): SQL | undefined {
  const { architectureId, architecture, status, verdict, device, runtime, label, key } = filter
  const { queuedAfter, queuedBefore, finishedAfter, finishedBefore } = filter
  const any = <T>(given: OneOrMore<T> | undefined, condition: (values: T[]) => SQL | undefined) =>
    given === undefined ? undefined : condition([...listOf(given)])
  requireStorable([
    architecture ?? '',
    ...[architectureId, device, runtime, label, key].flatMap((each) => (each === undefined ? [] : listOf(each))),
  ])
  return and(
    // What is no id finds nothing.
    any(architectureId, (ids) => {
      const valid = ids.filter(isUuid)
      return valid.length === 0 ? sql`false` : inArray(runs.architectureId, valid)
    }),
    any(architecture, ([part]) => {
      const pattern = `%${likeLiteral(part!)}%`
      return sql`EXISTS (SELECT 1 FROM architectures named WHERE named.id = ${runs.architectureId} AND named.name ILIKE ${pattern})`
    }),
    any(status, (values) => inArray(runs.status, values)),
    any(verdict, (values) => inArray(sql`${runs.certificate} ->> 'verdict'`, values)),
    any(device, (values) =>
      or(inArray(runs.device, values), inArray(runs.deviceUuid, values), inArray(sql`${runs.host} || '/' || ${runs.device}`, values)),
    ),
    any(runtime, (values) => inArray(runs.runtime, values)),
    ...(label === undefined ? [] : listOf(label).map(labeled)),
    any(key, (values) => or(values.includes('none') ? isNull(runs.keyId) : undefined, ofKeys(values))),
    queuedAfter && sql`${runs.queuedAt} >= ${momentOf(queuedAfter)}`,
    queuedBefore && sql`${runs.queuedAt} < ${momentOf(queuedBefore)}`,
    finishedAfter && sql`${runs.finishedAt} >= ${momentOf(finishedAfter)}`,
    finishedBefore && sql`${runs.finishedAt} < ${momentOf(finishedBefore)}`,
    filter.keyId === undefined ? undefined : eq(runs.keyId, filter.keyId),
  )
}

/** Runs that one of these keys queued. */
function ofKeys(values: readonly string[]): SQL {
  const { id, prefix } = apiKeys
  const ids = values.map((each) => each.toLowerCase())
  return sql`${runs.keyId} IN (SELECT ${id} FROM ${apiKeys} WHERE ${inArray(prefix, [...values])} OR ${inArray(sql`${id}::text`, ids)})`
}

function labeled(label: string): SQL {
  const at = label.indexOf('=')
  if (at < 0) return sql`jsonb_exists(${runs.labels}, ${label})`
  return sql`${runs.labels} @> ${JSON.stringify({ [label.slice(0, at)]: label.slice(at + 1) })}::jsonb`
}
