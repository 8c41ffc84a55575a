import { Button, Group, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { familyQuery, useZoo } from '../api/queries.ts'
import type { ZooPreset } from '../api/types.ts'
import { scaled } from '../lib/format.ts'
import { Refused } from '../shell/states.tsx'
import { useRegister } from './register.ts'

/** Picks a network of the zoo, and says what it is and what was published of it before it is registered. */
export function ZooPicker() {
  const zoo = useZoo()
  const register = useRegister()
  const [name, setName] = useState<string | null>(null)
  const family = zoo.data?.items.find(({ presets }) => name !== null && presets.includes(name))
  const details = useQuery({ ...familyQuery(family?.name ?? ''), enabled: family !== undefined })
  const preset = details.data?.presets.find((each) => each.name === name)
  return (
    <section aria-label="Register from the zoo">
      <Group align="flex-end" gap="xs" wrap="nowrap">
        <Select
          style={{ flex: 1 }}
          label="From the zoo"
          placeholder={zoo.data ? `${zoo.data.items.reduce((sum, { presets }) => sum + presets.length, 0)} networks` : ''}
          searchable
          nothingFoundMessage="No such network in the zoo"
          data={(zoo.data?.items ?? []).map((each) => ({ group: each.name, items: each.presets }))}
          value={name}
          onChange={setName}
          maxDropdownHeight={320}
        />
        <Button disabled={!name} loading={register.isPending} onClick={() => name && register.mutate({ preset: name })}>
          Register
        </Button>
      </Group>
      {preset && family && <Published preset={preset} source={family.source} />}
      {register.error && <Refused error={register.error} />}
    </section>
  )
}

function Published({ preset, source }: { preset: ZooPreset; source: string }) {
  const of = (quantity: string) => preset.published.find((each) => each.quantity === quantity)?.value
  const [params, macs, top1] = [of('params'), of('macs'), of('top1')]
  return (
    <div style={{ fontSize: '0.85rem', marginTop: '0.6rem' }}>
      <div>{preset.summary}</div>
      <div style={{ color: 'var(--quiet)' }}>{source}</div>
      <div style={{ marginTop: 4 }}>
        {[params && `${scaled(params)} params`, macs && `${scaled(macs)} multiply-adds`, top1 && `${top1} % top-1`]
          .filter(Boolean)
          .join(' · ') || 'No published figures.'}
        {(params || macs) && <span style={{ color: 'var(--quiet)' }}> as published</span>}
      </div>
    </div>
  )
}
