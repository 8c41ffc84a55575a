import { Alert, Skeleton, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import type { CallError } from '../api/client.ts'

export function Loading() {
  return (
    <Stack gap="sm" aria-busy="true" aria-label="Loading">
      <Skeleton height={28} width={240} />
      <Skeleton height={120} />
      <Skeleton height={240} />
    </Stack>
  )
}

/** Why a call was refused, in the service's own words, which say what would work. */
export function Refused({ error, title }: { error: CallError; title?: string }) {
  return (
    <Alert
      color={error.status === 0 ? 'yellow' : 'orange'}
      title={title ?? (error.status === 0 ? 'No answer' : 'The service refused')}
      role="alert"
    >
      <div>{error.message}</div>
      {error.errors.length > 0 && (
        <ul style={{ margin: '0.5rem 0 0', paddingLeft: '1.2rem' }}>
          {error.errors.slice(0, 20).map((each) => (
            <li key={`${each.path}${each.message}`}>
              {(each.layerId || each.path) && <code>{[each.layerId, each.path].filter(Boolean).join(' at ')}</code>} {each.message}
            </li>
          ))}
          {error.errors.length > 20 && <li>and {error.errors.length - 20} more</li>}
        </ul>
      )}
    </Alert>
  )
}

/** Nothing there yet: says what would be, and how it gets there. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="card" style={{ textAlign: 'center', padding: '2rem 1rem' }}>
      <strong>{title}</strong>
      <div style={{ color: 'var(--quiet)', marginTop: '0.35rem' }}>{children}</div>
    </div>
  )
}
