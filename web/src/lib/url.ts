import { useCallback } from 'react'
import { useSearchParams } from 'wouter'

/** State of a page that lives in its address: what is on screen can be sent to someone, and is there after a reload. */
export function useUrlState<K extends string>(defaults: Readonly<Record<K, string>>) {
  const [params, setParams] = useSearchParams()
  const state = Object.fromEntries(Object.entries(defaults).map(([key, value]) => [key, params.get(key) ?? value])) as Record<K, string>
  const set = useCallback(
    (change: Partial<Record<K, string>>) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before)
          for (const [key, value] of Object.entries(change) as [K, string][]) {
            if (value === defaults[key] || value === '') next.delete(key)
            else next.set(key, value)
          }
          return next
        },
        { replace: true },
      ),
    [setParams, defaults],
  )
  return [state, set] as const
}
