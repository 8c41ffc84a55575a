import { Group } from '@mantine/core'
import { useKeys, useSession, useUsages } from '../api/queries.ts'
import type { Key, Role } from '../api/types.ts'
import { Filter } from '../lib/filter.tsx'
import { useUrlState } from '../lib/url.ts'
import { AdminsAlone } from '../shell/admins.tsx'
import { Header } from '../shell/header.tsx'
import { Empty, Loading, Refused } from '../shell/states.tsx'
import { KeysTable } from './keys-table.tsx'
import { MakeKey } from './make-key.tsx'
import { stateOf } from './state.ts'

const defaults = { role: '', state: 'valid' }
const roles: Role[] = ['reader', 'runner', 'admin']
const states = ['valid', 'expired', 'revoked']
/** Of so many keys what they use is asked for. */
const most = 50

/** Who may ask, how much each may use, and uses today. */
export function Keys() {
  const session = useSession()
  const mayRead = session.data?.role === 'admin'
  const keys = useKeys(mayRead)
  const [filter, set] = useUrlState(defaults)
  const all = keys.data?.items ?? []
  const shown = all.filter((key) => fits(key, filter)).reverse()
  const usages = useUsages(shown.slice(0, most).map(({ id }) => id))
  return (
    <>
      <Header
        title="Keys"
        note="Who may call this service, how much each may use, and uses today"
        calls={[
          {
            what: 'Every key',
            path: '/v1/keys',
            graphql: '{ keys { prefix name role weight lastUsedAt revokedAt quotas { runsPerHour } } }',
          },
          ...(shown[0] ? [{ what: 'What a key uses', path: `/v1/keys/${shown[0].id}/usage` }] : []),
          { what: 'Make one', path: '/v1/keys', method: 'POST' as const, body: { name: 'ci', role: 'runner' } },
        ]}
      >
        {mayRead && <MakeKey first={all.length === 0} />}
      </Header>
      {session.data && !mayRead && <AdminsAlone session={session.data} what="Keys are" />}
      {session.error && !session.data && <Refused error={session.error} />}
      {keys.error && !keys.data && <Refused error={keys.error} />}
      {(session.isPending || (mayRead && keys.isPending)) && <Loading />}
      {mayRead && keys.data && all.length === 0 && (
        <Empty title="No key has been made yet">
          Whoever reaches this service may do everything. Once one has been made, every call needs one; the first is an admin’s.
        </Empty>
      )}
      {all.length > 0 && (
        <>
          <Group gap="xs" mb="sm" align="flex-end">
            <Filter
              label="State"
              value={filter.state === 'all' ? '' : filter.state}
              data={states}
              onChange={(state) => set({ state: state || 'all' })}
            />
            <Filter label="Role" value={filter.role} data={roles} onChange={(role) => set({ role })} />
          </Group>
          {shown.length === 0 ? (
            <Empty title="No key is like that">Take a filter away.</Empty>
          ) : (
            <KeysTable keys={shown} usages={usages} own={session.data?.key?.id} />
          )}
          {shown.length > most && <p className="note">What is used is shown for the {most} newest of them.</p>}
        </>
      )}
    </>
  )
}

const fits = (key: Key, { role, state }: typeof defaults): boolean =>
  (role === '' || key.role === role) && (state === 'all' || stateOf(key) === state)
