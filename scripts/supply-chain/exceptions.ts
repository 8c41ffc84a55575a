/** What licenses and audits let pass, for a reason and until a date (`exceptions.json`). */
import { readFileSync } from 'node:fs'

interface Exception {
  why: string
  /** A date: from then on it must be thought over again. */
  until: string
}
export interface LicenseException extends Exception {
  /** The name of a package, and of those of its platforms: `lightningcss` and `lightningcss-linux-x64-gnu`. */
  package: string
  license: string
}
export interface AdvisoryException extends Exception {
  /** `GHSA-…`, as the advisory has it. */
  id: string
  package: string
}

export const exceptions = JSON.parse(readFileSync(new URL('./exceptions.json', import.meta.url), 'utf8')) as {
  licenses: LicenseException[]
  advisories: AdvisoryException[]
}

/** Today in UTC, as an ISO date. */
export const today = (): string => new Date().toISOString().slice(0, 10)
