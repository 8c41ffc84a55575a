import { EngineError } from '../engine/errors.ts'

/** What the command ends with. */
export const exitCodes = { fine: 0, overBudget: 1, cannotRead: 2 } as const

/** What went wrong, in words for whoever typed the command: exit code 2. */
export class CliError extends Error {
  override readonly name = 'CliError'
}

/** Problems of one file that are printed. */
const mostLines = 20

/** An error as lines for stderr; what is no user's fault keeps its stack. */
export function failureText(cause: unknown): string {
  if (cause instanceof CliError) return cause.message
  if (!(cause instanceof EngineError)) return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  if (cause.errors.length < 2) return cause.message
  const lines = cause.errors
    .slice(0, mostLines)
    .map(({ path, layerId, message }) => `  ${path}${layerId ? ` (${layerId})` : ''}: ${message}`)
  const more = cause.errors.length - lines.length
  return [cause.message, ...lines, ...(more > 0 ? [`  … and ${more} more`] : [])].join('\n')
}
