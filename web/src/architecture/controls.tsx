import { Group, NumberInput, Select, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useConventions } from '../api/queries.ts'

interface View {
  convention: string
  batch: string
  resolution: string
}

/** Under what the costs are counted. */
export function Controls({ view, set }: { view: View; set: (change: Partial<View>) => void }) {
  const conventions = useConventions()
  const chosen = conventions.data?.items.find(({ name }) => name === view.convention)
  const [resolution, setResolution] = useState(view.resolution)
  useEffect(() => setResolution(view.resolution), [view.resolution])
  return (
    <div style={{ marginBottom: '1rem' }}>
      <Group gap="sm" align="flex-end">
        <Select
          label="Convention"
          w={160}
          size="xs"
          allowDeselect={false}
          data={conventions.data?.items.map(({ name }) => name) ?? [view.convention]}
          value={view.convention}
          onChange={(convention) => convention && set({ convention })}
        />
        <NumberInput
          label="Batch"
          w={90}
          size="xs"
          min={1}
          max={65536}
          value={Number(view.batch)}
          onChange={(batch) => Number(batch) >= 1 && set({ batch: String(batch) })}
        />
        <TextInput
          label="Resolution"
          placeholder="as registered"
          w={130}
          size="xs"
          value={resolution}
          onChange={(event) => setResolution(event.currentTarget.value)}
          onBlur={() => set({ resolution: resolution.trim() })}
          onKeyDown={(event) => event.key === 'Enter' && set({ resolution: resolution.trim() })}
        />
        {chosen && (
          <span style={{ color: 'var(--quiet)', fontSize: '0.85rem', flex: '1 1 14rem', paddingBottom: 4 }}>{chosen.summary}</span>
        )}
      </Group>
    </div>
  )
}
