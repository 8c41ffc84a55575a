import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildSchema, type GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, printSchema, printType } from 'graphql'
import { type TSchema, Type } from 'typebox'
import { composeFeatures } from '../../../src/api/graphql/feature.ts'
import { SdlTypes } from '../../../src/api/graphql/sdl.ts'

/** The type of a field `x` with this schema, as SDL. */
const output = (schema: TSchema): string => new SdlTypes().output(schema, 'Thing')
const input = (schema: TSchema): string => new SdlTypes().input(schema, 'Thing')

test('each schema becomes the GraphQL type that holds all its values', () => {
  const cases: [string, TSchema, string][] = [
    ['a boolean', Type.Boolean(), 'Boolean!'],
    ['a fraction', Type.Number(), 'Float!'],
    ['a string', Type.String(), 'String!'],
    ['an id', Type.String({ format: 'uuid' }), 'ID!'],
    ['a count: 2^53 − 1 does not fit Int', Type.Integer({ minimum: 0 }), 'SafeInt!'],
    ['one past the largest Int', Type.Integer({ minimum: 0, maximum: 2 ** 31 }), 'SafeInt!'],
    ['the largest Int', Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }), 'Int!'],
    ['no upper bound', Type.Integer({ maximum: 5 }), 'SafeInt!'],
    ['or null', Type.Union([Type.Boolean(), Type.Null()]), 'Boolean'],
    ['a list', Type.Array(Type.String()), '[String!]!'],
    ['a list with holes', Type.Array(Type.Union([Type.String(), Type.Null()])), '[String]!'],
    ['a pair', Type.Tuple([Type.Integer({ minimum: 0, maximum: 9 }), Type.Integer({ minimum: 0, maximum: 9 })]), '[Int!]!'],
    ['a pair of two kinds has no type of its own', Type.Tuple([Type.String(), Type.Boolean()]), 'JSON!'],
    ['a record', Type.Record(Type.String(), Type.String()), 'JSON!'],
    ['an open object', Type.Object({ a: Type.String() }, { additionalProperties: true }), 'JSON!'],
    ['anything', Type.Unknown(), 'JSON!'],
    ['one of two objects', Type.Union([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })]), 'JSON!'],
    ['a number or a word', Type.Union([Type.Integer(), Type.String()]), 'JSON!'],
    ['two kinds of string', Type.Union([Type.String({ pattern: 'a' }), Type.String({ pattern: 'b' })]), 'String!'],
    ['an object', Type.Object({ a: Type.String() }, { title: 'Named' }), 'Named!'],
    ['an object without a title, by its place', Type.Object({ a: Type.String() }), 'Thing!'],
    ['words', Type.Enum(['float32', 'int8']), 'Thing!'],
    ['words that are no GraphQL names', Type.Enum(['no-bias', 'bias']), 'String!'],
    ['words that GraphQL keeps for itself', Type.Enum(['true', 'false']), 'String!'],
  ]
  for (const [reason, schema, expected] of cases) assert.equal(output(schema), expected, reason)
})

test('an input object has a name apart from the output object of the same schema', () => {
  const Settings = Type.Object({ threads: Type.Optional(Type.Integer({ minimum: 0, maximum: 64, default: 1 })) }, { title: 'Settings' })
  assert.equal(input(Settings), 'SettingsInput!')
  const types = new SdlTypes()
  types.output(Settings, '')
  types.input(Settings, '')
  const schema = buildSchema(types.print())
  assert.ok(schema.getType('Settings') instanceof GraphQLObjectType)
  assert.ok(schema.getType('SettingsInput') instanceof GraphQLInputObjectType)
  assert.match(printType(schema.getType('SettingsInput')!), /threads: Int = 1\n/)
})

test('required, optional, nullable and nested properties, with their descriptions', () => {
  const types = new SdlTypes()
  const Run = Type.Object(
    {
      id: Type.String({ format: 'uuid', description: 'Says "which",\nover two lines, with """ inside.' }),
      finishedAt: Type.Union([Type.String({ description: 'When it ended.' }), Type.Null()]),
      label: Type.Optional(Type.String()),
      status: Type.Union([Type.Literal('queued', { description: 'Waits.' }), Type.Literal('running')], { title: 'State' }),
      result: Type.Object({ samples: Type.Integer() }),
    },
    { title: 'Run', description: 'One timed inference.' },
  )
  assert.equal(types.output(Run, ''), 'Run!')
  const schema = buildSchema(`scalar SafeInt\n${types.print()}`)
  const run = schema.getType('Run') as GraphQLObjectType
  const fields = Object.fromEntries(Object.entries(run.getFields()).map(([name, { type }]) => [name, String(type)]))
  assert.deepEqual(fields, { id: 'ID!', finishedAt: 'String', label: 'String', status: 'State!', result: 'RunResult!' })
  assert.equal(run.description, 'One timed inference.')
  assert.equal(run.getFields().id!.description, 'Says "which",\nover two lines, with """ inside.')
  assert.equal(run.getFields().finishedAt!.description, 'When it ended.')
  const status = schema.getType('State') as GraphQLEnumType
  assert.deepEqual(
    status.getValues().map(({ name, description }) => [name, description ?? null]),
    [
      ['queued', 'Waits.'],
      ['running', null],
    ],
  )
})

test('a schema that changes changes the SDL; nothing is stated a second time', () => {
  const sdl = (items: TSchema) =>
    printSchema(composeFeatures([{ fields: { Query: { a: { description: 'a', type: Type.Object({ items }, { title: 'A' }) } } } }]))
  const before = sdl(Type.Array(Type.String()))
  assert.equal(sdl(Type.Array(Type.String())), before)
  assert.notEqual(sdl(Type.Array(Type.Boolean())), before)
  assert.notEqual(sdl(Type.Array(Type.String(), { description: 'In order.' })), before)
})

test('equal enums without a name are one type; a name given first stands for them all', () => {
  const dtype = () => Type.Enum(['float32', 'int8'])
  const schema = composeFeatures([
    { fields: { Query: { a: { description: 'a', args: Type.Object({ dtype: Type.Optional(dtype()) }), type: dtype() } } } },
    { types: { Dtype: dtype() }, fields: {} },
  ])
  const { a } = schema.getQueryType()!.getFields()
  assert.equal(String(a!.type), 'Dtype!')
  assert.equal(String(a!.args[0]!.type), 'Dtype')
})

test('defaults: enums by name, strings in quotes, lists', () => {
  const types = new SdlTypes()
  const args = types.args(
    Type.Object({
      dtype: Type.Optional(Type.Enum(['float32', 'int8'], { default: 'float32' })),
      convention: Type.Optional(Type.String({ default: 'lecture' })),
      shape: Type.Optional(Type.Array(Type.Integer(), { default: [3, 227] })),
    }),
    'Costs',
  )
  const schema = buildSchema(`scalar SafeInt\n${types.print()}\ntype Query { a${args}: Boolean }`)
  const given = schema
    .getQueryType()!
    .getFields()
    .a!.args.map(({ defaultValue }) => defaultValue)
  assert.deepEqual(given, ['float32', 'lecture', [3, 227]])
})

test('two schemas of one name, or two features of one field, are refused at start', () => {
  const types = new SdlTypes()
  types.output(Type.Object({ a: Type.String() }, { title: 'Twice' }), '')
  assert.throws(() => types.output(Type.Object({ b: Type.String() }, { title: 'Twice' }), ''), /two different schemas are named Twice/)
  const feature = { fields: { Query: { a: { description: 'a', type: 'String' } } } }
  assert.throws(() => composeFeatures([feature, feature]), /two features define Query\.a/)
})
