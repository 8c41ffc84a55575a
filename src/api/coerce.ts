import type { TObject } from 'typebox'

/**
 * Turns the strings of an environment or a query into what the schema asks for, by strict spellings only: `12` is an
 * integer, ` 12`, `0x10` and an empty string are not. What does not fit stays a string, for the validator to name.
 */
export function coerceStrings(schema: TObject, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  const properties = schema.properties as Record<string, { type?: string }>
  for (const name in given) {
    const value = given[name]
    result[name] = typeof value === 'string' ? coerce(properties[name]?.type, value) : value
  }
  return result
}

function coerce(type: string | undefined, value: string): unknown {
  switch (type) {
    case 'integer':
      return /^-?\d{1,15}$/.test(value) ? Number(value) : value
    case 'number':
      return /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : value
    default:
      return value
  }
}
