/** Whoever reads the schema in GraphiQL, or has code made from it, reads descriptions: nothing is without one. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { buildSchema, type GraphQLNamedType, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql'
import { fieldWords } from '../../../src/api/graphql/glossary/fields.ts'
import { typeWords } from '../../../src/api/graphql/glossary/types.ts'
import { valueWords } from '../../../src/api/graphql/glossary/values.ts'

const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'))
const own = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__') && !/^(ID|Int|Float|String|Boolean)$/.test(name))

/** Everything in the schema that can be described: its path, and what is said of it. */
function* described(type: GraphQLNamedType): Generator<[string, string | null | undefined]> {
  yield [type.name, type.description]
  if (isEnumType(type)) for (const value of type.getValues()) yield [`${type.name}.${value.name}`, value.description]
  if (!isObjectType(type) && !isInputObjectType(type) && !isInterfaceType(type)) return
  for (const field of Object.values(type.getFields())) {
    yield [`${type.name}.${field.name}`, field.description]
    if ('args' in field) for (const arg of field.args) yield [`${type.name}.${field.name}(${arg.name}:)`, arg.description]
  }
}
const everything = own.flatMap((type) => [...described(type)])

test('every type, field, argument and value of an enum is described', () => {
  assert.ok(everything.length > 1000)
  assert.deepEqual(
    everything.filter(([, description]) => !description?.trim()).map(([path]) => path),
    [],
  )
})

test('the glossary explains nothing that the schema does not have', () => {
  const said = new Set(everything.map(([, description]) => description))
  const unused = [
    ...Object.entries(typeWords).filter(([name, words]) => schema.getType(name)?.description !== words),
    ...Object.entries(fieldWords).filter(([, words]) => !said.has(words)),
    ...Object.entries(valueWords).flatMap(([name, values]) =>
      Object.entries(values).filter(([value, words]) => {
        const type = schema.getType(name)
        return !isEnumType(type) || type.getValue(value)?.description !== words
      }),
    ),
  ]
  assert.deepEqual(unused, [])
})
