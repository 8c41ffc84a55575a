import { Button, Group, Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { familyQuery, useArchitecturePreview, useZoo } from '../api/queries.ts'
import type { ZooPreset } from '../api/types.ts'
import { bytes, exact, scaled, shape } from '../lib/format.ts'
import { errorsUnder, OptionFields, type OptionSchema } from '../lib/options.tsx'
import { Refused } from '../shell/states.tsx'
import { useRegister } from './register.ts'

/** Picks a network of the zoo, changes its options, and shows what it costs as they change, before it is registered. */
export function ZooPicker() {
  const zoo = useZoo()
  const register = useRegister()
  const [name, setName] = useState<string | null>(null)
  const [changed, setChanged] = useState<Record<string, unknown>>({})
  const [open, setOpen] = useState(false)
  const family = zoo.data?.items.find(({ presets }) => name !== null && presets.includes(name))
  const details = useQuery({ ...familyQuery(family?.name ?? ''), enabled: family !== undefined })
  const preset = details.data?.presets.find((each) => each.name === name)
  const own = Object.keys(changed).length > 0
  const body =
    name === null || !family
      ? null
      : own
        ? { name: `${name} (changed)`, zoo: { family: family.name, options: { ...preset?.options, ...changed } } }
        : { name, zoo: { preset: name } }
  const [asked] = useDebouncedValue(body, 250)
  const preview = useArchitecturePreview(asked)
  const pick = (to: string | null) => {
    setName(to)
    setChanged({})
  }
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
          onChange={pick}
          maxDropdownHeight={320}
        />
        <Button disabled={!body || preview.isError} loading={register.isPending} onClick={() => body && register.mutate({ body })}>
          Register
        </Button>
      </Group>
      {preset && family && <Published preset={preset} source={family.source} />}
      {preset && (
        <div aria-live="polite" style={{ opacity: preview.isPlaceholderData ? 0.6 : 1, minHeight: '2.4rem', marginTop: '0.4rem' }}>
          {preview.data && !preview.isError && <Cost {...preview.data} />}
        </div>
      )}
      {preset && details.data && (
        <>
          <Button size="compact-xs" variant="subtle" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? 'Hide its options' : 'Change its options'}
          </Button>
          {open && (
            <div style={{ marginTop: '0.5rem' }}>
              <OptionFields
                properties={withDefaults(details.data.options.properties as Record<string, OptionSchema>, preset.options)}
                value={changed}
                errors={errorsUnder(preview.error?.errors ?? [], '/zoo/options')}
                onChange={setChanged}
              />
            </div>
          )}
        </>
      )}
      {preview.error && preset && <Refused error={preview.error} title="There is no such network" />}
      {register.error && <Refused error={register.error} />}
    </section>
  )
}

/** The options of a family, with those of a preset in place of the family's own defaults. */
const withDefaults = (properties: Record<string, OptionSchema>, preset: Record<string, unknown>): Record<string, OptionSchema> =>
  Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, name in preset ? { ...schema, default: preset[name] } : schema]),
  )

function Cost({ inputs, totals }: NonNullable<ReturnType<typeof useArchitecturePreview>['data']>) {
  return (
    <div style={{ fontSize: '0.85rem' }}>
      <strong>
        {scaled(totals.params)} params · {scaled(totals.macs)} multiply-adds · {bytes(totals.memoryKiB * 1024)} of outputs
      </strong>
      <div style={{ color: 'var(--quiet)' }}>
        worked out for {inputs.map((input) => shape(input.shape)).join(', ')}, {exact(totals.layers)} layers, {bytes(totals.weightBytes)} of
        weights
      </div>
    </div>
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
