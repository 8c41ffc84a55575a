import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CliError } from '../failure.ts'

/**
 * Writes an answer into a file that only its owner may read, and says how many bytes. Under another name until it is whole: an answer
 * that is cut off ends with an error.
 * @throws CliError where it is not written
 */
export async function saveDownload(body: ReadableStream<Uint8Array>, file: string): Promise<void> {
  const part = `${file}.part`
  try {
    await pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), createWriteStream(part, { mode: 0o600 }))
    await rename(part, file)
  } catch (cause) {
    await rm(part, { force: true })
    throw new CliError(`${file} was not written: ${(cause as Error).message}`)
  }
  process.stderr.write(`${file}: ${(await stat(file)).size} bytes\n`)
}
