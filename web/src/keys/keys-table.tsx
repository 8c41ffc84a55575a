import { Link } from 'wouter'
import type { Key, KeyUsage } from '../api/types.ts'
import { bytes, duration, exact, moment } from '../lib/format.ts'
import { Meter } from './meter.tsx'
import { Revoke } from './revoke.tsx'
import { stateOf } from './state.ts'

const seconds = (value: number): string => (value === 0 ? '0 s' : duration(value * 1000))

/** Keys with what they used and may use. @param own id of the key that this browser is signed in by. */
export function KeysTable({ keys, usages, own }: { keys: Key[]; usages: Map<string, KeyUsage>; own: string | undefined }) {
  // What bars without a quota are held against.
  const largest = (of: (usage: KeyUsage) => number) => Math.max(0, ...[...usages.values()].map(of))
  const most = {
    seconds: largest(({ day }) => day.deviceSeconds),
    runs: largest(({ hour }) => hour.runs),
    bytes: largest(({ bytesStored }) => bytesStored),
  }
  return (
    <>
      <div className="card scroll" style={{ padding: 0 }}>
        <table className="plain">
          <thead>
            <tr>
              <th>Key</th>
              <th className="wide">Role</th>
              <th className="num wide">Weight</th>
              <th>Device time today</th>
              <th>Runs this hour</th>
              <th className="wide">Stored</th>
              <th className="wide">Last used</th>
              <th className="wide">Ends</th>
              <th>
                <span className="unseen">Revoke</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {keys.map((key) => {
              const usage = usages.get(key.id)
              const { runsPerHour, deviceSecondsPerDay, bytesStored } = key.quotas
              return (
                <tr key={key.id}>
                  <td style={{ overflowWrap: 'anywhere', minWidth: '7rem' }}>
                    {key.name} {own === key.id && <span className="share">(yours)</span>}
                    <span className="note" style={{ display: 'block' }}>
                      <Link href={`/audit?key=${key.prefix}`} title="What was changed by it">
                        {key.prefix}
                      </Link>
                      {key.issuer && ` of ${key.issuer}`}
                    </span>
                    <span className="note thin">
                      {key.role}, weight {key.weight} · {used(key)} · {ends(key)}
                    </span>
                  </td>
                  <td className="wide">{key.role}</td>
                  <td className="num wide">{key.weight}</td>
                  <td>
                    <Meter
                      what="Device time today"
                      value={usage?.day.deviceSeconds}
                      quota={deviceSecondsPerDay}
                      most={most.seconds}
                      write={seconds}
                    />
                  </td>
                  <td>
                    <Meter what="Runs this hour" value={usage?.hour.runs} quota={runsPerHour} most={most.runs} write={exact} />
                  </td>
                  <td className="wide">
                    <Meter what="Stored" value={usage?.bytesStored} quota={bytesStored} most={most.bytes} write={bytes} />
                  </td>
                  <td className="wide">{used(key)}</td>
                  <td className="wide">{ends(key)}</td>
                  <td>{stateOf(key) === 'valid' && <Revoke known={key} own={own === key.id} />}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <p className="note" style={{ marginTop: '0.5rem' }}>
        A bar in color is what is used of a quota; a gray one, where there is no quota, is against the key that uses most. Days and hours
        are UTC. Keys whose runs wait for the same device share its time by their weights.
      </p>
    </>
  )
}

const used = ({ lastUsedAt }: Key): string => (lastUsedAt === null ? 'never used' : moment(lastUsedAt))

function ends(key: Key): string {
  const state = stateOf(key)
  if (state === 'revoked') return `revoked ${moment(key.revokedAt!)}`
  if (key.expiresAt === null) return 'never ends'
  return `${state === 'expired' ? 'expired' : 'until'} ${moment(key.expiresAt)}`
}
