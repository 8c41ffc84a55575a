import { Group, SegmentedControl } from '@mantine/core'
import { type CostView, usePlacement } from '../api/queries.ts'
import type { Placement } from '../api/types.ts'
import { bytes, exact, percent, scaled, short } from '../lib/format.ts'
import { Loading, Refused } from '../shell/states.tsx'

const counts = ['2', '3', '4', '8']
const ways = [
  { value: 'stage', label: 'By stage' },
  { value: 'tower', label: 'By tower' },
]

export interface PlacementChoice {
  devices: string
  split: string
}

/** The network split over equal devices: what each computes and holds, and what goes between them. */
export function PlacementView({
  id,
  costs,
  choice,
  onChange,
}: {
  id: string
  costs: CostView
  choice: PlacementChoice
  onChange: (choice: Partial<PlacementChoice>) => void
}) {
  const { data, error } = usePlacement(id, { ...costs, devices: choice.devices, by: choice.split })
  return (
    <>
      <Group gap="sm" mb="sm">
        <SegmentedControl
          size="xs"
          aria-label="Devices"
          data={counts.map((value) => ({ value, label: `${value} devices` }))}
          value={choice.devices}
          onChange={(devices) => onChange({ devices })}
        />
        <SegmentedControl size="xs" aria-label="Split" data={ways} value={choice.split} onChange={(split) => onChange({ split })} />
      </Group>
      {error ? <Refused error={error} /> : data ? <Parts placement={data} /> : <Loading />}
    </>
  )
}

function Parts({ placement: { by, parts, balance, trafficBytes, undivided } }: { placement: Placement }) {
  return (
    <section className="card" aria-label="Placement">
      <h2>
        {by === 'stage' ? 'Consecutive layers on each device' : 'A part of the channels of each layer on each device'}: balance{' '}
        {short(balance)}
      </h2>
      <p className="note">
        At 1 no device waits for another. {bytes(trafficBytes)} go between devices in one call.
        {undivided.length > 0 &&
          ` ${undivided.length} ${undivided.length === 1 ? 'layer' : 'layers'} cannot be divided: device 0 has them.`}
      </p>
      <div className="scroll">
        <table className="plain">
          <thead>
            <tr>
              <th>Device</th>
              <th className="wide">Layers</th>
              <th className="num">Multiply-adds</th>
              <th className="num wide">Params</th>
              <th className="num">Peak memory</th>
              <th className="num wide">Receives</th>
            </tr>
          </thead>
          <tbody>
            {parts.map((part) => (
              <tr key={part.device}>
                <td>{part.device}</td>
                <td className="wide">
                  {exact(part.layers)}
                  <p className="note">
                    {part.firstLayerId} to {part.lastLayerId}
                  </p>
                </td>
                <td className="num" title={exact(part.macs)}>
                  {scaled(part.macs)} <span className="share">{percent(part.share)}</span>
                  <div className="bar" style={{ width: `${100 * part.share}%`, background: 'var(--flops)' }} />
                </td>
                <td className="num wide" title={exact(part.params)}>
                  {scaled(part.params)}
                </td>
                <td className="num" title={`${exact(part.peakBytes)} bytes, weights among them`}>
                  {bytes(part.peakBytes)}
                </td>
                <td className="num wide" title={`${exact(part.receivedBytes)} bytes`}>
                  {bytes(part.receivedBytes)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
