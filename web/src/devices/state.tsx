import { Button, Group } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type CallError, send } from '../api/client.ts'
import { queryClient, useSession } from '../api/queries.ts'
import type { Device } from '../api/types.ts'
import { moment } from '../lib/format.ts'
import { Refused } from '../shell/states.tsx'

type Asked = 'active' | 'paused' | 'drained'

const words: Readonly<Record<Device['state'], string>> = {
  active: '',
  paused: 'Paused: it starts nothing',
  draining: 'Draining: what runs ends, nothing else starts',
  drained: 'Drained: it starts nothing',
}
const steps: readonly { to: Asked; label: string; title: string }[] = [
  { to: 'drained', label: 'Drain', title: 'Start nothing; what runs ends' },
  { to: 'paused', label: 'Pause', title: 'Start nothing, and put what runs back into the queue' },
]

/** Whether the device starts what waits for it; for an admin, with what changes that. */
export function State({ device }: { device: Device }) {
  const { state, hold, uuid } = device
  const admin = useSession().data?.role === 'admin'
  const change = useMutation<Device, CallError, Asked>({
    mutationFn: (to) => send<Device>(`/v1/devices/${encodeURIComponent(uuid)}`, { state: to }, 'PATCH'),
    onSettled: () => Promise.all(['devices', 'queue', 'runs', 'run'].map((key) => queryClient.invalidateQueries({ queryKey: [key] }))),
  })
  const button = ({ to, label, title }: (typeof steps)[number]) => (
    <Button
      key={to}
      size="compact-xs"
      variant="default"
      title={title}
      loading={change.isPending && change.variables === to}
      disabled={change.isPending}
      onClick={() => change.mutate(to)}
    >
      {label}
    </Button>
  )
  if (state === 'active' && !admin) return null
  return (
    <>
      <Group gap="xs" mb="xs" role="group" aria-label={`State of ${device.name}`}>
        {hold && (
          <span className="mark" style={{ color: 'var(--warn)' }}>
            <span aria-hidden="true">○</span> {words[state]}, since {moment(hold.since)}
            {hold.note && `: ${hold.note}`}
          </span>
        )}
        {admin && (state === 'active' ? steps.map(button) : button({ to: 'active', label: 'Resume', title: 'Start what waits' }))}
      </Group>
      {change.error && <Refused error={change.error} />}
    </>
  )
}
