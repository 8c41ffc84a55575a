/** Tar archives that are written while they are read: nothing of them is in memory but what is under way. */
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pack } from 'tar-stream'

export interface TarEntry {
  name: string
  mtime: Date
  /** Bytes, which the header says before the content comes. */
  size: number
}

/** Writes one entry; resolves when the reader has taken it. @throws Error where nobody reads any more */
export type AddEntry = (entry: TarEntry, content: AsyncIterable<Buffer> | Iterable<Buffer>) => Promise<void>

/** Only the owner may read what is unpacked. */
const mode = 0o600

/**
 * An archive as a stream that can be read once.
 * @param write adds the entries, one after the other; what it throws ends the stream with an error.
 * @param over called when the stream has ended, however it did.
 */
export function tarStream(write: (add: AddEntry) => Promise<void>, over: () => void): Readable {
  const archive = pack()
  const gone = new AbortController()
  const add: AddEntry = async ({ name, mtime, size }, content) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const into = archive.entry({ name, mtime, mode, size }, (error) => (error ? reject(error) : resolve()))
    // Told by the promise as well.
    into.on('error', reject)
    promise.catch(() => {})
    for await (const chunk of content) {
      gone.signal.throwIfAborted()
      if (!into.write(chunk)) await once(into, 'drain', { signal: gone.signal })
    }
    into.end(null)
    await promise
  }
  const writing = write(add).then(
    () => archive.finalize(),
    (error: Error) => archive.destroy(error),
  )
  archive.once('close', () => {
    gone.abort(new Error('the archive is not read any more'))
    // What it reads from is let go of once nothing reads it.
    void writing.then(over)
  })
  // One of Node's own: the library's streams are like them, and not all that HTTP asks of one.
  return Readable.from(archive, { objectMode: false, highWaterMark: 2 ** 18 })
}
