import type { Readable } from 'node:stream'

const keptLines = 20
const keptCharacters = 500
/** A line of the trace that Node writes when V8 gives up: ` 2: 0x75968e node::OOMErrorHandler(…) [/path/of/node]`. */
const nativeFrame = /^\s*\d+: 0x[0-9a-f]+ /

/** The last lines that a process wrote before it ended, each of bounded length. */
export class LastLines {
  readonly #lines: string[] = []
  readonly #onLine: (line: string) => void

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  add(line: string): void {
    if (line.trim() === '') return
    const kept = line.trimEnd().slice(0, keptCharacters)
    this.#onLine(kept)
    // A long trace would push out the line before it, which has the reason.
    if (nativeFrame.test(kept)) return
    this.#lines.push(kept)
    if (this.#lines.length > keptLines) this.#lines.shift()
  }

  /** Reads a stream to its end. A line longer than is kept is cut, never gathered. */
  read(stream: Readable): void {
    let rest = ''
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()!.slice(0, keptCharacters)
      for (const line of lines) this.add(line)
    })
    stream.on('end', () => this.add(rest))
  }

  text(): string {
    return this.#lines.join('\n')
  }
}
