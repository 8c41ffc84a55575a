import { Link } from 'wouter'
import { useHistory, useRun } from '../api/queries.ts'
import type { Run } from '../api/types.ts'
import { duration, exact, moment, percent } from '../lib/format.ts'
import { useName } from '../runs/name.tsx'
import { Verdict } from '../runs/verdict.tsx'
import { Header } from '../shell/header.tsx'
import { Empty, Loading, Refused } from '../shell/states.tsx'
import { Course } from './course.tsx'
import { alike, changesSince, type Drift, driftOf } from './drift.ts'

/** One measurement, each time that it was made: the same network, device, runtime and settings. */
export function History({ id }: { id: string }) {
  const { data: run, error } = useRun(id)
  const name = useName(run?.architectureId ?? '', run?.architectureName)
  const { query, path } = useHistory(run)
  if (error && !run) return <Refused error={error} />
  if (!run) return <Loading />
  const runs = (query.data?.items ?? []).filter((each) => alike(each, run)).reverse()
  const drift = driftOf(runs)
  return (
    <>
      <Header
        title={`${name} over time`}
        note={
          <>
            {run.runtime}
            {run.backend ? ` (${run.backend})` : ''} on {run.device} of {run.host}, batch {run.batch}, {run.precision}, the same settings ·{' '}
            <Link href={`/runs/${id}`}>the run</Link>
          </>
        }
        calls={[{ what: 'Runs of this network there, newest first; this page keeps those of the same settings', path }]}
      />
      {query.error && <Refused error={query.error} />}
      {!query.data && !query.error && <Loading />}
      {query.data && runs.length === 0 && (
        <Empty title="It has never been measured to its end">A run that succeeded is a point of this page.</Empty>
      )}
      {runs.length > 0 && (
        <>
          <section className="card" style={{ marginBottom: '1rem' }} aria-label="Course">
            <h2>{headline(runs, drift)}</h2>
            <p className="note">
              Median of a call with its 95 % interval, in the order measured. The band is where the median of the earlier runs lies,{' '}
              {percent(tolerance(run))} to either side: beyond it, a run has drifted.
            </p>
            <Course runs={runs} drift={drift} tolerance={tolerance(run)} />
          </section>
          <Table runs={runs} drift={drift} tolerance={tolerance(run)} current={id} />
        </>
      )}
    </>
  )
}

/** How far a median may lie from the earlier ones: the run's own setting. */
const tolerance = (run: Run): number => run.settings.repeatTolerance

function headline(runs: Run[], drift: (Drift | null)[]): string {
  const last = drift.at(-1)
  if (!last) return runs.length === 1 ? 'Measured once so far' : `Measured ${exact(runs.length)} times; drift is told from the fourth on`
  const far = Math.abs(last.share) > tolerance(runs.at(-1)!)
  const way = last.share > 0 ? 'slower' : 'faster'
  return far
    ? `The latest is ${percent(Math.abs(last.share))} ${way} than the ${last.of} before it`
    : `Steady: the latest is within ${percent(tolerance(runs.at(-1)!))} of the ${last.of} before it`
}

function Table({ runs, drift, tolerance, current }: { runs: Run[]; drift: (Drift | null)[]; tolerance: number; current: string }) {
  return (
    <div className="card scroll" style={{ padding: 0 }}>
      <table className="plain">
        <thead>
          <tr>
            <th>Ended</th>
            <th className="num">Median</th>
            <th className="num">Drift</th>
            <th>Verdict</th>
            <th>What was different from the one before</th>
          </tr>
        </thead>
        <tbody>
          {runs
            .map((run, at) => {
              const own = drift[at]
              const far = own && Math.abs(own.share) > tolerance
              return (
                <tr key={run.id} data-picked={run.id === current} aria-current={run.id === current ? 'true' : undefined}>
                  <td>
                    <Link href={`/runs/${run.id}`}>{moment(run.finishedAt ?? run.queuedAt)}</Link>
                    {run.id === current && <span style={{ color: 'var(--quiet)' }}> this one</span>}
                  </td>
                  <td className="num">{duration(run.result?.latencyMs.p50)}</td>
                  <td className="num" style={far ? { color: 'var(--warn)', fontWeight: 600 } : undefined}>
                    {own ? `${own.share > 0 ? '+' : '−'}${percent(Math.abs(own.share))}` : '–'}
                  </td>
                  <td>{run.certificate && <Verdict verdict={run.certificate.verdict} />}</td>
                  <td>{at === 0 ? 'the first' : changesSince(runs[at - 1]!, run).join('; ') || 'nothing that is recorded'}</td>
                </tr>
              )
            })
            .reverse()}
        </tbody>
      </table>
    </div>
  )
}
