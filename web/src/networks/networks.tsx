import { MultiSelect, Select } from '@mantine/core'
import { Link } from 'wouter'
import { paths, useArchitectures, useConventions, useCostComparison, useZoo } from '../api/queries.ts'
import type { ComparedNetwork, CostComparison } from '../api/types.ts'
import { bytes, exact, scaled, short } from '../lib/format.ts'
import { useUrlState } from '../lib/url.ts'
import { Header } from '../shell/header.tsx'
import { Empty, Loading, Refused } from '../shell/states.tsx'
import { LayerDiff } from './layer-diff.tsx'
import { Shares } from './shares.tsx'

const defaults = { architectures: '', convention: 'lecture', groupBy: 'stage' }
const groupings = ['stage', 'op', 'block', 'layer']

/** Networks side by side on paper; the first is what the others are held to. */
export function Networks() {
  const [view, set] = useUrlState(defaults)
  const chosen = view.architectures.split(',').filter((each) => each !== '')
  const registered = useArchitectures('', 200)
  const zoo = useZoo()
  const conventions = useConventions()
  const { data, error, isPlaceholderData } = useCostComparison({ ...view, architectures: chosen.join(',') })
  return (
    <>
      <Header
        title="Networks side by side"
        note="What they cost on paper. The first is what the others are held to."
        calls={chosen.length > 0 ? [{ what: 'This comparison', path: paths.networks({ ...view, architectures: chosen.join(',') }) }] : []}
      />
      <MultiSelect
        label="Networks"
        placeholder={chosen.length === 0 ? 'registered, or of the zoo' : ''}
        searchable
        maxValues={20}
        limit={200}
        data={[
          { group: 'registered', items: (registered.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name })) },
          ...(zoo.data?.items ?? []).map(({ name, presets }) => ({ group: `zoo: ${name}`, items: presets })),
        ]}
        value={chosen}
        onChange={(to) => set({ architectures: to.join(',') })}
        mb="sm"
      />
      <div style={{ display: 'flex', gap: 12, marginBottom: '1rem' }}>
        <Select
          size="xs"
          label="Convention"
          allowDeselect={false}
          data={conventions.data?.items.map(({ name }) => name) ?? [view.convention]}
          value={view.convention}
          onChange={(convention) => convention && set({ convention })}
        />
        <Select
          size="xs"
          label="Shares by"
          allowDeselect={false}
          data={groupings}
          value={view.groupBy}
          onChange={(groupBy) => groupBy && set({ groupBy })}
        />
      </div>
      {error && <Refused error={error} title="These cannot be compared" />}
      {chosen.length === 0 ? (
        <Empty title="Pick two networks">
          For instance{' '}
          <button
            type="button"
            className="sort"
            style={{ textDecoration: 'underline' }}
            onClick={() => set({ architectures: 'alexnet_lecture,vgg16_lecture' })}
          >
            AlexNet and VGG-16
          </button>
          : with two, their layers are matched as well.
        </Empty>
      ) : data ? (
        <div style={{ opacity: isPlaceholderData ? 0.6 : 1 }}>
          <Totals comparison={data} />
          <Shares networks={data.networks} by={view.groupBy} />
          {data.diff && <LayerDiff diff={data.diff} />}
          {data.noDiff && <p className="note">{data.noDiff}</p>}
        </div>
      ) : (
        !error && <Loading />
      )}
    </>
  )
}

type Figure = keyof ComparedNetwork['totals']
const figures: [Figure, string, (value: number) => string, string][] = [
  ['flops', 'Flops', scaled, 'var(--flops)'],
  ['macs', 'Multiply-adds', scaled, 'var(--flops)'],
  ['params', 'Parameters', scaled, 'var(--params)'],
  ['weightBytes', 'Weights', bytes, 'var(--params)'],
  ['memoryKiB', 'Memory, all outputs', (value) => bytes(value * 1024), 'var(--memory)'],
  ['multiplyingMemoryKiB', 'of layers that multiply', (value) => bytes(value * 1024), 'var(--memory)'],
  ['peakActivationBytes', 'Memory at the peak', bytes, 'var(--memory)'],
  ['trainingBytes', 'To train', bytes, 'var(--memory)'],
  ['bytesRead', 'Bytes read', bytes, 'var(--quiet)'],
  ['bytesWritten', 'Bytes written', bytes, 'var(--quiet)'],
  ['layers', 'Layers', exact, 'var(--quiet)'],
]

function Totals({ comparison: { networks, convention } }: { comparison: CostComparison }) {
  return (
    <div className="card scroll" style={{ padding: 0 }}>
      <table className="plain">
        <thead>
          <tr>
            <th>Convention {convention}</th>
            {networks.map(({ architecture, name, inputs }) => (
              <th key={architecture} className="num">
                {/-/.test(architecture) ? <Link href={`/architectures/${architecture}`}>{name}</Link> : name}
                <p className="note">{inputs.map((input) => input.shape.join('×')).join(', ')}</p>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {figures.map(([key, label, write, color]) => {
            const largest = Math.max(...networks.map(({ totals }) => totals[key]), 1)
            return (
              <tr key={key}>
                <td>{label}</td>
                {networks.map(({ architecture, totals, ratios, partial }, at) => (
                  <td key={architecture} className="num" title={exact(totals[key])}>
                    {partial && (key === 'flops' || key === 'macs') ? '≥ ' : ''}
                    {write(totals[key])}
                    {at > 0 && ratios[key] !== null && <span style={{ color: 'var(--quiet)' }}> ×{short(ratios[key])}</span>}
                    <div className="bar" style={{ width: `${(100 * totals[key]) / largest}%`, background: color }} />
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
