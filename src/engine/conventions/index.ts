/** Every convention, one line each. A test holds this list and the folder together. */
import { EngineError } from '../errors.ts'
import type { Convention } from './convention.ts'
import { full } from './full.ts'
import { lecture } from './lecture.ts'

export const conventions: readonly Convention[] = [lecture, full]

/** The convention of this name. @throws EngineError UNKNOWN_CONVENTION listing those there are. */
export function findConvention(name: string): Convention {
  const found = conventions.find((convention) => convention.name === name)
  if (found) return found
  throw new EngineError('UNKNOWN_CONVENTION', `no convention "${name}": use one of ${conventions.map((c) => c.name).join(', ')}`)
}
