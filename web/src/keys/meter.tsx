import { percent } from '../lib/format.ts'

interface Measured {
  what: string
  /** Undefined as long as it is not known. */
  value: number | undefined
  /** Null: none. */
  quota: number | null
  /** Of all keys on screen. */
  most: number
  write: (value: number) => string
}

/** From this share of a quota on it is nearly used up. */
const near = 0.9

/** A quantity, of its quota where there is one, and a bar. */
export function Meter({ what, value, quota, most, write }: Measured) {
  if (value === undefined) return <>–</>
  // A quota of 0 is used up.
  const share = quota === null ? (most === 0 ? 0 : value / most) : quota === 0 ? 1 : value / quota
  const color = quota === null ? 'var(--quiet)' : share >= near ? 'var(--bad)' : 'var(--memory)'
  const title = quota === null ? `${what}: ${write(value)}, no quota` : `${what}: ${write(value)} of ${write(quota)}, ${percent(share)}`
  return (
    <div title={title} style={{ minWidth: '5.5rem' }}>
      <span style={{ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}>{write(value)}</span>
      {quota !== null && <span className="share"> of {write(quota)}</span>}
      <div style={{ background: 'var(--line)', borderRadius: 2, marginTop: 3 }} aria-hidden="true">
        <div
          className="bar"
          style={{ margin: 0, width: `${Math.min(share, 1) * 100}%`, background: value > 0 || quota === 0 ? color : 'transparent' }}
        />
      </div>
    </div>
  )
}
