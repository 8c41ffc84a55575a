import { Link } from 'wouter'
import type { Run } from '../api/types.ts'
import { duration, moment, short } from '../lib/format.ts'
import { Name } from './name.tsx'
import { Status, Verdict } from './verdict.tsx'

/** Runs with what came of them. */
export function RunsTable({ runs, picked, onPick }: { runs: Run[]; picked?: string[]; onPick?: (id: string) => void }) {
  return (
    <div className="scroll">
      <table className="plain">
        <thead>
          <tr>
            {onPick && (
              <th>
                <span className="unseen">Compare</span>
              </th>
            )}
            <th>Network</th>
            <th className="wide">On</th>
            <th className="num wide">Batch</th>
            <th className="num">Median</th>
            <th className="num wide">95 % interval</th>
            <th className="num wide">Images/s</th>
            <th>Outcome</th>
            <th className="num wide">Queued</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              {onPick && (
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Pick ${run.runtime} run of ${moment(run.queuedAt)} to compare`}
                    disabled={run.status !== 'succeeded'}
                    checked={picked?.includes(run.id) ?? false}
                    onChange={() => onPick(run.id)}
                  />
                </td>
              )}
              <td>
                <Link href={`/runs/${run.id}`}>
                  <Name id={run.architectureId} known={run.architectureName} />
                </Link>
                <span className="note thin">
                  {where(run)}
                  {run.batch > 1 ? ` · batch ${run.batch}` : ''} · {moment(run.queuedAt)}
                  {run.key && ` · by ${byOf(run.key)}`}
                </span>
              </td>
              <td className="wide" style={{ whiteSpace: 'nowrap' }}>
                {where(run)}
              </td>
              <td className="num wide">{run.batch}</td>
              <td className="num">{duration(run.result?.latencyMs.p50)}</td>
              <td className="num wide">
                {run.result?.latencyMs.medianCi95 ? run.result.latencyMs.medianCi95.map(short).join(' – ') : '–'}
              </td>
              <td className="num wide">{short(run.result?.throughputPerSecond)}</td>
              <td>
                <Outcome run={run} />
              </td>
              <td className="num wide">
                {moment(run.queuedAt)}
                {run.key && (
                  <span className="note" style={{ display: 'block' }}>
                    by {byOf(run.key)}
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Who queued a run: the name of the key where one may see it, else its beginning. */
export const byOf = ({ name, prefix }: NonNullable<Run['key']>): string => name ?? prefix

const where = ({ device, runtime, precision }: Run): string => `${device} · ${runtime}${precision === 'float32' ? '' : ` · ${precision}`}`

function Outcome({ run }: { run: Run }) {
  if (run.status === 'succeeded' && run.certificate)
    return <Verdict verdict={run.certificate.verdict} why={run.certificate.reasons.map(({ message }) => message).join('\n')} />
  return (
    <span title={run.error?.message}>
      <Status status={run.status} />
    </span>
  )
}
