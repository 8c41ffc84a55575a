import pTimeout from 'p-timeout'
import { hideFolders } from '../../hide-folders.ts'

/** One check of readiness. */
export interface Check {
  ready: boolean
  /** What is wrong; null where nothing is. */
  reason: string | null
}

export interface Readiness {
  ready: boolean
  checks: Record<string, Check>
}

/** Runs every check at once; one that throws or takes longer than `timeoutMs` counts as failed. */
export async function readiness(checks: Readonly<Record<string, () => Promise<void>>>, timeoutMs = 2000): Promise<Readiness> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<[string, Check]> => {
      try {
        await pTimeout(check(), { milliseconds: timeoutMs, message: `no answer within ${timeoutMs} ms` })
        return [name, { ready: true, reason: null }]
      } catch (cause) {
        return [name, { ready: false, reason: hideFolders((cause as Error).message) }]
      }
    }),
  )
  return { ready: results.every(([, { ready }]) => ready), checks: Object.fromEntries(results) }
}
