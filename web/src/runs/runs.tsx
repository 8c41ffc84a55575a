import { Button, Group, SimpleGrid } from '@mantine/core'
import { useState } from 'react'
import { paths, useArchitectures, useDevices, useKeys, useQueue, useRuns, useSession } from '../api/queries.ts'
import type { Run, RunStatus } from '../api/types.ts'
import { Lane } from '../home/lane.tsx'
import { Filter } from '../lib/filter.tsx'
import { useUrlState } from '../lib/url.ts'
import { Header } from '../shell/header.tsx'
import { Empty, Loading, Refused } from '../shell/states.tsx'
import { Picked } from './picked.tsx'
import { RunsTable } from './runs-table.tsx'

const defaults = { status: '', device: '', runtime: '', architectureId: '', key: '', after: '' }
const statuses: RunStatus[] = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'timedOut']

/** The board of each device, and every run, newest first. */
export function Runs() {
  const [filter, set] = useUrlState(defaults)
  const [picked, setPicked] = useState<string[]>([])
  const asked = {
    limit: 40,
    status: filter.status || undefined,
    device: filter.device || undefined,
    runtime: filter.runtime || undefined,
    architectureId: filter.architectureId || undefined,
    key: filter.key || undefined,
    after: filter.after || undefined,
  }
  const runs = useRuns(asked)
  const queue = useQueue()
  const devices = useDevices()
  const architectures = useArchitectures('', 100)
  const items = runs.data?.items ?? []
  const filtered = Object.values(filter).some((value) => value !== '')
  return (
    <>
      <Header
        title="Runs"
        calls={[
          {
            what: 'This list',
            path: paths.runs(asked),
            graphql: `{ runs(first: 40${filter.status ? `, status: ${filter.status}` : ''}) { edges { node { id status runtime result { latencyMs { p50 medianCi95 } throughputPerSecond } certificate { verdict } } } } }`,
          },
          {
            what: 'The queue of each device',
            path: '/v1/queue',
            graphql: '{ queue { device running { runId } waiting { runId position etaMs } } }',
          },
        ]}
      />
      <SimpleGrid cols={{ base: 1, lg: (queue.data?.items.length ?? 1) > 1 ? 2 : 1 }} mb="lg">
        {(queue.data?.items ?? []).map((lane) => (
          <Lane key={lane.deviceUuid} lane={lane} most={12} device={devices.data?.items.find(({ uuid }) => uuid === lane.deviceUuid)} />
        ))}
      </SimpleGrid>
      <Group gap="xs" mb="sm" align="flex-end">
        <Filter label="Status" value={filter.status} data={statuses} onChange={(status) => set({ status, after: '' })} />
        <Filter
          label="Device"
          value={filter.device}
          data={(devices.data?.items ?? []).map(({ name }) => name)}
          onChange={(device) => set({ device, after: '' })}
        />
        <Filter label="Runtime" value={filter.runtime} data={['onnxruntime', 'tfjs']} onChange={(runtime) => set({ runtime, after: '' })} />
        <Filter
          label="Network"
          value={filter.architectureId}
          data={(architectures.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(architectureId) => set({ architectureId, after: '' })}
        />
        <KeyFilter value={filter.key} runs={items} onChange={(key) => set({ key, after: '' })} />
        <Picked ids={picked} clear={() => setPicked([])} />
      </Group>
      {runs.error && !runs.data && <Refused error={runs.error} />}
      {!runs.data && !runs.error && <Loading />}
      {runs.data && items.length === 0 && (
        <Empty title={filtered ? 'No run is like that' : 'Nothing has been queued yet'}>
          {filtered ? 'Take a filter away.' : 'Open a network and press “Time it”.'}
        </Empty>
      )}
      {items.length > 0 && (
        <div className="card" style={{ padding: 0 }}>
          <RunsTable
            runs={items}
            picked={picked}
            onPick={(id) => setPicked((before) => (before.includes(id) ? before.filter((each) => each !== id) : [...before.slice(-1), id]))}
          />
        </div>
      )}
      <Group mt="sm">
        {filter.after && (
          <Button size="xs" variant="default" onClick={() => set({ after: '' })}>
            Newest
          </Button>
        )}
        {runs.data?.nextCursor && (
          <Button size="xs" variant="default" onClick={() => set({ after: runs.data?.nextCursor ?? '' })}>
            Older
          </Button>
        )}
      </Group>
    </>
  )
}

/** By the key that queued them: the caller's own, those of the runs on screen, and for an admin every one. */
function KeyFilter({ value, runs, onChange }: { value: string; runs: Run[]; onChange: (value: string) => void }) {
  const session = useSession().data
  const keys = useKeys(session?.role === 'admin').data?.items ?? []
  const seen = [...(session?.key ? [session.key] : []), ...runs.flatMap(({ key }) => key ?? []), ...keys]
  const labels = new Map(seen.map(({ prefix, name }) => [prefix, name ? `${name} (${prefix})` : prefix]))
  // Where no key has been made, nobody can be told apart.
  if (labels.size === 0 && !value) return null
  if (value && value !== 'none' && !labels.has(value)) labels.set(value, value)
  const data = [...labels].map(([prefix, label]) => ({ value: prefix, label }))
  return <Filter label="Queued by" value={value} data={[...data, { value: 'none', label: 'no key' }]} onChange={onChange} />
}
