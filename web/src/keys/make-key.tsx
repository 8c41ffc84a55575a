import { Button, Group, Modal, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { type CallError, send } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import { holdPage, type Session } from '../api/session.ts'
import type { MadeKey, NewKey, Role } from '../api/types.ts'
import { Code } from '../calls/code.tsx'
import { errorsUnder } from '../lib/options.tsx'
import { Refused } from '../shell/states.tsx'

/** Makes a key and shows it, once. @param first whether there is none yet: then it is an admin's, and this browser signs in by it. */
export function MakeKey({ first }: { first: boolean }) {
  const [open, { open: show, close }] = useDisclosure(false)
  const make = useMutation<MadeKey, CallError, NewKey>({
    mutationFn: async (body) => {
      // From the first key on every call needs one: without a session the page, and the key on it, would be gone.
      holdPage(true)
      const made = await send<MadeKey>('/v1/keys', body)
      if (first) await send<Session>('/v1/session', { key: made.key }).catch(() => undefined)
      return made
    },
    onError: () => holdPage(false),
    onSuccess: () => void ['keys', 'session', 'audit'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })),
  })
  const end = () => {
    close()
    make.reset()
    holdPage(false)
  }
  const made = make.data
  return (
    <>
      <Button size="xs" onClick={show}>
        Make a key
      </Button>
      <Modal
        opened={open}
        onClose={end}
        title={made ? 'The key, shown this once' : 'Make a key'}
        size="lg"
        // What cannot be had again is not lost by a slip of the hand.
        closeOnClickOutside={!made}
        closeOnEscape={!made}
      >
        {made ? <Made made={made} done={end} /> : <Form first={first} busy={make.isPending} error={make.error} make={make.mutate} />}
      </Modal>
    </>
  )
}

function Made({ made, done }: { made: MadeKey; done: () => void }) {
  return (
    <Stack gap="sm">
      <Text size="sm">
        Give it to {made.name} now, where nobody else can read it. The service keeps a digest alone and cannot show it again.
      </Text>
      <Code label="API key" text={made.key} />
      <Code label="How to send it" text={`curl -H "Authorization: Bearer $ARCHMETER_KEY" ${location.origin}/v1/session`} />
      <Button onClick={done}>I have kept it</Button>
    </Stack>
  )
}

const roles: { value: Role; label: string }[] = [
  { value: 'reader', label: 'reader: reads everything but keys' },
  { value: 'runner', label: 'runner: also registers, queues and cancels' },
  { value: 'admin', label: 'admin: also keys, audit log, devices' },
]
const ends = [
  { value: '30', label: 'in 30 days' },
  { value: '90', label: 'in 90 days' },
  { value: '365', label: 'in a year' },
  { value: '', label: 'never' },
]
const quotaFields = [
  ['runsPerHour', 'Runs an hour', 1],
  ['deviceSecondsPerDay', 'Device seconds a day', 1],
  ['bytesStored', 'Gigabytes stored', 1e9],
] as const
const dayMs = 86_400_000

interface FormProps {
  first: boolean
  busy: boolean
  error: CallError | null
  make: (body: NewKey) => void
}

function Form({ first, busy, error, make }: FormProps) {
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>(first ? 'admin' : 'runner')
  const [days, setDays] = useState(first ? '' : '90')
  const [weight, setWeight] = useState(1)
  const [quotas, setQuotas] = useState<Partial<Record<string, number>>>({})
  const body = (): NewKey => ({
    name,
    role,
    weight,
    ...(days ? { expiresAt: new Date(Date.now() + Number(days) * dayMs).toISOString() } : {}),
    quotas: {
      runsPerHour: quotas.runsPerHour ?? null,
      deviceSecondsPerDay: quotas.deviceSecondsPerDay ?? null,
      bytesStored: quotas.bytesStored ?? null,
    },
  })
  const wrong = { ...errorsUnder(error?.errors ?? [], ''), ...errorsUnder(error?.errors ?? [], '/quotas') }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        make(body())
      }}
    >
      <Stack gap="sm">
        {first && (
          <Text size="sm">
            It is the first, so it is an admin’s. From then on every call needs a key; this browser is signed in by this one.
          </Text>
        )}
        <TextInput
          label="Name"
          description="whose it is, or what for"
          value={name}
          error={wrong.name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
          required
          maxLength={100}
          data-autofocus
        />
        <Group grow align="flex-start">
          <Select
            label="Role"
            allowDeselect={false}
            data={roles}
            disabled={first}
            value={role}
            error={wrong.role}
            onChange={(to) => to && setRole(to as Role)}
          />
          <Select label="Ends" allowDeselect={false} data={ends} value={days} onChange={(to) => setDays(to ?? '')} />
        </Group>
        <NumberInput
          label="Weight"
          description="its share of a device that others wait for as well: 3 gets three times as much as 1"
          min={1}
          max={1000}
          allowDecimal={false}
          value={weight}
          error={wrong.weight}
          onChange={(to) => setWeight(Number(to) || 1)}
        />
        <Group grow align="flex-start">
          {quotaFields.map(([key, label, unit]) => (
            <NumberInput
              key={key}
              label={label}
              placeholder="no quota"
              min={0}
              allowDecimal={unit !== 1}
              value={quotas[key] === undefined ? '' : quotas[key] / unit}
              error={wrong[key]}
              onChange={(to) => setQuotas((before) => ({ ...before, [key]: to === '' ? undefined : Math.round(Number(to) * unit) }))}
            />
          ))}
        </Group>
        {error && <Refused error={error} />}
        <Button type="submit" loading={busy} disabled={name.trim() === ''}>
          Make it
        </Button>
      </Stack>
    </form>
  )
}
