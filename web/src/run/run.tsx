import { Alert } from '@mantine/core'
import { Link } from 'wouter'
import { paths, useHistogram, useProfile, useRun, useSamples } from '../api/queries.ts'
import type { Run } from '../api/types.ts'
import { finished } from '../api/types.ts'
import { Figure } from '../architecture/totals.tsx'
import { Cancel } from '../home/lane.tsx'
import { duration, exact, moment, short } from '../lib/format.ts'
import { useName } from '../runs/name.tsx'
import { byOf } from '../runs/runs-table.tsx'
import { Status, Verdict } from '../runs/verdict.tsx'
import { Header } from '../shell/header.tsx'
import { Loading, Refused } from '../shell/states.tsx'
import { Environment } from './environment.tsx'
import { fences } from './fences.ts'
import { Histogram } from './histogram.tsx'
import { Layers } from './layers.tsx'
import { Progress } from './progress.tsx'
import { Roofline } from './roofline.tsx'
import { Series } from './series.tsx'

/** Sizes that the run had in place of the registration's: `, at H 64, W 48`, `, at 3×64×48`. */
function sizes({ sizes: own, resolution }: Pick<Run, 'sizes' | 'resolution'>): string {
  const shape = own?.inputShape?.join('×') ?? resolution?.replace('x', '×')
  const dims = Object.entries(own?.dims ?? {}).map(([name, size]) => `${name} ${size}`)
  const said = [...(shape ? [shape] : []), ...dims].join(', ')
  return said && `, at ${said}`
}

export function RunPage({ id }: { id: string }) {
  const { data: run, error } = useRun(id)
  const name = useName(run?.architectureId ?? '', run?.architectureName)
  const samples = useSamples(id, run?.status === 'succeeded')
  const whole = useHistogram(id, run?.status === 'succeeded' ? {} : null)
  const fence = whole.data ? fences(whole.data) : null
  // Then the usual bins are all that is left, and no others can be asked for.
  const expired = Boolean(whole.data?.samplesExpiredAt)
  const near = useHistogram(id, expired ? null : fence)
  const profile = useProfile(id, run?.status === 'succeeded' && run.profile)
  if (error && !run)
    return (
      <>
        <Header title="Run" />
        <Refused error={error} />
      </>
    )
  if (!run) return <Loading />
  return (
    <>
      <Header
        title={`${name} on ${run.device}`}
        note={
          <>
            <Status status={run.status} /> · {run.runtime}
            {run.backend ? ` (${run.backend})` : ''}, batch {run.batch}
            {sizes(run)}, {run.precision}, {run.weights} weights · queued {moment(run.queuedAt)}
            {run.key && (
              <>
                {' '}
                by <Link href={`/runs?key=${run.key.prefix}`}>{byOf(run.key)}</Link>
              </>
            )}{' '}
            · <Link href={`/architectures/${run.architectureId}`}>what it costs on paper</Link> ·{' '}
            <Link href={`/runs/${id}/history`}>over time</Link>
          </>
        }
        calls={[
          {
            what: 'This run',
            path: paths.run(id),
            graphql: `{ run(id: "${id}") { status result { latencyMs { p50 p90 medianCi95 } throughputPerSecond } certificate { verdict reasons { code message } } } }`,
          },
          { what: 'Every sample (CSV with accept: text/csv)', path: `${paths.run(id)}/samples` },
          { what: 'Samples as drawn here, no outlier lost', path: paths.samples(id) },
          { what: 'Samples by size', path: paths.histogram(id, fence ?? {}) },
          ...(run.profile ? [{ what: 'Its layers beside the roofline', path: `${paths.run(id)}/profile` }] : []),
          { what: 'Watch it (server-sent events)', path: `${paths.run(id)}/events` },
        ]}
      >
        {!finished(run.status) && <Cancel id={id} />}
      </Header>
      {!finished(run.status) && <Progress run={run} />}
      {run.error && (
        <Alert color="orange" title={run.error.code} mb="md">
          {run.error.message}
        </Alert>
      )}
      {run.certificate && <Certificate run={run} />}
      {run.result && <Result run={run} />}
      {run.result && samples.data && near.data && fence && (
        <div className="two">
          <Series samples={samples.data} far={near.data.below + near.data.above} fence={fence} run={run} />
          <Histogram histogram={near.data} run={run} />
        </div>
      )}
      {run.result && whole.data && expired && <Histogram histogram={whole.data} run={run} />}
      {samples.error && <Refused error={samples.error} {...(expired ? { title: 'Samples dropped for their age' } : {})} />}
      {whole.error && <Refused error={whole.error} />}
      {profile.data && <Roofline profile={profile.data} />}
      {profile.data && <Layers profile={profile.data} architectureId={run.architectureId} />}
      {profile.error && <Refused error={profile.error} title="No times of layers" />}
      <Environment run={run} />
    </>
  )
}

/** Whether to believe the figure, and each reason why not. */
function Certificate({ run }: { run: Run }) {
  const { verdict, reasons } = run.certificate!
  return (
    <section className="card" aria-label="Certificate" style={{ marginBottom: '1rem' }}>
      <h2 style={{ marginBottom: reasons.length > 0 ? '0.5rem' : 0 }}>
        <Verdict verdict={verdict} />
        <span style={{ fontWeight: 400, color: 'var(--quiet)' }}>
          {verdict === 'valid' && ' Nothing was seen that speaks against this figure.'}
          {verdict === 'suspect' && ' Something was going on; the figure may be off, because:'}
          {verdict === 'invalid' && ' Do not use this figure, because:'}
        </span>
      </h2>
      <ul style={{ margin: 0, paddingLeft: '1.2rem' }}>
        {reasons.map(({ code, message }) => (
          <li key={code + message}>
            {message} <code style={{ color: 'var(--quiet)', fontSize: '0.78rem' }}>{code}</code>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Result({ run }: { run: Run }) {
  const { latencyMs, samples, throughputPerSecond, firstRunMs, loadMs, warmup } = run.result!
  const needs = { p90: 64, p95: 130, p99: 662 }
  const percentile = (key: 'p90' | 'p95' | 'p99') => (
    <Figure
      key={key}
      name={key}
      value={duration(latencyMs[key])}
      note={latencyMs[key] === null ? `needs ${needs[key]} samples` : ''}
      title={`${latencyMs[key]} ms`}
    />
  )
  return (
    <div className="card" style={{ marginBottom: '1rem' }}>
      <dl className="figures many">
        <Figure
          name="Median latency"
          value={duration(latencyMs.p50)}
          note={
            latencyMs.medianCi95 ? `95 % interval ${latencyMs.medianCi95.map(short).join(' – ')} ms` : 'too few samples for an interval'
          }
          title={`${latencyMs.p50} ms`}
          color="var(--memory)"
        />
        {percentile('p90')}
        {percentile('p95')}
        {percentile('p99')}
        <Figure
          name="Fastest, slowest"
          value={`${short(latencyMs.min)} – ${short(latencyMs.max)}`}
          note={`ms, of ${exact(samples)} samples`}
        />
        <Figure
          name="Throughput"
          value={`${short(throughputPerSecond)}/s`}
          note={run.batch > 1 ? `images, ${run.batch} in a call` : 'images'}
        />
        <Figure
          name="Before it"
          value={duration(loadMs + firstRunMs)}
          note={`load ${duration(loadMs)}, first call ${duration(firstRunMs)}, then ${warmup.runs} calls to warm up`}
        />
      </dl>
    </div>
  )
}
