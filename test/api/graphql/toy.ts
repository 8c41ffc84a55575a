/** A small schema behind the real face, for what has nothing to do with architectures. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import Fastify from 'fastify'
import { Type } from 'typebox'
import { ApiError } from '../../../src/api/errors.ts'
import { field, type GraphqlFeature } from '../../../src/api/graphql/feature.ts'
import { useGraphql } from '../../../src/api/graphql/index.ts'
import { useAccess } from '../../../src/api/plugins/access.ts'
import { useValidation } from '../../../src/api/plugins/validation.ts'

const Item = Type.Object({ id: Type.Integer(), name: Type.String() }, { title: 'Item' })
const items = (n: number) => Array.from({ length: n }, (_, id) => ({ id, name: `item ${id}` }))

/** What became of the sources of subscriptions. */
export const sources = { open: 0, ended: 0 }

async function* ticks(count: number, signal: AbortSignal) {
  sources.open += 1
  try {
    for (let tick = 1; tick <= count; tick++) yield { tick }
    // Waits for an event that never comes, as the events of a run do.
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  } finally {
    sources.open -= 1
    sources.ended += 1
  }
}

/** Large events without end. */
async function* flood(signal: AbortSignal) {
  sources.open += 1
  try {
    while (!signal.aborted) {
      await nextTurn()
      yield 'x'.repeat(500_000)
    }
  } finally {
    sources.open -= 1
  }
}

/** Batches that a request asked for, each a list of keys. */
export const batches: (readonly number[])[] = []
const double = async (keys: readonly number[]) => {
  batches.push(keys)
  return keys.map((key) => (key === 3 ? new ApiError('RUN_NOT_FOUND', 'there is no double of 3') : 2 * key))
}

const feature: GraphqlFeature = {
  types: { Tick: Type.Object({ tick: Type.Integer() }) },
  fields: {
    Query: {
      a: { description: 'The letter a.', type: 'String', resolve: () => 'A' },
      b: { description: 'The letter b.', type: 'String', resolve: () => 'B' },
      items: field({
        description: 'Items.',
        args: Type.Object({ n: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 3, description: 'How many.' })) }),
        type: Type.Array(Item),
        resolve: (_parent, { n = 3 }, context) => {
          context.budget.spend(n)
          return items(n)
        },
      }),
      missing: {
        description: 'Never there.',
        type: 'Item',
        resolve: () => {
          throw new ApiError('RUN_NOT_FOUND', 'no run 7', [{ path: '/id', message: 'there are runs 1 to 6' }])
        },
      },
      broken: {
        description: 'Fails.',
        type: 'Item',
        resolve: () => {
          throw new TypeError('the password is hunter2')
        },
      },
    },
    Item: {
      self: { description: 'The item again.', type: 'Item!', resolve: (item) => item },
      double: { description: 'Twice the id.', type: 'Int', resolve: ({ id }, _args, context) => context.load(double, id) },
    },
    Mutation: {
      set: field({
        audit: 'cancelRun',
        description: 'Says what arrived.',
        args: Type.Object({
          input: Type.Object(
            { name: Type.String(), tag: Type.Optional(Type.String()), free: Type.Optional(Type.Unknown()) },
            { title: 'Set' },
          ),
        }),
        type: 'JSON!',
        resolve: (_parent, args) => args,
      }),
    },
    Subscription: {
      flood: { description: 'Large texts without end.', type: 'String!', subscribe: (_args, signal) => flood(signal) },
      ticks: field({
        description: 'So many ticks, then silence.',
        args: Type.Object({ count: Type.Integer({ minimum: 0, maximum: 10 }) }),
        type: 'Tick!',
        subscribe: ({ count }, signal) => ticks(count, signal),
      }),
    },
  },
}

export async function toyApp() {
  const logged: string[] = []
  const app = Fastify({ logger: { level: 'error', stream: { write: (line: string) => void logged.push(line) } } })
  await app.register(useValidation)
  await app.register(useAccess, { keyring: null })
  await app.register(useGraphql, { features: [feature] })
  await app.ready()
  const post = async (query: unknown, rest: object = {}) => {
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/graphql', payload: { query, ...rest } })
    return { status: statusCode, body, ...(JSON.parse(body) as { data?: any; errors?: any[] }) }
  }
  return { app, post, logged }
}
