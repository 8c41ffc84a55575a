import type { Run } from '../api/types.ts'

/** Under what the figure was taken: read from what the run recorded, whatever that is on its kind of device. */
export function Environment({ run }: { run: Run }) {
  const rows = [...flat(run.environment ?? {}), ...flat(run.settings, 'settings')].filter(
    ([name], index, all) => all.findIndex(([other]) => other === name) === index,
  )
  return (
    <details className="card">
      <summary style={{ cursor: 'pointer', fontWeight: 600 }}>Under what it was measured</summary>
      <dl className="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

function flat(value: object, under = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, each]): [string, string][] => {
    const name = under ? `${under}.${key}` : key
    if (each === null || each === undefined) return []
    if (Array.isArray(each))
      return each.length === 0
        ? []
        : [[name, each.map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item))).join(', ')]]
    if (typeof each === 'object') return flat(each, name)
    return [[name, String(each)]]
  })
}
