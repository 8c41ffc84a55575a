import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'

/** A comment at this interval keeps proxies from closing a quiet stream, and detects clients that are gone. */
const heartbeatMs = 15_000
/** How long the browser's EventSource waits before it reconnects, ms. */
const retryMs = 2000

const written = new WeakMap<object, Buffer>()

/**
 * One event as server-sent events write it (WHATWG HTML, 9.2). Last-Event-ID sends its id back.
 * @param data the same object for all listeners: it is written once, and they share the bytes.
 */
export function frameOf(id: string | number, event: string, data: object): Buffer {
  let frame = written.get(data)
  if (!frame) written.set(data, (frame = Buffer.from(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)))
  return frame
}

/** Streams that a heartbeat goes to: one timer for all that are open. */
const open = new Set<PassThrough>()
let timer: NodeJS.Timeout | undefined

function beat(): void {
  // A client that has not read the last comment needs no other.
  for (const stream of open) if (!stream.writableNeedDrain) stream.write(': still here\n\n')
}

/**
 * Events as bytes, no faster than the client reads them. Ends with the events, and when `controller` is aborted; a
 * client that goes away aborts it.
 * @param frames as `frameOf` writes them.
 */
export function eventStream(frames: AsyncIterable<Uint8Array>, controller: AbortController): Readable {
  const stream = new PassThrough()
  const { signal } = controller
  open.add(stream)
  timer ??= setInterval(beat, heartbeatMs).unref()
  stream.once('close', () => {
    open.delete(stream)
    if (open.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
    controller.abort()
  })
  const pump = async () => {
    stream.write(`retry: ${retryMs}\n\n`)
    for await (const frame of frames) {
      if (stream.destroyed) return
      if (!stream.write(frame)) await once(stream, 'drain', { signal })
    }
    stream.end()
  }
  pump().catch((cause: Error) => {
    // Events sent so far stay valid; the client reconnects with the id of its last event.
    if (signal.aborted) stream.end()
    else stream.destroy(cause)
  })
  return stream
}
