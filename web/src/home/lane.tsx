import { Button, Progress } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Link } from 'wouter'
import { type CallError, remove } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import type { Device, DeviceQueue, QueueEntry } from '../api/types.ts'
import { duration } from '../lib/format.ts'
import { Name } from '../runs/name.tsx'
import { Refused } from '../shell/states.tsx'

/** One device: what runs on it, what waits for it and until when. `most`: waiting runs shown; `title`: where its name stands above. */
export function Lane(props: { lane: DeviceQueue; device?: Device | undefined; most?: number; title?: string }) {
  const { lane, device, most = 4, title = lane.device } = props
  const { running, waiting, waitingCount, state } = lane
  const held = state === 'active' ? '' : `${state[0]!.toUpperCase()}${state.slice(1)}.`
  return (
    <section className="card" aria-label={`Queue of ${lane.device}`}>
      <div style={{ display: 'flex', justifyContent: 'space-between', gap: 12, flexWrap: 'wrap' }}>
        <strong>{title}</strong>
        <span style={{ color: 'var(--quiet)', fontSize: '0.85rem' }}>
          {device?.model} · {lane.host}
        </span>
      </div>
      {running ? (
        <Running entry={running} />
      ) : (
        <p style={{ color: 'var(--quiet)', margin: '0.6rem 0 0' }}>
          {held || 'Idle.'} Nothing runs{waitingCount === 0 ? ', nothing waits' : ''}.
        </p>
      )}
      {running && held && <p style={{ color: 'var(--quiet)', margin: '0.6rem 0 0' }}>{held} Nothing else starts.</p>}
      {waiting.length > 0 && (
        <ol className="waiting" aria-label="Waiting">
          {waiting.slice(0, most).map((entry) => (
            <li key={entry.runId} className="entry">
              <Entry entry={entry} />
              <span title={entry.reason ?? undefined}>{entry.etaMs === null ? 'waits' : `result in about ${duration(entry.etaMs)}`}</span>
              <Cancel id={entry.runId} />
            </li>
          ))}
        </ol>
      )}
      {waitingCount > Math.min(most, waiting.length) && (
        <Link href="/runs?status=queued">and {waitingCount - Math.min(most, waiting.length)} more wait</Link>
      )}
    </section>
  )
}

function Entry({ entry }: { entry: QueueEntry }) {
  return (
    <Link href={`/runs/${entry.runId}`}>
      <Name id={entry.architectureId} known={entry.architectureName} /> · {entry.runtime}
      {entry.batch > 1 ? ` · batch ${entry.batch}` : ''}
    </Link>
  )
}

function Running({ entry }: { entry: QueueEntry }) {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(timer)
  }, [])
  const ran = Math.max(now - Date.parse(entry.startedAt ?? entry.queuedAt), 0)
  // An estimate that has run out says nothing: 95 % is "soon".
  const share = entry.etaMs === null ? null : Math.min(ran / Math.max(ran + entry.etaMs, 1), 0.95)
  return (
    <div style={{ marginTop: '0.6rem' }}>
      <div className="entry" style={{ marginBottom: 6 }}>
        <Entry entry={entry} />
        <span>running for {duration(Math.floor(ran / 1000) * 1000)}</span>
        <Cancel id={entry.runId} />
      </div>
      <Progress value={(share ?? 1) * 100} animated={share === null} size="sm" aria-label="Progress, estimated" />
    </div>
  )
}

export function Cancel({ id }: { id: string }) {
  const cancel = useMutation<void, CallError>({
    mutationFn: () => remove(`/v1/runs/${id}`),
    onSettled: () => Promise.all(['queue', 'runs', 'run'].map((key) => queryClient.invalidateQueries({ queryKey: [key] }))),
  })
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        color="gray"
        loading={cancel.isPending}
        onClick={() => cancel.mutate()}
        aria-label="Cancel this run"
      >
        Cancel
      </Button>
      {cancel.error && <Refused error={cancel.error} />}
    </>
  )
}
