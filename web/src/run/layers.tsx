import { Link } from 'wouter'
import type { LayerProfile } from '../api/types.ts'
import { duration, percent, scaled, short } from '../lib/format.ts'

/** How a layer can do more than the ceilings allow. */
const why = { inCache: 'from cache', fewerFlops: 'fewer flops than counted', ceilingTooLow: 'ceiling too low' }

/** What each layer costs on paper beside the time it took. */
export function Layers({ profile, architectureId }: { profile: LayerProfile; architectureId: string }) {
  const most = Math.max(...profile.rows.map(({ ms }) => ms), 1e-9)
  const flops = Math.max(...profile.rows.map((row) => row.flops), 1)
  return (
    <section className="card" style={{ marginBottom: '1rem', padding: 0 }} aria-label="Layers, on paper and measured">
      <div style={{ padding: '1rem 1.1rem 0' }}>
        <h2>On paper, and on the machine</h2>
        <p className="note">
          Flops under convention {profile.convention}. Where the two bars differ, flops do not tell the time.{' '}
          {percent(profile.unattributed.share)} of the call belongs to no layer.
        </p>
      </div>
      <div className="scroll" style={profile.rows.length > 40 ? { maxHeight: 1200, overflowY: 'auto' } : undefined}>
        <table className="plain">
          <thead>
            <tr>
              <th>Layer</th>
              <th className="num">Flops</th>
              <th className="num">Time</th>
              <th className="num">Share</th>
              <th className="num">Gflop/s</th>
              <th className="num">GB/s</th>
              <th className="num">Of the roofline</th>
              <th>Bound by</th>
              <th className="num">Lost</th>
            </tr>
          </thead>
          <tbody>
            {profile.rows.map((row) => (
              <tr key={row.layerIds.join()}>
                <td style={{ minWidth: 140 }}>
                  <Link href={`/architectures/${architectureId}?layer=${encodeURIComponent(row.layerIds[0] ?? '')}`}>
                    {row.layerIds[0]}
                  </Link>
                  {row.layerIds.length > 1 && <span style={{ color: 'var(--quiet)' }}> + {row.layerIds.slice(1).join(', ')}</span>}
                </td>
                <td className="num">
                  {scaled(row.flops)}
                  <div className="bar" style={{ width: `${(100 * row.flops) / flops}%`, background: 'var(--flops)' }} />
                </td>
                <td className="num">
                  {duration(row.ms)}
                  <div className="bar" style={{ width: `${(100 * row.ms) / most}%`, background: 'var(--memory)' }} />
                </td>
                <td className="num">{percent(row.share)}</td>
                <td className="num">{short(row.gflopsPerSecond)}</td>
                <td className="num">{short(row.gigabytesPerSecond)}</td>
                <td className="num">
                  {row.rooflineShare === null ? '–' : percent(row.rooflineShare)}
                  {row.above && <div className="note">{why[row.above]}</div>}
                </td>
                <td>{row.bound ?? '–'}</td>
                <td className="num">{duration(row.lostMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
