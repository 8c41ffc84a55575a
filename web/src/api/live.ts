import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { isKeyNeeded, onKeyNeeded } from './session.ts'

/** `live`: the service says what changes; `polling`: the pages ask; `lost`: it does not answer. */
export type LiveState = 'live' | 'polling' | 'lost'

let state: LiveState = 'polling'
const listeners = new Set<() => void>()
function become(next: LiveState): void {
  if (next === state) return
  state = next
  for (const listener of listeners) listener()
}

export const useLive = (): LiveState =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => state,
  )

/** What is read anew upon each kind of event, by the keys of queries. */
const concerned: Readonly<Record<string, readonly string[]>> = {
  // The beginning, or events were missed.
  reset: ['queue', 'runs', 'run', 'sweep', 'devices', 'architectures'],
  run: ['runs', 'run', 'sweep'],
  queue: ['queue'],
  device: ['devices'],
  architecture: ['architectures'],
}
/** However many events arrive, nothing is read again sooner than this, ms. */
const gather = 250

/**
 * Follows `GET /v1/events` while the page is seen. The browser opens the stream anew by itself when it breaks, and sends the
 * id of the last event. Where the service has no such stream, or it does not open, queries go on by their own intervals.
 */
export function followEvents(client: QueryClient): void {
  const due = new Set<string>()
  const refresh = (keys: readonly string[]) => {
    if (due.size === 0)
      setTimeout(() => {
        for (const key of due) void client.invalidateQueries({ queryKey: [key] })
        due.clear()
      }, gather)
    for (const key of keys) due.add(key)
  }
  let source: EventSource | null = null
  const open = () => {
    // A browser opens six connections to a service at most, and tabs in the background share them.
    if (document.hidden || source || isKeyNeeded()) return
    const stream = new EventSource('/v1/events?type=run&type=queue&type=device&type=architecture')
    source = stream
    stream.onopen = () => become('live')
    for (const [type, keys] of Object.entries(concerned)) stream.addEventListener(type, () => refresh(keys))
    stream.onerror = () => {
      become('polling')
      if (stream.readyState !== EventSource.CLOSED) return
      // Refused, not broken: the browser does not try again.
      source = null
      setTimeout(open, 15_000)
    }
  }
  const close = () => {
    source?.close()
    source = null
  }
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()))
  onKeyNeeded(() => (isKeyNeeded() ? close() : open()))
  open()
  // Whether the service answers at all, seen from what is asked of it anyway.
  client.getQueryCache().subscribe(({ type, query }) => {
    if (type !== 'updated' || query.queryKey[0] !== 'queue') return
    const { status, fetchFailureCount, fetchStatus } = query.state
    if (status === 'error' || (fetchFailureCount > 0 && fetchStatus === 'fetching')) become('lost')
    else if (status === 'success' && state === 'lost') {
      become(source?.readyState === EventSource.OPEN ? 'live' : 'polling')
      refresh(concerned.reset!)
    }
  })
}
