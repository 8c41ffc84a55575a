import type { RunError, RunEvent } from '../../../store/index.ts'
import { hideFolders } from '../../hide-folders.ts'

/** The last output of a worker may name files of this host. */
export const presentError = (error: RunError | null): RunError | null => error && { ...error, message: hideFolders(error.message) }

/** What an event of a run says, as clients may read it. */
export function presentEventData(data: RunEvent['data']): RunEvent['data'] {
  const { error } = data as { error?: RunError }
  return error ? { ...data, error: presentError(error) } : data
}
