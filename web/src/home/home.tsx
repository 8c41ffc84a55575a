import { Button, Group, SimpleGrid } from '@mantine/core'
import { Link } from 'wouter'
import { useArchitectures, useDevices, useQueue, useRuns } from '../api/queries.ts'
import { Drop } from '../architectures/drop.tsx'
import { useRegister } from '../architectures/register.ts'
import { ZooPicker } from '../architectures/zoo.tsx'
import { scaled, unbroken } from '../lib/format.ts'
import { RunsTable } from '../runs/runs-table.tsx'
import { Header } from '../shell/header.tsx'
import { Empty, Loading, Refused } from '../shell/states.tsx'
import { Lane } from './lane.tsx'

/** What runs, what waits, what came of the last ones; on an empty store, how to begin. */
export function Home() {
  const architectures = useArchitectures('', 8)
  const queue = useQueue()
  const devices = useDevices()
  const last = useRuns({ limit: 12 })
  if (architectures.error && !architectures.data) return <Refused error={architectures.error} />
  if (!architectures.data) return <Loading />
  if (architectures.data.items.length === 0) return <Begin />
  const done = (last.data?.items ?? []).filter(({ status }) => status !== 'queued' && status !== 'running')
  return (
    <>
      <Header
        title="Now"
        calls={[
          {
            what: 'What runs and waits',
            path: '/v1/queue',
            graphql: '{ queue { device running { runId } waiting { runId position etaMs } } }',
          },
          { what: 'The last runs', path: '/v1/runs?limit=12' },
          { what: 'Devices', path: '/v1/devices' },
        ]}
      />
      <SimpleGrid cols={{ base: 1, md: (queue.data?.items.length ?? 1) > 1 ? 2 : 1 }} mb="lg">
        {(queue.data?.items ?? []).map((lane) => (
          <Lane key={lane.deviceUuid} lane={lane} device={devices.data?.items.find(({ uuid }) => uuid === lane.deviceUuid)} />
        ))}
      </SimpleGrid>
      <h2 style={{ margin: '0 0 0.5rem' }}>Last results</h2>
      {done.length > 0 ? (
        <div className="card" style={{ padding: 0, marginBottom: '1.5rem' }}>
          <RunsTable runs={done} />
        </div>
      ) : (
        <Empty title="Nothing has been timed yet">Open a network below and queue it: “Time it” is at the top of its page.</Empty>
      )}
      <Group justify="space-between" mt="lg" mb="xs">
        <h2 style={{ margin: 0 }}>Networks</h2>
        <Link href="/architectures" style={{ fontSize: '0.88rem' }}>
          All, and register another
        </Link>
      </Group>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
        {architectures.data.items.map(({ id, name, counts }) => (
          <Link key={id} href={`/architectures/${id}`} className="card tile">
            <strong>{name}</strong>
            <span>
              {unbroken(`${scaled(counts.macs)} multiply-adds`)} · {unbroken(`${scaled(counts.params)} params`)}
            </span>
          </Link>
        ))}
      </SimpleGrid>
    </>
  )
}

const first = [
  { preset: 'alexnet_lecture', label: 'AlexNet', why: 'the lecture’s first table' },
  { preset: 'vgg16_lecture', label: 'VGG-16', why: 'where memory and flops go' },
  { preset: 'resnet50', label: 'ResNet-50', why: 'the common yardstick' },
  { preset: 'mobilenet_v2', label: 'MobileNet v2', why: 'few flops, and still slow?' },
]

function Begin() {
  const register = useRegister()
  return (
    <div style={{ maxWidth: 860, margin: '2vh auto' }}>
      <Header title="What does a network cost?" note="On paper, layer by layer. And on this machine, timed so that one can believe it." />
      <h2>1. Take one that everybody knows</h2>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} mb="lg">
        {first.map(({ preset, label, why }) => (
          <button
            key={preset}
            type="button"
            className="card tile"
            disabled={register.isPending}
            onClick={() => register.mutate({ preset })}
          >
            <strong>{label}</strong>
            <span>{why}</span>
          </button>
        ))}
      </SimpleGrid>
      {register.error && <Refused error={register.error} />}
      <h2>… or your own</h2>
      <Drop />
      <div style={{ marginTop: '1rem' }}>
        <ZooPicker />
      </div>
      <h2 style={{ marginTop: '2rem' }}>2. Read its table. 3. Time it.</h2>
      <p style={{ color: 'var(--quiet)' }}>
        Its page has the lecture’s table: memory, parameters and flops of each layer, under a convention that is named. From there it is
        queued on a device; this page then shows what runs, what waits, and what came of it.
      </p>
      <Button component="a" href="/docs/" variant="default" size="xs">
        All of it over HTTP
      </Button>
    </div>
  )
}
