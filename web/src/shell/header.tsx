import { Group } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { type Call, CallsButton } from '../calls/calls-button.tsx'

/** The head of a page: its name, also that of the tab; what can be done there; the calls behind what it shows. */
export function Header({ title, note, calls = [], children }: { title: string; note?: ReactNode; calls?: Call[]; children?: ReactNode }) {
  useEffect(() => {
    document.title = title === 'Archmeter' ? title : `${title} · Archmeter`
  }, [title])
  return (
    <Group justify="space-between" align="flex-start" mb="md" gap="sm">
      <div style={{ minWidth: 0, flex: '1 1 16rem' }}>
        <h1 style={{ margin: 0, fontSize: '1.45rem', overflowWrap: 'anywhere' }}>{title}</h1>
        {note && <div style={{ color: 'var(--quiet)', fontSize: '0.9rem', marginTop: 2 }}>{note}</div>}
      </div>
      <Group gap="xs">
        {children}
        {calls.length > 0 && <CallsButton calls={calls} />}
      </Group>
    </Group>
  )
}
