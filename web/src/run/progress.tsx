import { Progress as Bar } from '@mantine/core'
import { useEffect, useState } from 'react'
import { queryClient } from '../api/queries.ts'
import type { Run } from '../api/types.ts'
import { duration, exact } from '../lib/format.ts'

interface Seen {
  type: string
  data: { phase?: string; runs?: number; samples?: number; medianMs?: number }
  at: string
}

const phases: Record<string, string> = {
  queued: 'Waits for the device',
  started: 'The worker has it',
  loading: 'Loads the network',
  firstRun: 'Runs it for the first time',
  warmup: 'Warms up until windows agree',
  timing: 'Times it, alone on the device',
  comparing: 'Times both sides in turns',
  waiting: 'Waits until the device is free of another process',
  profiling: 'Times each layer, apart from the timing',
  calibrating: 'Measures what the device does at its best',
}

/** What the run does now, by its own event stream. */
export function Progress({ run }: { run: Run }) {
  const [seen, setSeen] = useState<Seen[]>([])
  const { id } = run
  useEffect(() => {
    const source = new EventSource(`/v1/runs/${id}/events`)
    const take = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as Seen
      setSeen((before) => [...before.slice(-300), event])
      if (event.type !== 'phase' && event.type !== 'progress')
        for (const key of ['run', 'runs', 'queue']) void queryClient.invalidateQueries({ queryKey: [key] })
    }
    for (const type of ['queued', 'started', 'phase', 'progress', 'requeued', 'succeeded', 'failed', 'cancelled', 'timedOut'])
      source.addEventListener(type, take)
    source.onerror = () => {
      // The stream ends with the run.
      void queryClient.invalidateQueries({ queryKey: ['run', id] })
    }
    return () => source.close()
  }, [id])
  const last = seen.findLast(({ data }) => data.phase !== undefined)?.data
  const now = run.status === 'queued' ? 'queued' : (last?.phase ?? 'started')
  const medians = seen.flatMap(({ data }) => (data.phase === 'timing' && data.medianMs !== undefined ? [data.medianMs] : []))
  return (
    <section className="card" style={{ marginBottom: '1rem' }} aria-label="Progress">
      <strong aria-live="polite">{phases[now] ?? now}</strong>
      {last?.samples !== undefined && now === 'timing' && (
        <span style={{ color: 'var(--quiet)' }} className="num">
          {' '}
          · {exact(last.samples)} samples, median of the last ones {duration(last.medianMs)}
        </span>
      )}
      {last?.runs !== undefined && now === 'warmup' && <span style={{ color: 'var(--quiet)' }}> · {last.runs} calls</span>}
      <Line values={medians} />
      {run.status === 'queued' && run.queue && (
        <span style={{ color: 'var(--quiet)' }}>
          {' '}
          · {run.queue.position === null ? '' : `position ${run.queue.position}, `}
          {run.queue.etaMs === null ? (run.queue.reason ?? 'no estimate yet') : `result expected in about ${duration(run.queue.etaMs)}`}
        </span>
      )}
      <Bar
        value={100}
        animated={run.status === 'running'}
        color={run.status === 'running' ? 'petrol' : 'gray'}
        size="sm"
        mt="sm"
        aria-label="Under way"
      />
    </section>
  )
}

/** The median as it settles. */
function Line({ values }: { values: number[] }) {
  if (values.length < 3) return null
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const points = values.map((value, index) => `${(100 * index) / (values.length - 1)},${28 - (26 * (value - low)) / (high - low || 1)}`)
  return (
    <svg viewBox="0 0 100 30" width="100%" height={48} preserveAspectRatio="none" aria-hidden="true" style={{ marginTop: 8 }}>
      <polyline points={points.join(' ')} fill="none" stroke="var(--memory)" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  )
}
