/**
 * TypeBox schema → GraphQL SDL, so that one schema stays the single source of type, validation, OpenAPI and GraphQL.
 *
 * - A name comes from the schema's `$id` or `title`, otherwise from where it stands (`Run.result` → `RunResult`, one of
 *   `Costs.inputs` → `CostsInput`).
 * - Required is `!`; an optional property, or a union with null, is nullable.
 * - `integer` is `Int` where its bounds fit 32 bits, otherwise the 53-bit `SafeInt`; a string of format `uuid` is `ID`, one of
 *   format `date-time` is `DateTime`.
 * - A union of string constants is an enum where every one is a legal GraphQL name, otherwise `String`. Enums without
 *   a name of their own and with the same values are one type.
 * - What GraphQL has no type for (open records, unions of objects, unknown) is the `JSON` scalar.
 */
import { GraphQLScalarType } from 'graphql'
import { GraphQLDateTimeISO, GraphQLJSON, GraphQLSafeInt } from 'graphql-scalars'
import type { TSchema } from 'typebox'
import { fieldWords } from './glossary/fields.ts'
import { typeWords } from './glossary/types.ts'
import { valueWords } from './glossary/values.ts'

/** The JSON Schema keywords that are read here; TypeBox writes them as they are. */
interface JsonSchema {
  $id?: string
  title?: string
  description?: string
  type?: string
  format?: string
  const?: unknown
  enum?: unknown[]
  default?: unknown
  anyOf?: JsonSchema[]
  items?: JsonSchema | JsonSchema[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean | JsonSchema
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  /** Our own keyword: the name of the GraphQL type, where another schema defines it or this one expresses it badly. */
  graphqlType?: string
  /** Ours: what each value of `enum` means. */
  enumDescriptions?: Record<string, string>
}

const graphqlName = /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/
/** Names that GraphQL does not allow for an enum's values. */
const reservedValues = new Set(['true', 'false', 'null'])
/** Formats of strings that are a type of their own. */
const formats: Readonly<Record<string, string>> = { uuid: 'ID', 'date-time': 'DateTime' }
const int32 = { min: -(2 ** 31), max: 2 ** 31 - 1 }

/** The scalars the converter may use, and their behavior. */
export const scalars = {
  SafeInt: GraphQLSafeInt,
  JSON: GraphQLJSON,
  DateTime: new GraphQLScalarType({
    name: 'DateTime',
    description: 'A moment by RFC 3339, in UTC where the service writes it, such as 2026-01-31T12:00:00.000Z.',
    specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time',
    serialize: GraphQLDateTimeISO.serialize,
    // Arguments go to the services as REST gives them: as text, which a schema has checked.
    parseValue: (value) => GraphQLDateTimeISO.parseValue(value) && value,
    parseLiteral: (node, variables) => GraphQLDateTimeISO.parseLiteral(node, variables) && (node as { value?: unknown }).value,
  }),
}

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
const inputName = (name: string): string => (name.endsWith('Input') ? name : `${name}Input`)

/** A description as SDL block string, or nothing. */
export function docstring(text: string | undefined, indent = ''): string {
  if (!text) return ''
  const lines = text.replaceAll('"""', '\\"""').split('\n')
  return `${indent}"""\n${lines.map((line) => `${indent}${line}`).join('\n')}\n${indent}"""\n`
}

/** A default value in SDL's literal syntax: JSON, but for the keys of objects and the values of enums. */
function literal(value: unknown, isEnum: boolean): string {
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, isEnum)).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}: ${literal(item, false)}`)
      .join(', ')}}`
  return isEnum ? String(value) : JSON.stringify(value)
}

/** `anyOf [X, null]` → X and nullable. */
function withoutNull(schema: JsonSchema): { schema: JsonSchema; nullable: boolean } {
  if (!schema.anyOf) return { schema, nullable: schema.type === 'null' }
  const members = schema.anyOf.filter((member) => member.type !== 'null')
  const nullable = members.length < schema.anyOf.length
  if (members.length !== 1) return { schema: { ...schema, anyOf: members }, nullable }
  return { schema: { description: schema.description, ...members[0]! }, nullable }
}

/** The constants a schema allows, where it is a closed list of strings. */
function stringValues(schema: JsonSchema): { value: string; description?: string }[] | null {
  if (typeof schema.const === 'string') return [{ value: schema.const, description: schema.description }]
  const members = schema.enum
    ? schema.enum.map((value) => ({ const: value, description: schema.enumDescriptions?.[String(value)] }))
    : schema.anyOf
  if (!members || members.length === 0 || !members.every((member) => typeof member.const === 'string')) return null
  return members.map((member) => ({ value: member.const as string, description: (member as JsonSchema).description }))
}

const fits32 = (schema: JsonSchema): boolean =>
  (schema.minimum ?? schema.exclusiveMinimum ?? Number.NEGATIVE_INFINITY) >= int32.min &&
  (schema.maximum ?? schema.exclusiveMaximum ?? Number.POSITIVE_INFINITY) <= int32.max

/** Collects the types that converted schemas need, each once, and prints them. */
export class SdlTypes {
  readonly #definitions = new Map<string, { description: string | undefined; body: string }>()

  /** Values of an enum → the name it first had, for those without a name of their own. */
  readonly #enumNames = new Map<string, string>()

  /** The type of an output field, with `!` unless it may be null; defines what it names. */
  output(schema: TSchema, name: string): string {
    return this.#reference(schema as JsonSchema, name, 'type')
  }

