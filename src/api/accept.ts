import { ApiError } from './errors.ts'

/**
 * The media type to answer with, by the Accept header (RFC 9110, 12.5.1): the most wanted of those offered, the first
 * where several are wanted alike. @throws ApiError NOT_ACCEPTABLE naming those offered.
 */
export function mediaType<T extends string>(accept: string | undefined, offered: readonly T[]): T {
  if (accept === undefined || accept === '*/*' || accept === offered[0]) return offered[0] as T
  const ranges = accept
    .slice(0, 1000)
    .split(',')
    .map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
      const q = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1)
      return { type, q: Number.isFinite(q) ? q : 0 }
    })
  // The most specific range decides about a type: text/csv;q=0 refuses it beside */*.
  const wanted = (type: string): number => {
    for (const name of [type, `${type.split('/')[0]}/*`, '*/*']) {
      const range = ranges.find((each) => each.type === name)
      if (range) return range.q
    }
    return 0
  }
  let best: T | undefined
  for (const type of offered) if (wanted(type) > (best === undefined ? 0 : wanted(best))) best = type
  if (best === undefined) throw new ApiError('NOT_ACCEPTABLE', `this comes as ${offered.join(' or ')}: ask for one of them in Accept`)
  return best
}
