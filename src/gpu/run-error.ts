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

/** How C++, ONNX Runtime, V8 and CUDA say that memory ran out. */
const outOfMemory =
  /bad_alloc|failed to allocate memory|out of memory|array buffer allocation failed|cannot allocate memory|CUDA failure 2:/i

/** Whether a runtime's, or a dead process's, words say that memory ran out. */
export const isOutOfMemory = (words: string): boolean => outOfMemory.test(words)

/**
 * Any error as a failure: the engine's and our own keep their code; whatever a runtime throws is `OUT_OF_MEMORY` where
 * that is what it says, else `RUNTIME_ERROR`.
 */
export function failureOf(error: unknown): RunFailure {
  const { code, message, name }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error))
  if ((name === 'RunError' || name === 'EngineError') && typeof code === 'string') return { code, message: message.slice(0, 2000) }
  if (!isOutOfMemory(message)) return { code: 'RUNTIME_ERROR', message: message.slice(0, 2000) }
  return { code: 'OUT_OF_MEMORY', message: `memory ran out: ${message.slice(0, 1900)}; use a smaller batch or resolution` }
}
