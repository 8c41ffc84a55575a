import { SimpleGrid } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read } from '../api/client.ts'
import { useDevices, useQueue } from '../api/queries.ts'
import type { Device } from '../api/types.ts'
import { Code } from '../calls/code.tsx'
import { Lane } from '../home/lane.tsx'
import { bytes } from '../lib/format.ts'
import { Header } from '../shell/header.tsx'
import { Empty, Loading, Refused } from '../shell/states.tsx'
import { State } from './state.tsx'

/** What may run on what, and where not, why not and what would mend it. */
export function Devices() {
  const devices = useDevices()
  const queue = useQueue()
  const ready = useQuery({
    queryKey: ['ready'],
    queryFn: ({ signal }) => read<{ status?: string; checks?: Record<string, unknown> }>('/readyz', signal),
    refetchInterval: 10_000,
  })
  if (devices.error && !devices.data) return <Refused error={devices.error} />
  if (!devices.data) return <Loading />
  const { items } = devices.data
  return (
    <>
      <Header
        title="Devices"
        note={`${items.length} ${items.length === 1 ? 'device' : 'devices'} · the service is ${ready.data ? 'ready' : ready.error ? 'not ready' : '…'}`}
        calls={[
          {
            what: 'Devices and what works on them',
            path: '/v1/devices',
            graphql: '{ devices { name model state memoryBytes runtimes { runtime backend usable reason command } } }',
          },
          { what: 'Readiness', path: '/readyz' },
          { what: 'Figures for Prometheus', path: '/metrics' },
        ]}
      />
      {items.length === 0 && <Empty title="No device">A process of ROLE=worker, or of ROLE=all, brings the devices of its host.</Empty>}
      <SimpleGrid cols={{ base: 1, lg: items.length > 1 ? 2 : 1 }}>
        {items.map((device) => {
          const lane = queue.data?.items.find(({ deviceUuid }) => deviceUuid === device.uuid)
          return (
            <div key={device.uuid}>
              <One device={device} />
              {lane && (
                <div style={{ marginTop: '0.8rem' }}>
                  <Lane lane={lane} device={device} title="Its queue" />
                </div>
              )}
            </div>
          )
        })}
      </SimpleGrid>
    </>
  )
}

function One({ device }: { device: Device }) {
  const facts: [string, string | null][] = [
    ['Model', device.model],
    ['Memory', `${bytes(device.memoryBytes)}${device.memoryFreeBytes === null ? '' : `, ${bytes(device.memoryFreeBytes)} free`}`],
    ['Cores', device.cores === null ? null : String(device.cores)],
    ['Driver', device.driver],
    ['Compute capability', device.computeCapability],
    ['Address', device.address],
    ['UUID', device.uuid],
  ]
  return (
    <section className="card" aria-label={device.name}>
      <h2>{device.name}</h2>
      <State device={device} />
      <dl className="facts" style={{ marginTop: 0 }}>
        {facts.flatMap(([name, value]) =>
          value === null
            ? []
            : [
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>,
              ],
        )}
      </dl>
      <h3 style={{ margin: '1rem 0 0.3rem', fontSize: '0.95rem' }}>What runs networks on it</h3>
      {device.runtimes.map((each) => (
        <div key={each.runtime + each.backend} style={{ padding: '0.45rem 0', borderTop: '1px solid var(--line)' }}>
          <span className="mark" style={{ color: each.usable ? 'var(--flops)' : 'var(--warn)' }}>
            <span aria-hidden="true">{each.usable ? '✓' : '○'}</span> {each.runtime} ({each.backend})
          </span>{' '}
          <span style={{ color: 'var(--quiet)', fontSize: '0.88rem' }}>
            {each.usable
              ? `${each.version ?? ''} · ${each.capabilities?.precisions.join(', ')}${each.capabilities?.perLayer ? ' · times layers' : ''}`
              : each.reason}
          </span>
          {each.command && <Code label="Set-up command" text={each.command} />}
        </div>
      ))}
    </section>
  )
}
