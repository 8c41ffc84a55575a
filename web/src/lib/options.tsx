import { Checkbox, NumberInput, Select, SimpleGrid, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'

/** What these fields read of a JSON Schema. */
export interface OptionSchema {
  type?: string
  description?: string
  default?: unknown
  minimum?: number
  maximum?: number
  anyOf?: { const?: string }[]
  enum?: string[]
}

/**
 * A field for each option of a JSON Schema; one that has its default is not in `value`. Lists and objects are written as JSON.
 * @param errors what the service says of an option, by its name.
 */
export function OptionFields({
  properties,
  value,
  errors,
  onChange,
}: {
  properties: Record<string, OptionSchema>
  value: Record<string, unknown>
  errors: Record<string, string>
  onChange: (to: Record<string, unknown>) => void
}) {
  const set = (name: string, to: unknown) => {
    const { [name]: _, ...rest } = value
    const isDefault = to === undefined || JSON.stringify(to) === JSON.stringify(properties[name]?.default)
    onChange(isDefault ? rest : { ...rest, [name]: to })
  }
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="xs">
      {Object.entries(properties).map(([name, schema]) => (
        <OptionField
          key={name}
          name={name}
          schema={schema}
          value={value[name] ?? schema.default}
          error={errors[name]}
          onChange={(to) => set(name, to)}
        />
      ))}
    </SimpleGrid>
  )
}

function OptionField({
  name,
  schema,
  value,
  error,
  onChange,
}: {
  name: string
  schema: OptionSchema
  value: unknown
  error: string | undefined
  onChange: (to: unknown) => void
}) {
  const common = { label: name, description: schema.description, error, size: 'xs' as const }
  const words =
    schema.enum ?? (schema.anyOf?.every((each) => typeof each.const === 'string') ? schema.anyOf.map((each) => each.const!) : null)
  if (words)
    return <Select {...common} data={words} value={value as string} allowDeselect={false} onChange={(to) => onChange(to ?? undefined)} />
  if (schema.type === 'boolean')
    return <Checkbox {...common} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
  // No bounds here: the service refuses with a reason what does not work, beside the field.
  if (schema.type === 'integer' || schema.type === 'number')
    return (
      <NumberInput
        {...common}
        step={schema.type === 'integer' ? 1 : 0.1}
        value={typeof value === 'number' ? value : ''}
        onChange={(to) => onChange(to === '' ? undefined : Number(to))}
      />
    )
  return <JsonField {...common} value={value} onChange={onChange} />
}

/** A list or an object, written as JSON and sent once it is. */
function JsonField({
  value,
  error,
  onChange,
  ...rest
}: {
  label: string
  description: string | undefined
  error: string | undefined
  value: unknown
  onChange: (to: unknown) => void
}) {
  const [text, setText] = useState(() => JSON.stringify(value) ?? '')
  const [wrong, setWrong] = useState(false)
  useEffect(() => setText(JSON.stringify(value) ?? ''), [value])
  return (
    <TextInput
      {...rest}
      size="xs"
      value={text}
      error={wrong ? 'Write JSON, such as 224 or [64, 128]' : error}
      onChange={(event) => {
        setText(event.currentTarget.value)
        try {
          const to = event.currentTarget.value.trim() === '' ? undefined : JSON.parse(event.currentTarget.value)
          setWrong(false)
          onChange(to)
        } catch {
          setWrong(true)
        }
      }}
    />
  )
}

/** The problems of a refusal that concern what stands under `prefix`, by the name of the option; the first of each. */
export function errorsUnder(errors: readonly { path?: string; message: string }[], prefix: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { path = '', message } of errors) {
    if (!path.startsWith(`${prefix}/`)) continue
    const name = path.slice(prefix.length + 1).split('/')[0]!
    found[name] ??= message
  }
  return found
}
