import { Button, Group, TextInput } from '@mantine/core'
import { Link } from 'wouter'
import { paths, useAudit, useKeys, useSession } from '../api/queries.ts'
import type { AuditEntry } from '../api/types.ts'
import { Filter } from '../lib/filter.tsx'
import { moment } from '../lib/format.ts'
import { useUrlState } from '../lib/url.ts'
import { AdminsAlone } from '../shell/admins.tsx'
import { Header } from '../shell/header.tsx'
import { Empty, Loading, Refused } from '../shell/states.tsx'
import { actions } from './actions.ts'

const defaults = { key: '', action: '', outcome: '', subjectId: '', since: '', before: '', after: '' }
const outcomes = ['done', 'unchanged', 'FORBIDDEN', 'QUOTA_EXCEEDED', 'QUEUE_FULL']

/** Who asked for which change, and what became of it: newest first. */
export function Audit() {
  const session = useSession()
  const mayRead = session.data?.role === 'admin'
  const [filter, set] = useUrlState(defaults)
  const keys = useKeys(mayRead)
  const asked = { limit: 50, ...Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, value || undefined])) }
  const audit = useAudit(asked, mayRead)
  const items = audit.data?.items ?? []
  const filtered = Object.values(filter).some((value) => value !== '')
  const narrow = (change: Partial<typeof defaults>) => set({ ...change, after: '' })
  // An admin may have come by a link to a key that is not among these.
  const known = (keys.data?.items ?? []).map(({ prefix, name }) => ({ value: prefix, label: `${name} (${prefix})` }))
  const ofKeys =
    filter.key === '' || known.some(({ value }) => value === filter.key) ? known : [...known, { value: filter.key, label: filter.key }]
  return (
    <>
      <Header
        title="Audit log"
        note="Who asked for which change, and what became of it"
        calls={[
          {
            what: 'These lines',
            path: paths.audit(asked),
            graphql: '{ audit(first: 50) { edges { node { at keyPrefix role action subjectId outcome requestId } } } }',
          },
        ]}
      />
      {session.data && !mayRead && <AdminsAlone session={session.data} what="The audit log is" />}
      {session.error && !session.data && <Refused error={session.error} />}
      {mayRead && (
        <Group gap="xs" mb="sm" align="flex-end">
          <Filter label="Key" value={filter.key} data={ofKeys} onChange={(key) => narrow({ key })} />
          <Filter
            label="Change"
            value={filter.action}
            data={Object.entries(actions).map(([value, label]) => ({ value, label }))}
            onChange={(action) => narrow({ action })}
          />
          <Filter
            label="Outcome"
            value={filter.outcome}
            data={filter.outcome === '' || outcomes.includes(filter.outcome) ? outcomes : [...outcomes, filter.outcome]}
            onChange={(outcome) => narrow({ outcome })}
          />
          <Moment label="Since" value={filter.since} onChange={(since) => narrow({ since })} />
          <Moment label="Before" value={filter.before} onChange={(before) => narrow({ before })} />
          {filter.subjectId && (
            <Button size="xs" variant="default" onClick={() => narrow({ subjectId: '' })} title={filter.subjectId}>
              About {filter.subjectId.slice(0, 8)}… alone: about all
            </Button>
          )}
        </Group>
      )}
      {audit.error && <Refused error={audit.error} />}
      {(session.isPending || (mayRead && audit.isPending)) && <Loading />}
      {mayRead && audit.data && items.length === 0 && (
        <Empty title={filtered ? 'No line is like that' : 'Nothing has been changed yet'}>
          {filtered
            ? 'Take a filter away.'
            : 'Each change that somebody who was let in asks for leaves a line: registering a network, queueing a run, making a key.'}
        </Empty>
      )}
      {items.length > 0 && <Lines lines={items} about={(subjectId) => narrow({ subjectId })} />}
      <Group mt="sm">
        {filter.after && (
          <Button size="xs" variant="default" onClick={() => set({ after: '' })}>
            Newest
          </Button>
        )}
        {audit.data?.nextCursor && (
          <Button size="xs" variant="default" onClick={() => set({ after: audit.data?.nextCursor ?? '' })}>
            Older
          </Button>
        )}
      </Group>
    </>
  )
}

/** A moment in the reader's time zone, kept as UTC. */
function Moment({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const at = value === '' ? Number.NaN : Date.parse(value)
  // The field wants local time without a zone.
  const local = Number.isNaN(at) ? '' : new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
  return (
    <TextInput
      size="xs"
      w={180}
      type="datetime-local"
      label={label}
      value={local}
      onChange={({ currentTarget }) => onChange(currentTarget.value === '' ? '' : new Date(currentTarget.value).toISOString())}
    />
  )
}

function Lines({ lines, about }: { lines: AuditEntry[]; about: (subjectId: string) => void }) {
  return (
    <div className="card scroll" style={{ padding: 0 }}>
      <table className="plain">
        <thead>
          <tr>
            <th>When</th>
            <th className="wide">Who</th>
            <th>Change</th>
            <th className="wide">About</th>
            <th>Outcome</th>
            <th className="wide">Request</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.id}>
              <td title={line.at} style={{ whiteSpace: 'nowrap' }}>
                {moment(line.at)}
              </td>
              <td className="wide">{who(line)}</td>
              <td>
                {actions[line.action]}
                <span className="note thin">
                  by {who(line)}
                  {line.subjectId && (
                    <>
                      , <Subject line={line} />
                    </>
                  )}
                </span>
              </td>
              <td className="wide">
                <Subject line={line} />{' '}
                {line.subjectId && (
                  <button type="button" className="sort share" onClick={() => about(line.subjectId!)} title="Every line about it">
                    its lines
                  </button>
                )}
              </td>
              <td>
                <Outcome outcome={line.outcome} />
              </td>
              <td className="wide code" style={{ fontSize: '0.78rem', overflowWrap: 'anywhere' }} title="As in the service’s log">
                {line.requestId ?? 'a command on the host'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const who = ({ keyPrefix, role }: AuditEntry): string => (keyPrefix ? `${keyPrefix}, ${role}` : `no key, ${role}`)

const pageOf: Partial<Record<AuditEntry['subjectKind'], string>> = { architecture: '/architectures/', run: '/runs/', sweep: '/sweeps/' }

/** What a change was about, with the way to its page. */
function Subject({ line: { subjectKind, subjectId } }: { line: AuditEntry }) {
  const name = subjectKind === 'architecture' ? 'network' : subjectKind
  if (subjectId === null) return <>{subjectKind === 'database' ? 'the database' : '–'}</>
  const page = pageOf[subjectKind]
  const text = `${name} ${subjectId.slice(0, 8)}…`
  return page ? (
    <Link href={`${page}${subjectId}`} title={subjectId}>
      {text}
    </Link>
  ) : (
    <span title={subjectId}>{text}</span>
  )
}

/** By sign and word as well as by color. */
function Outcome({ outcome }: { outcome: string }) {
  const [sign, color] = outcome === 'done' ? ['✓', 'var(--flops)'] : outcome === 'unchanged' ? ['–', 'var(--quiet)'] : ['✕', 'var(--bad)']
  return (
    <span className="mark" style={{ color }}>
      <span aria-hidden="true">{sign}</span> {outcome}
    </span>
  )
}
