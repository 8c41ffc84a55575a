/**
 * The thread on which the embedded database runs: bytes of PostgreSQL's protocol in, bytes out, in order. A statement
 * holds this thread for as long as it takes, and nobody else.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { compileWithoutOptimizing, type FromThread, startParams, type ToThread } from './pglite-options.ts'

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
    const answer = database.execProtocolRawSync(message)
    if (answer.length > 0) say(answer, [answer.buffer as ArrayBuffer])
  })
  say('open')
} catch (error) {
  say({ failed: (error as Error).message })
}
