import { invalidRequest } from './errors.ts'

/** Moments of a query as dates; those left out are left out. @throws ApiError INVALID_REQUEST for one that no calendar has. */
export function readMoments<K extends string>(given: Readonly<Record<K, string | undefined>>): Partial<Record<K, Date>> {
  const moments: Partial<Record<K, Date>> = {}
  for (const [name, text] of Object.entries<string | undefined>(given)) {
    if (text === undefined) continue
    const moment = new Date(text)
    if (Number.isNaN(moment.getTime()))
      throw invalidRequest('query', [
        { path: `/${name}`, message: `${name}: ${text} is no moment of any calendar, such as 2026-01-31T12:00:00Z` },
      ])
    moments[name as K] = moment
  }
  return moments
}
