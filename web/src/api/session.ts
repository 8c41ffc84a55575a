import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import type { CallError } from './client.ts'

/** Whether the service asks for a key: it answered a call with 401. */
let asked = false
/** Whether a key that is shown this once would be lost by asking for one. */
let held = false
const listeners = new Set<() => void>()
function become(next: boolean): void {
  if (asked === next || (next && held)) return
  asked = next
  for (const listener of listeners) listener()
}

export const keyNeeded = (): void => become(true)
export const signedIn = (): void => become(false)

/** While true, the page stays although the service asks for a key. */
export function holdPage(hold: boolean): void {
  held = hold
}

/** Asks for a key as soon as the service refuses a read for want of one: every page reads something all the time. */
export function watchRefusals(client: QueryClient): void {
  client.getQueryCache().subscribe(({ type, query }) => {
    const { status, error } = query.state
    if (type === 'updated' && status === 'error' && (error as CallError | null)?.status === 401) become(true)
  })
}

/** Calls back when that changes. */
export function onKeyNeeded(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const isKeyNeeded = (): boolean => asked
export const useKeyNeeded = (): boolean => useSyncExternalStore(onKeyNeeded, isKeyNeeded)

/** Who the service takes this browser for. */
export interface Session {
  role: 'reader' | 'runner' | 'admin'
  key: { id: string; prefix: string; name: string } | null
}
