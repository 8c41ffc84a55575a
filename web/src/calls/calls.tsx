import { Button, Group, Stack } from '@mantine/core'
import { useArchitectures, useRuns } from '../api/queries.ts'
import { Header } from '../shell/header.tsx'
import { type Call, CallText } from './calls-button.tsx'

/** The calls that these pages live on, with the ids of what is there. */
export function Calls() {
  const architectures = useArchitectures('', 1)
  const runs = useRuns({ limit: 1, status: 'succeeded' })
  const architecture = architectures.data?.items[0]?.id ?? 'ID'
  const run = runs.data?.items[0]?.id ?? 'RUN'
  const groups: { title: string; calls: Call[] }[] = [
    {
      title: 'On paper',
      calls: [
        {
          what: 'Register a network of the zoo',
          path: '/v1/architectures',
          method: 'POST',
          body: { name: 'r50', zoo: { preset: 'resnet50' } },
        },
        {
          what: 'What it costs, layer by layer',
          path: `/v1/architectures/${architecture}/costs?convention=lecture`,
          graphql: `{ architecture(id: "${architecture}") { costs(convention: "lecture") { totals { macs flops params memoryKiB } layers { id flops } } } }`,
        },
        { what: 'Why two conventions differ', path: `/v1/architectures/${architecture}/costs/explain?from=lecture&to=full` },
        { what: 'As a file that others open', path: `/v1/architectures/${architecture}/export?format=onnx` },
      ],
    },
    {
      title: 'On the machine',
      calls: [
        {
          what: 'Queue a timed run',
          path: '/v1/runs',
          method: 'POST',
          body: { architectureId: architecture, device: 'cpu:0', runtime: 'onnxruntime', profile: true },
        },
        {
          what: 'What came of it',
          path: `/v1/runs/${run}`,
          graphql: `{ run(id: "${run}") { status result { latencyMs { p50 p90 medianCi95 } } certificate { verdict reasons { code message } } } }`,
        },
        { what: 'Every sample', path: `/v1/runs/${run}/samples` },
        { what: 'Watch it (server-sent events)', path: `/v1/runs/${run}/events` },
        {
          what: 'What runs and what waits',
          path: '/v1/queue',
          graphql: '{ queue { device running { runId } waiting { runId position etaMs } } }',
        },
      ],
    },
  ]
  return (
    <>
      <Header
        title="API"
        note="Everything on these pages comes from calls that anybody may make. Each page has those behind it under “API”."
      >
        <Group gap="xs">
          <Button component="a" href="/docs/" size="xs" variant="default">
            Every call
          </Button>
          <Button component="a" href="/graphiql" size="xs" variant="default">
            GraphiQL
          </Button>
          <Button component="a" href="/openapi.json" size="xs" variant="default">
            OpenAPI
          </Button>
        </Group>
      </Header>
      <div className="two" style={{ gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 24rem), 1fr))' }}>
        {groups.map(({ title, calls }) => (
          <section key={title} className="card" aria-label={title}>
            <h2>{title}</h2>
            <Stack gap="md">
              {calls.map((call) => (
                <CallText key={call.path + call.what} call={call} />
              ))}
            </Stack>
          </section>
        ))}
      </div>
    </>
  )
}
