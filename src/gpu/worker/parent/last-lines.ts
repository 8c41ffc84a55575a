import type { Readable } from 'node:stream'

const keptLines = 20
const keptCharacters = 500

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
    this.#lines.push(kept)
    if (this.#lines.length > keptLines) this.#lines.shift()
    this.#onLine(kept)
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
