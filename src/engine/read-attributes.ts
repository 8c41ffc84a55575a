import type { TProperties } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { Value } from 'typebox/value'
import type { AnyOp } from './op.ts'
import { describeSchema, pointer, show } from './schema-violations.ts'
import type { Violations } from './violations.ts'

export type Attributes = Record<string, unknown>

/** What a layer has beside its op's attributes. */
const layerKeys: ReadonlySet<string> = new Set(['id', 'type', 'inputs', 'weightsOf', 'params', 'dtypes'])

/** Compiled at the first layer that needs them: all at once would cost a start of the service more than it saves. */
const validators = new Map<AnyOp, Validator>()
function validatorOf(op: AnyOp): Validator {
  let validator = validators.get(op)
  if (!validator) validators.set(op, (validator = Compile(op.attributes)))
  return validator
}

/** No op takes a longer list; one that is longer is refused before a schema walks through it. */
const longestList = 1024
const tooLong = (value: unknown): boolean => Array.isArray(value) && value.length > longestList

/** The attributes of one layer in canonical form, or undefined where one does not fit, which is reported. */
export function readAttributes(
  entry: Record<string, unknown>,
  op: AnyOp,
  path: string,
  id: string,
  violations: Violations,
): Attributes | undefined {
  const known = op.attributes.properties as TProperties
  const given: Attributes = {}
  const before = violations.list.length
  let plausible = true
  for (const key of Object.keys(entry)) {
    if (layerKeys.has(key)) continue
    if (Object.hasOwn(known, key)) {
      given[key] = entry[key]
      plausible &&= !tooLong(entry[key])
      continue
    }
    const names = Object.keys(known)
    const hint = names.length === 0 ? `: ${op.type} takes none` : violations.hint(key, names)
    violations.add(`${path}/${pointer(key)}`, id, `${op.type} has no attribute "${key.slice(0, 60)}"${hint}`)
  }
  if (!plausible || !validatorOf(op).Check(given)) reportAttributes(given, op, path, id, violations)
  return violations.list.length === before ? (op.canonical(given as never) as Attributes) : undefined
}

/** One violation for each attribute that is missing or does not fit. */
function reportAttributes(given: Attributes, op: AnyOp, path: string, id: string, violations: Violations): void {
  const required = (op.attributes.required as string[] | undefined) ?? []
  for (const [name, schema] of Object.entries(op.attributes.properties as TProperties)) {
    const value = given[name]
    if (!Object.hasOwn(given, name)) {
      if (required.includes(name)) violations.add(`${path}/${name}`, id, `${op.type} needs ${name}: ${describeSchema(schema)}`)
    } else if (tooLong(value) || !Value.Check(schema, value))
      violations.add(`${path}/${name}`, id, `${name} is ${show(value)}, but must be ${describeSchema(schema)}`)
  }
}
