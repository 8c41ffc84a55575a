import type { TProperties, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { nearest } from './nearest.ts'

/** What a value does wrong against a schema, and what would be right. */
export interface SchemaViolation {
  /** JSON pointer to the value, `''` for the whole. */
  path: string
  message: string
}

/** A user's value in an error message, never long, and never much work: values may be megabytes wide or deep. */
export const show = (value: unknown): string => {
  const text = preview(value, 3)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

function preview(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null ? '{…}' : String(value)
  if (depth === 0) return '[…]'
  return `[${value
    .slice(0, 30)
    .map((item) => preview(item, depth - 1))
    .join(',')}]`
}

/** A user's key as one step of a JSON pointer, never long. */
export const pointer = (key: string): string => key.slice(0, 80).replaceAll('~', '~0').replaceAll('/', '~1')

/** Describes in words what a schema allows. */
export function describeSchema(schema: Record<string, any>): string {
  if (schema.anyOf) return schema.anyOf.map(describeSchema).join(', or ')
  if (schema.enum) return `one of ${schema.enum.map((value: unknown) => JSON.stringify(value)).join(', ')}`
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.type === 'integer' || schema.type === 'number') {
    const noun = schema.type === 'integer' ? 'an integer' : 'a number'
    if (schema.exclusiveMinimum !== undefined || schema.exclusiveMaximum !== undefined) return `${noun} ${openEnds(schema)}`
    if (schema.minimum === undefined && schema.maximum === undefined) return noun
    if (schema.maximum === undefined || schema.maximum === 2 ** 31 - 1) return `${noun} of at least ${schema.minimum}`
    if (schema.minimum === undefined) return `${noun} of at most ${schema.maximum}`
    return `${noun} from ${schema.minimum} to ${schema.maximum}`
  }
  if (schema.type === 'string') {
    const length =
      schema.minLength !== undefined && schema.maxLength !== undefined
        ? ` of ${schema.minLength} to ${schema.maxLength} characters`
        : schema.minLength
          ? ` of at least ${schema.minLength} characters`
          : schema.maxLength !== undefined
            ? ` of at most ${schema.maxLength} characters`
            : ''
    return `a string${length}${formOf(schema)}`
  }
  if (schema.type === 'array') {
    if (Array.isArray(schema.items)) return `a list of ${schema.items.length} values, each ${describeSchema(schema.items[0])}`
    const { minItems: least, maxItems: most } = schema
    const count = least === most ? least : `${least} to ${most}`
    const length = least === undefined || most === undefined ? '' : ` of ${count} ${most === 1 ? 'value' : 'values'}`
    const unlike = schema.uniqueItems ? ', none twice' : ''
    return schema.items ? `a list${length}${unlike}, each ${describeSchema(schema.items)}` : `a list${length}${unlike}`
  }
  if (schema.type === 'null') return 'null'
  if (schema.patternProperties)
    return `an object of ${schema.maxProperties ? `at most ${schema.maxProperties} ` : ''}names that match ${Object.keys(schema.patternProperties).join(' or ')}, each with ${Object.values(
      schema.patternProperties,
    )
      .map((each) => describeSchema(each as Record<string, any>))
      .join(' or ')}`
  if (schema.type === 'object') return 'an object'
  return schema.type === 'boolean' ? 'true or false' : `a ${schema.type ?? 'value'}`
}

/** A range with an end that is not in it: `above 0 and at most 1`. */
function openEnds({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Record<string, any>): string {
  const low = exclusiveMinimum !== undefined ? `above ${exclusiveMinimum}` : minimum !== undefined ? `of at least ${minimum}` : null
  const high = exclusiveMaximum !== undefined ? `below ${exclusiveMaximum}` : maximum !== undefined ? `at most ${maximum}` : null
  return [low, high].filter((end) => end !== null).join(' and ')
}

/** What a string looks like: by its examples, else by its format or pattern. */
function formOf({ examples, format, pattern }: Record<string, any>): string {
  if (examples && (format || pattern)) return ` such as ${examples.join(' or ')}`
  if (format === 'date-time') return ' such as 2026-01-31T12:00:00Z'
  if (format) return ` in the format ${format}`
  return pattern ? ` that matches ${pattern}` : ''
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Everything that is wrong with `value`, at most `most` violations: unknown keys with the nearest right name where the
 * schema is closed, missing keys, and values that do not fit. Objects and lists of objects are entered; what lies in
 * a union is described as a whole.
 */
export function schemaViolations(schema: TSchema, value: unknown, path = '', most = 100): SchemaViolation[] {
  const found: SchemaViolation[] = []
  visit(schema, value, path, found, most)
  return found
}

/** The last name of a path, with the places in lists after it: `recipe[0]`. */
function nameOf(path: string): string {
  if (path === '') return 'this'
  const steps = path.slice(1).split('/')
  const at = steps.findLastIndex((step) => !/^\d+$/.test(step))
  return at < 0
    ? `item ${steps.join('.')}`
    : `${steps[at]}${steps
        .slice(at + 1)
        .map((place) => `[${place}]`)
        .join('')}`
}

/** What would be right instead. The largest 32-bit integer is named only where it is passed. */
function wanted(schema: Record<string, any>, value: unknown): string {
  const { type, minimum, maximum } = schema
  const passed = type === 'integer' && maximum === 2 ** 31 - 1 && minimum !== undefined && Number(value) > maximum
  return passed ? `an integer from ${minimum} to ${maximum}` : describeSchema(schema)
}

/** The most entries that any list of a schema may have: infinite where nothing bounds them, 0 where it takes no list. */
function longestList(schema: Record<string, any>): number {
  if (schema.anyOf) return Math.max(...schema.anyOf.map(longestList))
  if (schema.type !== 'array') return schema.type === undefined ? Number.POSITIVE_INFINITY : 0
  return Array.isArray(schema.items) ? schema.items.length : (schema.maxItems ?? Number.POSITIVE_INFINITY)
}

function visit(schema: Record<string, any>, value: unknown, path: string, found: SchemaViolation[], most: number): void {
  if (found.length >= most) return
  if (schema.type === 'object' && schema.properties && isRecord(value)) {
    visitObject(schema, value, path, found, most)
    return
  }
  // A list past its bound is refused by its length alone: looking at each item would take time that grows with the excess.
  if (Array.isArray(value)) {
    const longest = longestList(schema)
    if (longest > 0 && value.length > longest) {
      found.push({ path, message: `${nameOf(path)} has ${value.length} entries, but must be ${describeSchema(schema)}` })
      return
    }
  }
  if (schema.type === 'array' && schema.items?.type === 'object' && Array.isArray(value) && value.length <= (schema.maxItems ?? 1000)) {
    if (value.length < (schema.minItems ?? 0))
      found.push({ path, message: `${nameOf(path)} has ${value.length} entries, but must be ${describeSchema(schema)}` })
    value.forEach((item, i) => visit(schema.items, item, `${path}/${i}`, found, most))
    return
  }
  if (!Value.Check(schema as TSchema, value)) {
    found.push({ path, message: `${nameOf(path)} is ${show(value)}, but must be ${wanted(schema, value)}` })
  }
}

function visitObject(
  schema: Record<string, any>,
  value: Record<string, unknown>,
  path: string,
  found: SchemaViolation[],
  most: number,
): void {
  const known = schema.properties as TProperties
  const names = Object.keys(known)
  if (Object.keys(value).length < (schema.minProperties ?? 0))
    found.push({ path, message: `${nameOf(path)} must have at least ${schema.minProperties} of ${names.join(', ')}` })
  if (schema.additionalProperties === false)
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(known, key)) continue
      if (found.length >= most) return
      found.push({
        path: `${path}/${pointer(key)}`,
        message: `unknown key "${key.slice(0, 60)}"${names.length === 0 ? ': none is taken here' : nearest(key, names)}`,
      })
    }
  for (const [name, property] of Object.entries(known)) {
    if (found.length >= most) return
    if (Object.hasOwn(value, name)) visit(property as Record<string, any>, value[name], `${path}/${name}`, found, most)
    else if ((schema.required as string[] | undefined)?.includes(name))
      found.push({ path: `${path}/${name}`, message: `${name} is missing: it must be ${describeSchema(property as Record<string, any>)}` })
  }
}
