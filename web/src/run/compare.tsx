import { Select, SimpleGrid } from '@mantine/core'
import { Link } from 'wouter'
import { withQuery } from '../api/client.ts'
import { useComparison, useRun, useRuns } from '../api/queries.ts'
import type { Run } from '../api/types.ts'
import { duration, moment, percent, short } from '../lib/format.ts'
import { useUrlState } from '../lib/url.ts'
import { Name, useName } from '../runs/name.tsx'
import { Verdict } from '../runs/verdict.tsx'
import { Header } from '../shell/header.tsx'
import { Refused } from '../shell/states.tsx'

const defaults = { a: '', b: '' }

/** Any two finished runs: b against a, with what may be said of the difference. */
export function Compare() {
  const [{ a, b }, set] = useUrlState(defaults)
  const runs = useRuns({ limit: 60, status: 'succeeded' })
  const { data, error } = useComparison(a, b)
  const items = runs.data?.items ?? []
  return (
    <>
      <Header
        title="Which is faster?"
        note="Two runs that were taken apart: b against a."
        calls={a && b ? [{ what: 'This comparison', path: withQuery(`/v1/runs/${a}/compare`, { with: b }) }] : []}
      />
      <SimpleGrid cols={{ base: 1, sm: 2 }} mb="md">
        <Side label="a" runs={items} value={a} onChange={(next) => set({ a: next })} />
        <Side label="b" runs={items} value={b} onChange={(next) => set({ b: next })} />
      </SimpleGrid>
      {error && <Refused error={error} title="These two cannot be compared" />}
      {data && (
        <section className="card" aria-label="Verdict">
          <h2>
            {data.verdict === 'noDifferenceShown'
              ? 'No difference is shown'
              : `b is ${data.verdict}: ${data.ratio >= 1 ? short(data.ratio) : short(1 / data.ratio)} times ${data.ratio >= 1 ? 'the time' : 'as fast'}`}
          </h2>
          <Interval ratio={data.ratio} interval={data.interval} />
          <p className="note">
            Time for an image, b over a: {short(data.ratio)}, {percent(data.confidence)} interval {data.interval.map(short).join(' – ')}. It
            holds 1 where no difference is shown.
          </p>
          {data.cautions.length > 0 && (
            <ul style={{ margin: 0, paddingLeft: '1.2rem' }}>
              {data.cautions.map((caution) => (
                <li key={caution}>
                  {caution
                    .replaceAll(a, 'run a')
                    .replaceAll(b, 'run b')
                    .replace(/`(\w+)`/g, '“$1”')}
                </li>
              ))}
            </ul>
          )}
          {data.differences.length > 0 && (
            <div className="scroll">
              <table className="plain">
                <thead>
                  <tr>
                    <th>What differs</th>
                    <th>a</th>
                    <th>b</th>
                  </tr>
                </thead>
                <tbody>
                  {data.differences.map((each) => (
                    <tr key={each.what}>
                      <td>{each.what}</td>
                      <td>{each.a}</td>
                      <td>{each.b}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </section>
      )}
    </>
  )
}

function Side(props: { label: string; runs: Run[]; value: string; onChange: (id: string) => void }) {
  const { label, runs, value, onChange } = props
  const { data: run } = useRunIf(value)
  return (
    <div className="card">
      <Select
        label={`Run ${label}`}
        searchable
        placeholder="Pick a run that has succeeded"
        data={runs.map((each) => ({
          value: each.id,
          label: `${each.architectureName ?? each.architectureId.slice(0, 8)}, ${each.runtime}, batch ${each.batch}, ${moment(each.queuedAt)}, ${duration(each.result?.latencyMs.p50)}`,
        }))}
        value={value || null}
        onChange={(next) => onChange(next ?? '')}
        renderOption={({ option }) => <Option run={runs.find(({ id }) => id === option.value)} />}
      />
      {run && (
        <p style={{ margin: '0.7rem 0 0' }}>
          <Link href={`/runs/${run.id}`}>
            <Name id={run.architectureId} known={run.architectureName} />
          </Link>
          , {run.runtime} on {run.device}, batch {run.batch}: <strong>{duration(run.result?.latencyMs.p50)}</strong>{' '}
          {run.certificate && <Verdict verdict={run.certificate.verdict} />}
        </p>
      )}
    </div>
  )
}

const useRunIf = (id: string) => useRun(id || 'none')

function Option({ run }: { run: Run | undefined }) {
  const name = useName(run?.architectureId ?? '', run?.architectureName)
  if (!run) return null
  return (
    <span>
      {name}, {run.runtime}, batch {run.batch}, {moment(run.queuedAt)}: {duration(run.result?.latencyMs.p50)}
    </span>
  )
}

/** The interval on a line, with 1 marked. */
function Interval({ ratio, interval }: { ratio: number; interval: [number, number] }) {
  const low = Math.min(interval[0], 1) / 1.15
  const high = Math.max(interval[1], 1) * 1.15
  const x = (value: number) => (100 * Math.log(value / low)) / Math.log(high / low)
  return (
    <>
      <svg
        viewBox="0 0 100 14"
        width="100%"
        height={56}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${short(ratio)}, from ${short(interval[0])} to ${short(interval[1])}; equal is 1`}
      >
        <line x1="0" x2="100" y1="7" y2="7" stroke="var(--line)" vectorEffect="non-scaling-stroke" />
        <line x1={x(1)} x2={x(1)} y1="0" y2="14" stroke="var(--quiet)" strokeDasharray="3 3" vectorEffect="non-scaling-stroke" />
        <line
          x1={x(interval[0])}
          x2={x(interval[1])}
          y1="7"
          y2="7"
          stroke="var(--memory)"
          strokeWidth="8"
          vectorEffect="non-scaling-stroke"
          opacity="0.5"
        />
        <line x1={x(ratio)} x2={x(ratio)} y1="3" y2="11" stroke="var(--memory)" strokeWidth="3" vectorEffect="non-scaling-stroke" />
      </svg>
      <div aria-hidden="true" className="note" style={{ position: 'relative', height: '1.4rem' }}>
        {x(1) > 12 && <span style={{ position: 'absolute', left: 0 }}>← b is faster</span>}
        <span style={{ position: 'absolute', left: `${Math.min(Math.max(x(1), 5), 95)}%`, transform: 'translateX(-50%)' }}>equal</span>
        {x(1) < 88 && <span style={{ position: 'absolute', right: 0 }}>b is slower →</span>}
      </div>
    </>
  )
}
