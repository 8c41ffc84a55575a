import { Button } from '@mantine/core'
import { Fragment } from 'react'
import { useAdvice } from '../api/queries.ts'
import type { Advice, Finding } from '../api/types.ts'
import { bytes, exact, percent, scaled } from '../lib/format.ts'
import { Empty, Loading, Refused } from '../shell/states.tsx'

/** What dominates the network's cost, and which rewrites would save something. */
export function AdviceView({
  id,
  batch,
  onPick,
  onTry,
}: {
  id: string
  batch: number
  onPick: (layer: string) => void
  onTry: (rewrite: string) => void
}) {
  const { data, error } = useAdvice(id, batch)
  if (error) return <Refused error={error} />
  if (!data) return <Loading />
  return (
    <>
      <div className="findings">
        {data.findings.map((finding) => (
          <FindingCard key={finding.name} finding={finding} onPick={onPick} />
        ))}
      </div>
      <h2 style={{ marginTop: '1.2rem' }}>What would be cheaper</h2>
      {data.savings.length === 0 ? (
        <Empty title="No rewrite saves anything here">Those that apply cost as much or more.</Empty>
      ) : (
        <Savings advice={data} onTry={onTry} />
      )}
    </>
  )
}

function FindingCard({ finding, onPick }: { finding: Finding; onPick: (layer: string) => void }) {
  return (
    <article className="card">
      <div style={{ fontWeight: 600 }}>{finding.statement}</div>
      <p className="note" style={{ marginTop: 6 }}>
        <span className="mark" style={{ color: finding.holds ? 'var(--flops)' : 'var(--warn)' }}>
          {finding.holds ? '✓ As the rule says' : '✗ Not as the rule says'}
        </span>
        : {finding.rule} <cite>{finding.source}</cite>
      </p>
      {finding.layers.length > 0 && (
        <div style={{ fontSize: '0.82rem' }}>
          {finding.layers.map((layer) => (
            <button key={layer} type="button" className="sort chip" onClick={() => onPick(layer)}>
              {layer}
            </button>
          ))}
        </div>
      )}
    </article>
  )
}

function Preview({ rewrite, onTry }: { rewrite: string; onTry: (rewrite: string) => void }) {
  return (
    <Button size="compact-xs" variant="default" onClick={() => onTry(rewrite)} aria-label={`Preview ${rewrite}`}>
      Preview
    </Button>
  )
}

function Savings({ advice: { savings, best }, onTry }: { advice: Advice; onTry: (rewrite: string) => void }) {
  const cell = (saved: number, share: number, text: string, color: string) => (
    <td className="num" title={exact(saved)}>
      {saved === 0 ? '–' : `${saved > 0 ? '−' : '+'}${text}`}
      {saved !== 0 && (
        <>
          {' '}
          <span className="share">{percent(Math.abs(share))}</span>
        </>
      )}
      <div className="bar" style={{ width: `${100 * Math.min(Math.max(share, 0), 1)}%`, background: color }} />
    </td>
  )
  const bests = (name: string) =>
    [
      best.params === name && 'most parameters',
      best.macs === name && 'most multiply-adds',
      best.memoryKiB === name && 'most memory',
    ].filter(Boolean)
  return (
    <div className="card scroll" style={{ padding: 0 }}>
      <table className="plain">
        <thead>
          <tr>
            <th>Rewrite</th>
            <th className="num">Params</th>
            <th className="num">Multiply-adds</th>
            <th className="num">Memory</th>
            <th className="wide">What it gives up</th>
            <th className="wide">
              <span className="unseen">Preview</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {savings.map(({ rewrite, layers, saved, share, givesUp, source }) => (
            <Fragment key={rewrite}>
              <tr>
                <td>
                  <strong>{rewrite}</strong>
                  <p className="note">
                    {layers === 0 ? 'the network as a whole' : `${exact(layers)} ${layers === 1 ? 'layer' : 'layers'}`}
                    {bests(rewrite).length > 0 && `, saves ${bests(rewrite).join(' and ')}`}
                  </p>
                </td>
                {cell(saved.params, share.params, scaled(Math.abs(saved.params)), 'var(--params)')}
                {cell(saved.macs, share.macs, scaled(Math.abs(saved.macs)), 'var(--flops)')}
                {cell(saved.memoryKiB, share.memoryKiB, bytes(Math.abs(saved.memoryKiB) * 1024), 'var(--memory)')}
                <td className="wide" style={{ minWidth: 220 }}>
                  {givesUp}
                  <p className="note">{source}</p>
                </td>
                <td className="wide">
                  <Preview rewrite={rewrite} onTry={onTry} />
                </td>
              </tr>
              <tr className="thin">
                <td colSpan={4} style={{ fontSize: '0.82rem', paddingBottom: '0.8rem' }}>
                  <div>
                    {givesUp} <cite>{source}</cite> <Preview rewrite={rewrite} onTry={onTry} />
                  </div>
                </td>
              </tr>
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  )
}
