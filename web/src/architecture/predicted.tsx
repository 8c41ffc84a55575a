import { Link } from 'wouter'
import { usePredictions } from '../api/queries.ts'
import type { Prediction } from '../api/types.ts'
import { duration, moment, percent, short } from '../lib/format.ts'

/** How long a call would take on each device that a model was learnt for, and how far off such predictions are. Nothing elsewhere. */
export function Predicted({ id, batch, resolution }: { id: string; batch: number; resolution: string }) {
  const predictions = usePredictions(id, { batch, resolution })
  if (predictions.length === 0) return null
  return (
    <section className="card" style={{ marginTop: '1rem' }} aria-label="Predicted latency">
      <h2>How long a call would take</h2>
      <p className="note">Predicted from the runs made there: {batch === 1 ? 'one image' : `a batch of ${batch}`}, float32.</p>
      <dl className="figures">
        {predictions.map((each) => (
          <OnDevice key={`${each.deviceUuid} ${each.runtime}`} prediction={each} />
        ))}
      </dl>
    </section>
  )
}

function OnDevice({ prediction }: { prediction: Prediction }) {
  const { device, runtime, latencyMs, interval, error, byKind, measured, notes } = prediction
  const [most] = byKind
  return (
    <div style={{ borderLeft: '3px solid var(--line)', paddingLeft: 10 }}>
      <dt>
        {device}, {runtime}
      </dt>
      <dd>
        {duration(latencyMs)}
        <small>
          {percent(interval.coverage)} interval: {duration(interval.lowMs)} to {duration(interval.highMs)}
        </small>
        <small title={error.method}>
          {error.architectures} networks left out were missed by {short(error.medianPercent)} % in the median, by{' '}
          {short(error.worstPercent)} % at worst ({error.worstArchitecture})
        </small>
        {most && most.share > 0 && (
          <small>
            most of it {most.kind}, {percent(most.share)}
          </small>
        )}
        {measured && (
          <small>
            <Link href={`/runs/${measured.runId}`}>measured {duration(measured.latencyMs)}</Link>, {moment(measured.finishedAt)}
          </small>
        )}
        {notes.map((note) => (
          <small key={note}>{note}</small>
        ))}
      </dd>
    </div>
  )
}
