import { Button } from '@mantine/core'
import { useState } from 'react'
import type { RewriteLayer, RewriteResult } from '../../api/types.ts'
import { bytes, exact, percent, scaled, shape } from '../../lib/format.ts'

/** Layers shown before somebody asks for the rest. */
const most = 60

/** A network beside what a recipe makes of it: totals, what was left alone, and every layer that is not the same. */
export function BeforeAfter({ result }: { result: RewriteResult }) {
  const { before, after, steps, exact: same, receptiveField, weights } = result
  const rows = [
    ['Parameters', before.params, after.params, scaled, 'var(--params)'],
    ['Multiply-adds', before.macs, after.macs, scaled, 'var(--flops)'],
    [`Flops (${result.convention})`, before.flops, after.flops, scaled, 'var(--flops)'],
    ['Memory, all outputs', before.memoryKiB * 1024, after.memoryKiB * 1024, bytes, 'var(--memory)'],
    ['Memory at the peak', before.peakActivationBytes, after.peakActivationBytes, bytes, 'var(--memory)'],
    ['Weights', before.weightBytes, after.weightBytes, bytes, 'var(--params)'],
    ['Layers', before.layers, after.layers, exact, 'var(--quiet)'],
  ] as const
  return (
    <>
      <section className="card" aria-label="Before and after">
        <div className="scroll">
          <table className="plain">
            <thead>
              <tr>
                <th>Totals</th>
                <th className="num">Before</th>
                <th className="num">After</th>
                <th className="num">Change</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(([label, from, to, write, color]) => (
                <tr key={label}>
                  <td>{label}</td>
                  <td className="num" title={exact(from)}>
                    {write(from)}
                    <div className="bar" style={{ width: `${(100 * from) / Math.max(from, to, 1)}%`, background: color, opacity: 0.5 }} />
                  </td>
                  <td className="num" title={exact(to)}>
                    {write(to)}
                    <div className="bar" style={{ width: `${(100 * to) / Math.max(from, to, 1)}%`, background: color }} />
                  </td>
                  <td className="num">{change(from, to)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <ul style={{ margin: '0.8rem 0 0', paddingLeft: '1.2rem', fontSize: '0.88rem' }}>
          <li>
            {same
              ? 'The outputs stay the same for the same weights, up to rounding.'
              : `The outputs change: ${scaled(weights.kept)} weights stay as they were, ${scaled(weights.derived)} follow from others by a formula, ${scaled(weights.new)} are to be learned.`}
          </li>
          <li>
            {receptiveField.kept
              ? 'Every output sees as much of the input as before.'
              : 'The outputs see another part of the input than before.'}
          </li>
          {steps.map(({ rewrite, applied, skipped }, at) => (
            <li key={at}>
              {rewrite}: {applied.length === 0 ? 'the network as a whole' : `${exact(applied.length)} layers changed`}
              {skipped.length > 0 && (
                <details>
                  <summary>{exact(skipped.length)} left as they were</summary>
                  <ul>
                    {skipped.slice(0, 20).map(({ layerId, reason }) => (
                      <li key={layerId}>
                        <code>{layerId}</code> {reason}
                      </li>
                    ))}
                  </ul>
                </details>
              )}
            </li>
          ))}
        </ul>
      </section>
      <Layers layers={inPlace(result.layers.filter(({ change }) => change !== 'kept'))} />
    </>
  )
}

/** Layers that are gone, which the service lists last, each before what took its place: its name is the beginning of theirs. */
function inPlace(layers: RewriteLayer[]): RewriteLayer[] {
  const gone = new Map(layers.filter(({ change }) => change === 'removed').map((layer) => [layer.id, layer]))
  const sorted: RewriteLayer[] = []
  for (const layer of layers) {
    if (layer.change === 'removed') continue
    const parts = layer.id.split('.')
    const before = parts.map((_, at) => parts.slice(0, at + 1).join('.')).find((id) => gone.has(id))
    if (before !== undefined) {
      sorted.push(gone.get(before)!)
      gone.delete(before)
    }
    sorted.push(layer)
  }
  return [...sorted, ...gone.values()]
}

const words = { added: 'new', removed: 'gone', changed: 'changed', kept: '' } as const

function Layers({ layers }: { layers: RewriteLayer[] }) {
  const [all, setAll] = useState(false)
  return (
    <section className="card scroll" style={{ padding: 0, marginTop: '1rem' }} aria-label="Layers that are not the same">
      <table className="plain">
        <thead>
          <tr>
            <th>{exact(layers.length)} layers are not the same</th>
            <th>Before</th>
            <th>After</th>
            <th className="num">Params</th>
            <th className="num">Flops</th>
          </tr>
        </thead>
        <tbody>
          {layers.slice(0, all ? undefined : most).map(({ id, change: what, before, after }) => (
            <tr key={`${id} ${what}`}>
              <td>
                {id} <span style={{ color: 'var(--quiet)' }}>{words[what]}</span>
              </td>
              <td>{before ? `${before.type} → ${shape(before.outputShape)}` : '–'}</td>
              <td>{after ? `${after.type} → ${shape(after.outputShape)}` : '–'}</td>
              <td className="num">{signed((after?.params ?? 0) - (before?.params ?? 0))}</td>
              <td className="num">{signed((after?.flops ?? 0) - (before?.flops ?? 0))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {!all && layers.length > most && (
        <Button variant="subtle" size="xs" m="xs" onClick={() => setAll(true)}>
          Show all {exact(layers.length)}
        </Button>
      )}
    </section>
  )
}

export const signed = (value: number, write: (value: number) => string = scaled): string =>
  value === 0 ? '0' : `${value > 0 ? '+' : '−'}${write(Math.abs(value))}`

const change = (from: number, to: number): string =>
  from === to ? 'the same' : from === 0 ? 'new' : `${to > from ? '+' : '−'}${percent(Math.abs(to - from) / from)}`
