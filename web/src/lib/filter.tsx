import { Select } from '@mantine/core'

/** A choice that a list is narrowed by; nothing chosen is all. */
export function Filter(props: {
  label: string
  value: string
  data: (string | { value: string; label: string })[]
  onChange: (value: string) => void
}) {
  const { label, value, data, onChange } = props
  return (
    <Select
      size="xs"
      w={150}
      label={label}
      placeholder="all"
      clearable
      searchable={data.length > 8}
      data={data}
      value={value || null}
      onChange={(next) => onChange(next ?? '')}
    />
  )
}
