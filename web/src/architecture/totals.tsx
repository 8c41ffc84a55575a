import type { Costs } from '../api/types.ts'
import { bytes, exact, scaled } from '../lib/format.ts'

export function Totals({ costs }: { costs: Costs }) {
  const { totals, training, convention, batch } = costs
  const least = totals.partial ? '≥ ' : ''
  const of = batch === 1 ? 'one image' : `a batch of ${batch}`
  return (
    <div className="card">
      <dl className="figures">
        <Figure
          name="Flops"
          value={`${least}${scaled(totals.flops)}`}
          note={`convention ${convention}, ${of}`}
          title={exact(totals.flops)}
          color="var(--flops)"
        />
        <Figure
          name="Multiply-adds"
          value={`${least}${scaled(totals.macs)}`}
          note="the same under every convention"
          title={exact(totals.macs)}
        />
        <Figure
          name="Parameters"
          value={scaled(totals.params)}
          note={`${bytes(totals.weightBytes)} of weights`}
          title={exact(totals.params)}
          color="var(--params)"
        />
        <Figure
          name="Memory, all outputs"
          value={bytes(totals.memoryKiB * 1024)}
          note="outputs of all layers, added"
          title={`${exact(totals.memoryKiB)} KiB`}
          color="var(--memory)"
        />
        <Figure
          name="Memory at the peak"
          value={bytes(totals.peakActivationBytes)}
          note={totals.peakActivationLayer ? `what is alive at ${totals.peakActivationLayer}` : 'what is alive at once'}
          title={`${exact(totals.peakActivationBytes)} bytes`}
        />
        <Figure
          name="To train"
          value={bytes(training.totalBytes)}
          note="weights, gradients, optimizer, activations"
          title={`${exact(training.totalBytes)} bytes`}
        />
      </dl>
      {costs.uncounted.length > 0 && (
        <p style={{ margin: '0.8rem 0 0', color: 'var(--warn)' }}>
          At least that: {costs.uncounted.length} {costs.uncounted.length === 1 ? 'layer' : 'layers'} could not be counted (
          {[...new Set(costs.uncounted.map(({ type }) => type))].slice(0, 6).join(', ')}): {costs.uncounted[0]?.reason}
        </p>
      )}
    </div>
  )
}

export function Figure({
  name,
  value,
  note,
  title,
  color,
}: {
  name: string
  value: string
  note?: string
  title?: string
  color?: string
}) {
  return (
    <div title={title} style={color ? { borderLeft: `3px solid ${color}`, paddingLeft: 10 } : { paddingLeft: 13 }}>
      <dt>{name}</dt>
      <dd>
        {value}
        {note && <small>{note}</small>}
      </dd>
    </div>
  )
}
