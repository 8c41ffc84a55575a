import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'

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

/** What is asked again, at most this often, ms, however many events arrive. */
const gather = 250
const concerned = ['queue', 'runs', 'run', 'devices', 'architectures', 'sweep'] as const

/**
 * Follows `GET /v1/events` for as long as the page is open: each event has what it concerns read again. The browser opens
 * the stream anew by itself when it breaks, and sends the id of the last event. Where the service has no such stream, or
 * it does not open, queries go on by their own intervals.
 */
export function followEvents(client: QueryClient): void {
  let due = false
  const refresh = () => {
    if (due) return
    due = true
    setTimeout(() => {
      due = false
      for (const key of concerned) void client.invalidateQueries({ queryKey: [key] })
    }, gather)
  }
  const open = () => {
    const source = new EventSource('/v1/events')
    source.onopen = () => {
      become('live')
      refresh()
    }
    for (const type of eventTypes) source.addEventListener(type, refresh)
    source.onmessage = refresh
    source.onerror = () => {
      become('polling')
      if (source.readyState !== EventSource.CLOSED) return
      // Refused, not broken: the browser does not try again.
      source.close()
      setTimeout(open, 15_000)
    }
  }
  open()
  // Whether the service answers at all, seen from what is asked of it anyway.
  client.getQueryCache().subscribe(({ type, query }) => {
    if (type !== 'updated' || query.queryKey[0] !== 'queue') return
    if (query.state.status === 'error' || (query.state.fetchFailureCount > 0 && query.state.fetchStatus === 'fetching')) become('lost')
    else if (query.state.status === 'success' && state === 'lost') {
      become('polling')
      refresh()
    }
  })
}

const eventTypes = [] as string[]
