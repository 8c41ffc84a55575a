import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import type { RunEventAnswer } from './schema.ts'

/** A comment so often keeps proxies from closing a quiet stream, and finds out about clients that are gone. */
const heartbeatMs = 15_000
/** What the browser's EventSource waits before it comes back, ms. */
const retryMs = 2000

/** One event as server-sent events write it (WHATWG HTML, 9.2). The id is what Last-Event-ID brings back. */
const frame = ({ seq, type, ...event }: RunEventAnswer): string =>
  `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ seq, type, ...event })}\n\n`

/**
 * The events as bytes, no faster than the client reads them. Ends with the events, and when `controller` is aborted;
 * a client that goes away aborts it.
 */
export function eventStream(events: AsyncIterable<RunEventAnswer>, controller: AbortController, beatMs = heartbeatMs): Readable {
  const stream = new PassThrough()
  const { signal } = controller
  const beat = setInterval(() => {
    // A client that reads nothing needs no more to read.
    if (!stream.writableNeedDrain) stream.write(': still here\n\n')
  }, beatMs)
  stream.once('close', () => {
    clearInterval(beat)
    controller.abort()
  })
  const pump = async () => {
    stream.write(`retry: ${retryMs}\n\n`)
    for await (const event of events) {
      if (stream.destroyed) return
      if (!stream.write(frame(event))) await once(stream, 'drain', { signal })
    }
    stream.end()
  }
  pump().catch((cause: Error) => {
    // What went out so far stands; the client comes back with the id of its last event.
    if (signal.aborted) stream.end()
    else stream.destroy(cause)
  })
  return stream
}
