/**
 * The thread on which the embedded database runs: bytes of PostgreSQL's protocol in, bytes out, in order. A statement
 * holds this thread for as long as it takes, and nobody else.
 */
import { constants, cpSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { compileWithoutOptimizing, type FromThread, startParams, type ToThread } from './pglite-options.ts'

/**
 * The answer to anything but the first message of a connection, which begins with 0. `execProtocolRawSync` would parse all of it too, and
 * keep every row that was ever read.
 */
async function answerTo(database: PGlite, message: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  // Each is a view of the database's memory. The statement is over when this returns: only a sync would have to be waited for.
  const over = database.execProtocolRawStream(message, { syncToFs: false, onRawData: (part) => void parts.push(part.slice()) })
  const answer = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    answer.set(part, at)
    at += part.length
  }
  await over
  return answer
}

compileWithoutOptimizing()
const port = parentPort!
const say = (message: FromThread, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)
try {
  const database = await PGlite.create(workerData as string, { startParams })
  port.on('message', async (message: ToThread) => {
    if (message === 'close') {
      await database.close()
      say('closed')
      port.close()
      return
    }
    if ('copyTo' in message) {
      // On this thread, so that nothing writes meanwhile. Without a second copy on disk where the file system can share blocks.
      try {
        cpSync(workerData as string, message.copyTo, { recursive: true, mode: constants.COPYFILE_FICLONE })
        say({ copied: true })
      } catch (problem) {
        say({ copied: true, problem: problem as Error })
      }
      return
    }
    const answer = message[0] === 0 ? database.execProtocolRawSync(message) : await answerTo(database, message)
    if (answer.length > 0) say(answer, [answer.buffer as ArrayBuffer])
  })
  say('open')
} catch (error) {
  say({ failed: (error as Error).message })
}