  /** The type of an input value, with `!` unless it may be null; defines what it names. */
  input(schema: TSchema, name: string): string {
    return this.#reference(schema as JsonSchema, name, 'input')
  }

  /** An object schema as the arguments of a field, `(batch: Int = 1)`; empty where it has no properties. */
  args(schema: TSchema, name: string): string {
    const lines = this.#fields(schema as JsonSchema, name, 'input')
    return lines.length === 0 ? '' : `(\n${lines.join('\n')}\n)`
  }

  /** Every definition, in order of name. */
  print(): string {
    return [...this.#definitions]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { description, body }]) => `${docstring(description)}${body}`)
      .join('\n\n')
  }

  #reference(given: JsonSchema, fallback: string, kind: 'type' | 'input'): string {
    const { schema, nullable } = withoutNull(given)
    return `${this.#named(schema, fallback, kind)}${nullable ? '' : '!'}`
  }

  #named(schema: JsonSchema, fallback: string, kind: 'type' | 'input'): string {
    if (schema.graphqlType) return schema.graphqlType
    const name = schema.$id ?? schema.title ?? fallback
    const values = stringValues(schema)
    if (values) return this.#enum(schema, fallback, values)
    if (schema.anyOf) return this.#union(schema.anyOf, fallback, kind)
    switch (schema.type) {
      case 'boolean':
        return 'Boolean'
      case 'integer':
        return fits32(schema) ? 'Int' : 'SafeInt'
      case 'number':
        return 'Float'
      case 'string':
        return formats[schema.format ?? ''] ?? 'String'
      case 'array':
        return this.#list(schema, fallback, kind)
      case 'object':
        return this.#object(schema, name, kind)
      default:
        return 'JSON'
    }
  }

  /** A union of scalars that one GraphQL type holds is that type; any other union is JSON. */
  #union(members: JsonSchema[], fallback: string, kind: 'type' | 'input'): string {
    const simple = members.every((member) => !member.properties && member.type !== 'array')
    const types = new Set(simple ? members.map((member) => this.#named(member, fallback, kind)) : ['JSON'])
    return types.size === 1 ? [...types][0]! : 'JSON'
  }

  /** A tuple is a list of what its members share. */
  #list(schema: JsonSchema, fallback: string, kind: 'type' | 'input'): string {
    if (!schema.items) return 'JSON'
    const members = Array.isArray(schema.items) ? schema.items : [schema.items]
    const types = new Set(members.map((member) => this.#reference(member, fallback.replace(/s$/, ''), kind)))
    return types.size === 1 ? `[${[...types][0]}]` : 'JSON'
  }

  #object(schema: JsonSchema, name: string, kind: 'type' | 'input'): string {
    const properties = Object.keys(schema.properties ?? {})
    const open = schema.additionalProperties !== undefined && schema.additionalProperties !== false
    if (properties.length === 0 || open || !properties.every((key) => graphqlName.test(key))) return 'JSON'
    const typeName = kind === 'input' ? inputName(name) : name
    const fields = this.#fields(schema, name, kind)
    this.#define(typeName, schema.description ?? typeWords[typeName], `${kind} ${typeName} {\n${fields.join('\n')}\n}`)
    return typeName
  }

  #fields(schema: JsonSchema, name: string, kind: 'type' | 'input'): string[] {
    const required = new Set(schema.required ?? [])
    return Object.entries(schema.properties ?? {}).map(([key, property]) => {
      const reference = this.#reference(property, `${name}${capitalized(key)}`, kind)
      const bare = reference.replace(/!$/, '')
      const value = kind === 'input' ? this.#default(property, bare) : ''
      // A default makes an argument optional, whatever its place in `required`.
      const type = required.has(key) && value === '' ? reference : bare
      const { schema: inner } = withoutNull(property)
      const said = property.description ?? (inner.properties ? undefined : inner.description)
      const description = said ?? fieldWords[`${name}.${key}`] ?? fieldWords[key]
      return `${docstring(description, '  ')}  ${key}: ${type}${value}`
    })
  }

  #default(schema: JsonSchema, type: string): string {
    if (schema.default === undefined) return ''
    return ` = ${literal(schema.default, this.#definitions.get(type)?.body.startsWith('enum ') ?? false)}`
  }

  #enum(schema: JsonSchema, fallback: string, values: { value: string; description?: string }[]): string {
    if (!values.every(({ value }) => graphqlName.test(value) && !reservedValues.has(value))) return 'String'
    const key = values.map(({ value }) => value).join(' ')
    const own = schema.$id ?? schema.title
    const name = own ?? this.#enumNames.get(key) ?? fallback
    const lines = values.map(({ value, description }) => `${docstring(description ?? valueWords[name]?.[value], '  ')}  ${value}`)
    if (!this.#enumNames.has(key)) this.#enumNames.set(key, name)
    this.#define(name, (values.length > 1 ? schema.description : undefined) ?? typeWords[name], `enum ${name} {\n${lines.join('\n')}\n}`)
    return name
  }

  /**
   * The first description of a name stands: a schema's is often narrowed where it is used.
   * @throws Error where two different schemas claim one name: a mistake of ours, met at start.
   */
  #define(name: string, description: string | undefined, body: string): void {
    const known = this.#definitions.get(name)
    if (known !== undefined && known.body !== body)
      throw new Error(`two different schemas are named ${name}: give one of them another title`)
    if (known === undefined) this.#definitions.set(name, { description, body })
  }
}
