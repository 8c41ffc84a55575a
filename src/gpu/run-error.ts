import type { RunFailure } from './contract.ts'

/** A run that cannot be done, with a code for programs and a sentence that says what would be right. */
export class RunError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'RunError'
    this.code = code
  }
}

/** Any error as a failure: the engine's and our own keep their code, whatever a runtime throws is `RUNTIME_ERROR`. */
export function failureOf(error: unknown): RunFailure {
  const { code, message, name }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error))
  const coded = (name === 'RunError' || name === 'EngineError') && typeof code === 'string'
  return { code: coded ? code : 'RUNTIME_ERROR', message: message.slice(0, 2000) }
}
