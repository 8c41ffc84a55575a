import { Button, Popover, Stack } from '@mantine/core'
import { queryClient } from '../api/queries.ts'
import type { Session } from '../api/session.ts'
import { CallIcon } from '../shell/icons.tsx'
import { Code } from './code.tsx'

/** One call of the service: what it gives, its address, and the same in GraphQL. */
export interface Call {
  what: string
  /** `/v1/…`, as it was asked. */
  path: string
  method?: 'GET' | 'POST' | 'DELETE'
  body?: unknown
  graphql?: string
}

export function curlOf({ path, method = 'GET', body }: Call): string {
  // The page has no key, only a cookie for it: who copies the call brings one.
  const key = queryClient.getQueryData<Session>(['session'])?.key ? ' -H "Authorization: Bearer $ARCHMETER_KEY"' : ''
  const address = `'${location.origin}${path}'${key}`
  if (method === 'GET') return `curl -s ${address}`
  if (body === undefined) return `curl -s -X ${method} ${address}`
  return `curl -s ${address} -H 'content-type: application/json' -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`
}

/** The calls behind what is on screen, to copy. */
export function CallsButton({ calls }: { calls: Call[] }) {
  return (
    <Popover width={420} position="bottom-end" shadow="md" withinPortal trapFocus>
      <Popover.Target>
        <Button variant="default" size="xs" leftSection={<CallIcon size={15} />}>
          API
        </Button>
      </Popover.Target>
      <Popover.Dropdown style={{ maxWidth: 'calc(100vw - 24px)', maxHeight: '70vh', overflowY: 'auto' }}>
        <Stack gap="md">
          {calls.map((call) => (
            <CallText key={call.path + call.what} call={call} />
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}

export function CallText({ call }: { call: Call }) {
  return (
    <div>
      <div style={{ fontSize: '0.85rem', fontWeight: 500, marginBottom: 4 }}>{call.what}</div>
      <Code label="curl" text={curlOf(call)} />
      {call.graphql && <Code label="GraphQL" text={call.graphql} />}
    </div>
  )
}
