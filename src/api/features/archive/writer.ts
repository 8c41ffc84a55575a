import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { type AddEntry, turns } from '../../../store/index.ts'
import { sumsName } from './manifest.ts'

/** Content of a known size. */
export interface Sized {
  bytes: number
  read(): AsyncIterable<Buffer> | Iterable<Buffer>
}

/** Writes files into an archive, and the digest of each into a file on disk: there may be more of them than memory should hold. */
export class ArchiveWriter {
  readonly #add: AddEntry
  readonly #mtime: Date
  readonly #sums: FileHandle

  /** @param sums empty, open for reading and writing. */
  constructor(add: AddEntry, mtime: Date, sums: FileHandle) {
    this.#add = add
    this.#mtime = mtime
    this.#sums = sums
  }

  /** @returns the SHA-256 of the content, in hexadecimal. */
  async file(name: string, content: Buffer | Sized): Promise<string> {
    await turns.take()
    const hash = createHash('sha256')
    const sized = Buffer.isBuffer(content) ? { bytes: content.length, read: () => [content] } : content
    await this.#add({ name, mtime: this.#mtime, size: sized.bytes }, hashed(sized.read(), hash))
    const sha256 = hash.digest('hex')
    await this.#sums.write(`${sha256}  ${name}\n`)
    return sha256
  }

  /** A document, as the API answers with it. */
  async json(name: string, document: unknown): Promise<void> {
    await this.file(name, Buffer.from(`${JSON.stringify(document)}\n`))
  }

  /** Writes the digests so far, for `sha256sum --check`. @returns the digest of that file. */
  async sums(): Promise<string> {
    const { size } = await this.#sums.stat()
    const read = () => this.#sums.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>
    const hash = createHash('sha256')
    await this.#add({ name: sumsName, mtime: this.#mtime, size }, hashed(read(), hash))
    return hash.digest('hex')
  }

  /** The last file, which the digests do not have. */
  async last(name: string, document: unknown): Promise<void> {
    const text = Buffer.from(`${JSON.stringify(document, null, 2)}\n`)
    await this.#add({ name, mtime: this.#mtime, size: text.length }, [text])
  }
}

async function* hashed(content: AsyncIterable<Buffer> | Iterable<Buffer>, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    hash.update(chunk)
    yield chunk
  }
}
