import { Button } from '@mantine/core'
import { useState } from 'react'
import type { CostComparison, LayerDifference } from '../api/types.ts'
import { signed } from '../architecture/rewrite/before-after.tsx'
import { bytes, exact, same } from '../lib/format.ts'

const most = 60
const words = { same: '', changed: 'changed', added: 'only in the second', removed: 'only in the first' } as const

/** The layers in which two networks differ, in the order in which they run. */
export function LayerDiff({ diff }: { diff: NonNullable<CostComparison['diff']> }) {
  const [all, setAll] = useState(false)
  return (
    <section className="card" style={{ marginTop: '1rem' }} aria-label="Layer by layer">
      <h2>
        {exact(diff.same)} layers are the same, {exact(diff.changed)} differ, {exact(diff.removed)} only in the first, {exact(diff.added)}{' '}
        only in the second
      </h2>
      <p className="note">{diff.rule}</p>
      {diff.layers.length > 0 && (
        <div className="scroll">
          <table className="plain">
            <thead>
              <tr>
                <th>Layer</th>
                <th>What differs</th>
                <th className="num">Params</th>
                <th className="num">Flops</th>
                <th className="num">Memory</th>
              </tr>
            </thead>
            <tbody>
              {diff.layers.slice(0, all ? undefined : most).map((layer) => (
                <Row key={`${layer.from} ${layer.to}`} layer={layer} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {!all && diff.layers.length > most && (
        <Button variant="subtle" size="xs" mt="xs" onClick={() => setAll(true)}>
          Show all {exact(diff.layers.length)}
        </Button>
      )}
    </section>
  )
}

/** Sizes as they are written elsewhere: [11,11] is 11, 64x56x56 is 64×56×56. */
function neat(value: string | null): string {
  if (value === null) return '–'
  const list = /^\[(\d+(?:,\d+)*)\]$/.exec(value)
  return list ? same(list[1]!.split(',').map(Number)) : value.replace(/(?<=\d)x(?=\d)/g, '×')
}

function Row({ layer: { from, to, type, status, changes, difference } }: { layer: LayerDifference }) {
  return (
    <tr>
      <td>
        {from !== null && to !== null && from !== to ? `${from} → ${to}` : (to ?? from)}
        <p className="note">
          {type}
          {words[status] && `, ${words[status]}`}
        </p>
      </td>
      <td>
        {changes.map((each) => (
          <div key={each.what}>
            {each.what}: {neat(each.from)} → {neat(each.to)}
          </div>
        ))}
      </td>
      <td className="num">{signed(difference.params)}</td>
      <td className="num">{signed(difference.flops)}</td>
      <td className="num">{signed(difference.memoryKiB * 1024, bytes)}</td>
    </tr>
  )
}
