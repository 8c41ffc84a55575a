import { Fragment } from 'react'
import { useExplanation } from '../api/queries.ts'
import { exact, scaled } from '../lib/format.ts'
import { Refused } from '../shell/states.tsx'

/** Why the convention on screen gives another number than the lecture's, kind of layer by kind of layer. */
export function Why({ id, to, batch }: { id: string; to: string; batch: number }) {
  const { data, error } = useExplanation(id, 'lecture', to, batch)
  if (error) return <Refused error={error} />
  if (!data) return null
  const { from, to: target, difference } = data.totals
  const most = Math.max(...data.items.map((item) => Math.abs(item.difference)), 1)
  return (
    <section className="card" style={{ marginTop: '1rem' }} aria-label="Why the conventions differ">
      <h2>
        {difference === 0
          ? `${to} counts what lecture counts here`
          : `${to} counts ${scaled(Math.abs(difference))} ${difference > 0 ? 'more' : 'fewer'} than lecture, because:`}
      </h2>
      <div style={{ color: 'var(--quiet)', fontSize: '0.85rem', marginBottom: 8 }}>
        lecture {exact(from)} → {to} {exact(target)}
      </div>
      {data.items.length > 0 && (
        <div className="scroll">
          <table className="plain">
            <thead>
              <tr>
                <th>Kind of layer</th>
                <th className="num">Layers</th>
                <th className="num">Difference</th>
                <th className="wide">Why</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((item) => (
                <Fragment key={item.type}>
                  <tr>
                    <td>{item.type}</td>
                    <td className="num">{item.layers}</td>
                    <td className="num" title={exact(item.difference)}>
                      {item.difference > 0 ? '+' : item.difference < 0 ? '−' : ''}
                      {scaled(Math.abs(item.difference))}
                      <div className="bar" style={{ width: `${(100 * Math.abs(item.difference)) / most}%`, background: 'var(--flops)' }} />
                    </td>
                    <td className="wide" style={{ minWidth: 260 }}>
                      {item.why}
                    </td>
                  </tr>
                  <tr className="thin">
                    <td colSpan={3} className="note">
                      <div style={{ maxWidth: 'calc(100vw - 5.5rem)' }}>{item.why}</div>
                    </td>
                  </tr>
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
