/** How a feature states its part of the GraphQL schema, and how the parts become one schema. */
import {
  buildSchema,
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from 'graphql'
import { type Static, type TObject, type TSchema, Type } from 'typebox'
import { schemaViolations } from '../../engine/schema-violations.ts'
import type { AuditAction } from '../../store/index.ts'
import { type Access, requireRole } from '../access/roles.ts'
import { invalidRequest, type Violation } from '../errors.ts'
import { abortable } from './abortable.ts'
import type { GraphqlContext } from './context.ts'
import { typeWords } from './glossary/types.ts'
import { docstring, SdlTypes, scalars } from './sdl.ts'

/** One field: its type, its arguments, and the service call behind it. */
export interface Field {
  description: string
  /** Of root fields: the role that it takes, where it is not that of its root: reader, and runner for mutations. */
  access?: Access
  /** Of mutations: the change that it makes, for the audit log. */
  audit?: AuditAction
  /** Its properties are the arguments; every call is validated against it, as REST validates a request. */
  args?: TObject
  /** Arguments that the service checks itself, since it can say more about them than a schema. */
  unchecked?: readonly string[]
  /** A schema, or SDL such as `Architecture!` or `[Device!]!` for a type that another field or feature defines. */
  type: TSchema | string
  /** Not given: the property of the same name. */
  resolve?(parent: any, args: any, context: GraphqlContext, info: GraphQLResolveInfo): unknown
  /** Subscription fields: the events, until `signal` is aborted; each is the parent of `resolve`. */
  subscribe?(args: any, signal: AbortSignal): AsyncIterable<unknown>
}

/** A field whose resolver knows the type of its arguments. */
export function field<A extends TObject>(
  definition: Omit<Field, 'args' | 'resolve' | 'subscribe'> & {
    args: A
    resolve?(parent: any, args: Static<A>, context: GraphqlContext, info: GraphQLResolveInfo): unknown
    subscribe?(args: Static<A>, signal: AbortSignal): AsyncIterable<unknown>
  },
): Field {
  return definition
}

/** What several types have in common: a field that says which object is meant gives its type as `__typename`. */
export interface Interface {
  description: string
  fields: Readonly<Record<string, { description: string; type: string }>>
  /** The types that have these fields. */
  of: readonly string[]
}

/** A feature's part. `Query`, `Mutation` and `Subscription` are types like any other. */
export interface GraphqlFeature {
  /** Types that fields name by SDL text; a name given here also stands for equal enums without a title elsewhere. */
  types?: Readonly<Record<string, TSchema>>
  interfaces?: Readonly<Record<string, Interface>>
  /** Type name → field name → field. */
  fields: Readonly<Record<string, Readonly<Record<string, Field>>>>
  /** Resolvers of fields of a converted schema whose value is not simply the property. */
  resolvers?: Readonly<Record<string, Readonly<Record<string, Resolver>>>>
}

type Resolver = (parent: any, args: any, context: GraphqlContext, info: GraphQLResolveInfo) => unknown
type FieldResolvers = Partial<Pick<GraphQLField<unknown, GraphqlContext>, 'resolve' | 'subscribe' | 'extensions'>>

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/**
 * The features' parts as one executable schema.
 * @throws Error where two features define one field, two schemas claim one type name, or the whole is not valid.
 */
export function composeFeatures(features: readonly GraphqlFeature[]): GraphQLSchema {
  const types = new SdlTypes()
  for (const feature of features) for (const [name, schema] of Object.entries(feature.types ?? {})) types.output(schema, name)
  const extensions = new Map<string, string[]>()
  const resolvers = new Map<string, FieldResolvers>()
  for (const [parent, name, definition] of features.flatMap(fieldsOf)) {
    if (resolvers.has(`${parent}.${name}`)) throw new Error(`two features define ${parent}.${name}`)
    const hint = `${roots.includes(parent) ? '' : parent}${capitalized(name)}`
    const type = typeof definition.type === 'string' ? definition.type : types.output(definition.type, hint)
    const args = definition.args ? types.args(definition.args, hint) : ''
    extensions.set(parent, [...(extensions.get(parent) ?? []), `${docstring(definition.description, '  ')}  ${name}${args}: ${type}`])
    resolvers.set(`${parent}.${name}`, guarded(parent, name, definition))
  }
  for (const { resolvers: own } of features)
    for (const [parent, fields] of Object.entries(own ?? {})) {
      if (roots.includes(parent)) throw new Error(`a resolver of ${parent} alone would ask nobody for a role: state it as a field`)
      for (const [name, resolve] of Object.entries(fields)) resolvers.set(`${parent}.${name}`, { resolve })
    }
  const interfaces = features.flatMap((feature) => Object.entries(feature.interfaces ?? {}))
  const sdl = [
    ...Object.keys(scalars).map((name) => `scalar ${name}`),
    ...roots.filter((root) => extensions.has(root)).map((root) => `${docstring(typeWords[root])}type ${root}`),
    types.print(),
    ...interfaces.map(([name, definition]) => interfaceSdl(name, definition)),
    ...[...extensions].map(([parent, lines]) => `extend type ${parent} {\n${lines.join('\n')}\n}`),
  ].join('\n\n')
  const schema = buildSchema(sdl)
  for (const [name, scalar] of Object.entries(scalars)) Object.assign(schema.getType(name)!, scalar.toConfig())
  for (const [name] of interfaces)
    (schema.getType(name) as GraphQLInterfaceType).resolveType = ({ __typename }: { __typename: string }) => __typename
  for (const [path, own] of resolvers) {
    const [parent, name] = path.split('.') as [string, string]
    const target = (schema.getType(parent) as GraphQLObjectType | undefined)?.getFields()[name]
    if (!target) throw new Error(`there is no field ${path} to resolve`)
    Object.assign(target, own)
  }
  return schema
}

const interfaceSdl = (name: string, { description, fields, of }: Interface): string =>
  [
    `${docstring(description)}interface ${name} {`,
    ...Object.entries(fields).map(([key, each]) => `${docstring(each.description, '  ')}  ${key}: ${each.type}`),
    '}',
    ...of.map((type) => `extend type ${type} implements ${name}`),
  ].join('\n')

const roots = ['Query', 'Mutation', 'Subscription']
const rootAccess: Readonly<Record<string, Access>> = { Query: 'reader', Mutation: 'runner', Subscription: 'reader' }

/** The resolvers of a field; those of a root field ask for its role first, and the schema keeps which one. */
function guarded(parent: string, name: string, definition: Field): FieldResolvers {
  const own = resolversOf(name, definition)
  const access = definition.access ?? rootAccess[parent]
  if (access === undefined) return own
  const admitting =
    (resolver: Resolver): Resolver =>
    (root, args, context, info) => {
      requireRole(context.caller, access, `the ${parent.toLowerCase()} ${name}`)
      return resolver(root, args, context, info)
    }
  const { resolve = defaultFieldResolver as Resolver, subscribe } = own
  if (parent === 'Mutation') {
    const { audit } = definition
    if (!audit) throw new Error(`the mutation ${name} states no audit: say which change it makes`)
    return { resolve: audited(audit, admitting(resolve as Resolver)), extensions: { access, audit } }
  }
  return subscribe
    ? { resolve, subscribe: admitting(subscribe as Resolver), extensions: { access } }
    : { resolve: admitting(resolve as Resolver), extensions: { access } }
}

/** Sees to it that a change leaves a line in the audit log, as REST's routes do. */
const audited =
  (action: AuditAction, resolver: Resolver): Resolver =>
  async (root, args, context, info) => {
    const line = context.changing(action, args.id)
    try {
      const result = await resolver(root, args, context, info)
      context.trail?.answered(line)
      return result
    } catch (error) {
      context.trail?.refused(line, error)
      throw error
    }
  }

const fieldsOf = ({ fields }: GraphqlFeature) =>
  Object.entries(fields).flatMap(([parent, definitions]) =>
    Object.entries(definitions).map(([name, definition]) => [parent, name, definition] as const),
  )

function resolversOf(name: string, { args, unchecked, resolve, subscribe }: Field): FieldResolvers {
  if (!args && !subscribe) return resolve ? { resolve } : {}
  const read = args ? argumentReader(name, args, unchecked) : (given: unknown) => given
  const checked =
    (handler: Resolver): Resolver =>
    async (parent, given, context, info) => {
      const values = read(given)
      try {
        return await handler(parent, values, context, info)
      } catch (error) {
        throw inArguments(error, name, unchecked)
      }
    }
  if (subscribe)
    return {
      subscribe: checked((_parent, read, context) =>
        abortable(
          (signal) => subscribe(read, signal),
          () => context.renew(),
        ),
      ),
      resolve: resolve ?? ((event) => event),
    }
  return resolve ? { resolve: checked(resolve) } : {}
}

/**
 * Reads arguments as the service takes them: null means not given. The schema applies as for REST: a mismatch is
 * INVALID_REQUEST, with every violation.
 */
function argumentReader(name: string, args: TObject, unchecked: readonly string[] = []): (given: unknown) => unknown {
  const checked = Type.Object(Object.fromEntries(Object.entries(args.properties).filter(([key]) => !unchecked.includes(key))))
  return (given) => {
    const read = withoutNulls(args, given)
    const violations = schemaViolations(checked, read)
    if (violations.length > 0) throw invalidRequest(`input of ${name}`, violations)
    return read
  }
}

/**
 * Rewrites a service's error about a request to speak of the field's arguments, since the service knows neither REST's body
 * nor the argument's name.
 */
function inArguments(error: unknown, name: string, [argument]: readonly string[] = []): unknown {
  const { code, errors } = error as { code?: unknown; errors?: readonly Violation[] }
  if (!errors || errors.length === 0) return error
  const placed = argument === undefined ? errors : errors.map((each) => ({ ...each, path: `/${argument}${each.path}` }))
  if (code === 'INVALID_REQUEST') return invalidRequest(argument ?? `input of ${name}`, placed)
  return argument === undefined ? error : Object.assign(error as Error, { errors: placed })
}

/** Drops the nulls of typed inputs where the schema has optional properties; free-form JSON keeps its own. */
function withoutNulls(schema: Record<string, any>, value: unknown): unknown {
  if (Array.isArray(value)) return schema.type === 'array' && schema.items ? value.map((item) => withoutNulls(schema.items, item)) : value
  if (typeof value !== 'object' || value === null || !schema.properties || schema.additionalProperties === true) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => item !== null || schema.properties[key] === undefined || schema.required?.includes(key))
      .map(([key, item]) => [key, withoutNulls(schema.properties[key] ?? {}, item)]),
  )
}
