import { type TProperties, type TSchema, Type } from 'typebox'
import { encodeCursor } from '../../store/index.ts'
import { nullable, paging } from '../schemas.ts'
import type { GraphqlContext } from './context.ts'

/** Items of a page where a query does not say; as for REST. */
const defaultFirst = 50

/** The arguments of a connection: REST's page in Relay's words, and the filters of the list. */
export const connectionArgs = <P extends TProperties>(filters: P) =>
  Type.Object({ first: paging.limit, after: paging.after, ...filters }, { additionalProperties: false })

const PageInfo = Type.Object(
  { hasNextPage: Type.Boolean(), endCursor: nullable(Type.String({ description: 'Pass as `after` for the next page.' })) },
  { title: 'PageInfo' },
)

/** The types of pages of `node`, by Relay's connection specification, forwards. `node` itself is added to the edge by name. */
export const connectionTypes = (node: string): Record<string, TSchema> => {
  const edge = Type.Object({ cursor: Type.String(), node: Type.Unsafe({ graphqlType: node }) }, { title: `${node}Edge` })
  return { [`${node}Connection`]: Type.Object({ edges: Type.Array(edge), pageInfo: PageInfo }, { title: `${node}Connection` }) }
}

interface Page<T> {
  items: readonly T[]
  nextCursor: string | null
}

/**
 * A service's page as a connection. The rows are paid for before they are read, so that pages of pages are refused
 * before they start.
 * @param at the moment by which the service orders its items.
 */
export async function connection<T extends { id: string }, A extends { first?: number; after?: string }>(
  context: GraphqlContext,
  { first = defaultFirst, ...rest }: A,
  list: (query: Omit<A, 'first'> & { limit: number }) => Promise<Page<T>>,
  at: (item: T) => string,
) {
  context.budget.spend(first)
  const { items, nextCursor } = await list({ ...rest, limit: first })
  const edges = items.map((node) => ({ node, cursor: encodeCursor(new Date(at(node)), node.id) }))
  return { edges, pageInfo: { hasNextPage: nextCursor !== null, endCursor: edges.at(-1)?.cursor ?? null } }
}
