import type { RunFailure } from './contract.ts'

/** A run that cannot be done, with a code for programs and a sentence that says what to do. */
export class RunError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'RunError'
    this.code = code
  }
}

interface Kind {
  code: string
  words: RegExp
  /** What went wrong, and what helps. */
  meaning: string
  remedy: string
}

/**
 * What runtimes and CUDA's libraries say, by kind, the first that fits. Numbers are those of cudaError_t
 * (driver_types.h), names those of cuDNN's, cuBLAS's and TensorFlow's status codes.
 */
const kinds: readonly Kind[] = [
  {
    code: 'OUT_OF_MEMORY',
    words:
      /bad_alloc|failed to allocate memory|out of memory|array buffer allocation failed|cannot allocate memory|CUDA failure 2:|CUDA_ERROR_OUT_OF_MEMORY|(CUDNN|CUBLAS|CUFFT)_(STATUS_)?ALLOC_FAILED|OOM when allocating|resource[_ ]?exhausted|available memory of \d+ is smaller than requested/i,
    meaning: 'memory ran out',
    remedy: 'use a smaller batch or resolution',
  },
  {
    code: 'DEVICE_LOST',
    words:
      /CUDA failure (46|100|101|214|219|220|700|702|709|710|714|715|716|717|718|719|999):|CUDA_ERROR_(ILLEGAL_ADDRESS|LAUNCH_FAILED|LAUNCH_TIMEOUT|ECC_UNCORRECTABLE|NO_DEVICE|INVALID_DEVICE|DEVICE_UNAVAILABLE|HARDWARE_STACK_ERROR|UNKNOWN)|^DEVICE_RESET:|GPU is lost|fallen off the bus|device-side assert/i,
    meaning: 'the GPU failed or went away',
    remedy: 'check the driver’s messages (dmesg, Xid), then queue the run again',
  },
  {
    code: 'NOT_SUPPORTED_BY_DEVICE',
    words:
      /(CUDNN|CUBLAS|CUFFT)_(STATUS_)?(NOT_SUPPORTED|ARCH_MISMATCH)\w*|CUDA failure (209|222|801):|CUDA_ERROR_(NOT_SUPPORTED|NO_BINARY_FOR_GPU|UNSUPPORTED_PTX_VERSION)|^NOT_IMPLEMENTED:|could not find an implementation for|no kernel image is available|no algorithm worked|\bUNIMPLEMENTED\b/i,
    meaning: 'the libraries of this device cannot compute it',
    remedy: 'use a smaller batch or resolution, another precision or another runtime',
  },
]

const kindOf = (words: string): Kind | undefined => kinds.find((kind) => kind.words.test(words))

/**
 * The kind of failure that the message of a runtime, or the last output of a dead process, describes; null for an unknown
 * one.
 */
export const codeOf = (words: string): string | null => kindOf(words)?.code ?? null

/** Where in its source ONNX Runtime threw an error: a file and its line. */
const place = /(?<![\w./-])[\w./-]+\.(?:h|hpp|cc|cpp|cu|cuh):\d+ /
const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']' }

/** Behind the bracket that closes the one at `from`; the end of the text where none does. */
function pastBracket(text: string, from: number): number {
  const [open, close] = [text[from]!, closing[text[from]!]]
  let depth = 0
  for (let at = from; at < text.length; at++) {
    if (text[at] === open) depth++
    else if (text[at] === close && --depth === 0) return at + 1
  }
  return text.length
}

/** Characters of the function's signature that `text` begins with, as a compiler writes it: `T ns::f(int) const [with T = float] `. */
function signatureLength(text: string): number {
  const [head] = /^[\w:<>,*&~ =]*\(/.exec(text) ?? ['']
  if (!head.includes('::')) return 0
  let at = pastBracket(text, head.length - 1)
  for (;;) {
    // Of `operator()` the arguments, of a template its types, of a function in a function the inner one.
    const [more] = /^(?: const(?= ))*>?(?: \[(?=with )|\(|::<?[\w~]+\(|>[\w:<>,*&~ =]*\()/.exec(text.slice(at)) ?? ['']
    if (more === '') return /^(?: const(?= ))*>? ?/.exec(text.slice(at))![0].length + at
    at = pastBracket(text, at + more.search(/[([]/))
  }
}

/** A message of ONNX Runtime without the hundreds of characters that say where in its source it was thrown, once for each function it passed. */
function withoutSource(message: string): string {
  let [kept, left] = ['', message]
  for (let found = place.exec(left); found; found = place.exec(left)) {
    kept += left.slice(0, found.index)
    left = left.slice(found.index + found[0].length)
    left = left.slice(signatureLength(left))
  }
  return (kept + left).trim()
}

/**
 * Any error as a failure: the engine's and our own keep their code; what a runtime throws gets that of the kind its
 * words tell of, else `RUNTIME_ERROR`.
 */
export function failureOf(error: unknown): RunFailure {
  const { code, message, name, status }: NodeJS.ErrnoException & { status?: unknown } =
    error instanceof Error ? error : new Error(String(error))
  const said = withoutSource(message)
  if ((name === 'RunError' || name === 'EngineError') && typeof code === 'string') return { code, message: message.slice(0, 2000) }
  // ONNX Runtime's C API gives a status beside its words.
  const kind = kindOf(typeof status === 'string' ? `${status}: ${said}` : said)
  if (!kind) return { code: 'RUNTIME_ERROR', message: said.slice(0, 2000) }
  return { code: kind.code, message: `${kind.meaning}: ${said.slice(0, 1800)}; ${kind.remedy}` }
}
