import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino'
import type { Config } from './config.ts'

/** Keys whose values are never logged, at any depth. */
const secret = /^(authorization|proxy-authorization|cookie|set-cookie|password|database_?url|connection_?string)$/i
/** How deep the search goes. */
const depth = 4

/**
 * Returns the object without its secrets, or itself where it holds none. pino's redact would also search the bindings of
 * each request's logger, which takes a sixth of the time of a cached cost answer.
 */
function redacted(value: Record<string, unknown>, left = depth): Record<string, unknown> {
  let copy: Record<string, unknown> | null = null
  for (const key in value) {
    const each = value[key]
    let shown = each
    if (secret.test(key)) shown = '[redacted]'
    else if (left > 1 && typeof each === 'object' && each !== null && !(each instanceof Error))
      shown = redacted(each as Record<string, unknown>, left - 1)
    if (shown !== each) (copy ??= Array.isArray(value) ? ([...value] as never) : { ...value })[key] = shown
  }
  return copy ?? value
}

/** Lines are written in batches: once this many characters wait, or this many ms after the first line. */
const together = { length: 16_384, ms: 100 }

/**
 * Writes lines in batches, and the rest when the process ends. pino's own destination measures the whole buffer again at
 * each line, which takes four times as long as formatting it.
 */
class LineWriter implements DestinationStream {
  readonly #out: { write(text: string): unknown }
  #lines: string[] = []
  #length = 0
  #timer: NodeJS.Timeout | null = null

  constructor(out: { write(text: string): unknown }) {
    this.#out = out
    process.once('exit', () => this.flushSync())
  }

  write(line: string): void {
    this.#lines.push(line)
    this.#length += line.length
    if (this.#length >= together.length) this.flushSync()
    else this.#timer ??= setTimeout(() => this.flushSync(), together.ms).unref()
  }

  /** Also called by pino after a fatal line. */
  flushSync(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#lines.length === 0) return
    const text = this.#lines.join('')
    this.#lines = []
    this.#length = 0
    this.#out.write(text)
  }
}

/** The log as lines of JSON to `stream`. */
export const logTo = (level: string, stream: DestinationStream): Logger =>
  pino(
    {
      level,
      base: undefined,
      formatters: { log: (object) => redacted(object) },
      serializers: { err: (error: Error) => redacted(stdSerializers.err(error) as unknown as Record<string, unknown>) },
    },
    stream,
  )

/** The log: one line of JSON per event, or readable lines where LOG_FORMAT says so. */
export async function createLog(config: Config): Promise<Logger> {
  const pretty = config.LOG_FORMAT === 'pretty' || (config.LOG_FORMAT === 'auto' && process.stdout.isTTY === true)
  if (!pretty) return logTo(config.LOG_LEVEL, new LineWriter(process.stdout))
  const { default: build } = await import('pino-pretty')
  return logTo(config.LOG_LEVEL, build({ colorize: process.stdout.isTTY === true, translateTime: 'HH:MM:ss.l', ignore: 'requestId' }))
}
