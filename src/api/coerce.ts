import type { TObject } from 'typebox'

/**
 * Converts strings of the environment or of a query to the types of the schema, strictly: `12` is an integer, ` 12`, `0x10`
 * and an empty string are not. A string that does not convert stays as it is, and the validator reports it.
 */
export function coerceStrings(schema: TObject, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  const properties = schema.properties as Record<string, Property>
  for (const name in given) result[name] = read(properties[name], given[name])
  return result
}

interface Property {
  type?: string
  items?: { type?: string; enum?: unknown; format?: string; pattern?: string }
}

/** A list is a name given again and again, or, where no value can hold one, values separated by commas. */
function read({ type, items }: Property = {}, value: unknown): unknown {
  if (type !== 'array' || !items) return typeof value === 'string' ? coerce(type, value) : value
  const given = Array.isArray(value) ? value : [value]
  const closed = items.enum !== undefined || items.format === 'uuid' || items.type === 'integer' || items.type === 'number'
  const separable = closed || (items.pattern !== undefined && !new RegExp(items.pattern).test('a,b'))
  const split = given.flatMap((each) => (separable && typeof each === 'string' ? each.split(',') : [each]))
  return split.map((each) => (typeof each === 'string' ? coerce(items.type, each) : each))
}

function coerce(type: string | undefined, value: string): unknown {
  switch (type) {
    case 'integer':
      return /^-?\d{1,16}$/.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) : value
    case 'number':
      return /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : value
    default:
      return value
  }
}
