import { type TProperties, type TSchema, Type } from 'typebox'
import { type Listed, nullable, paging } from '../schemas.ts'
import type { GraphqlContext } from './context.ts'

/** Items of a page where a query does not say; as for REST. */
const defaultFirst = 50

/** The arguments of a connection: REST's page in Relay's terms, and the filters of the list. */
export const connectionArgs = <P extends TProperties>(filters: P) =>
  Type.Object({ first: paging.limit, after: paging.after, ...filters }, { additionalProperties: false })

const PageInfo = Type.Object(
  {
    hasNextPage: Type.Boolean({ description: 'Whether items follow this page.' }),
    hasPreviousPage: Type.Boolean({ description: 'Whether items stand before this page.' }),
    startCursor: nullable(Type.String({ description: 'Of the first item; null on an empty page.' })),
    endCursor: nullable(Type.String({ description: 'Pass as `after` for the next page; null on an empty page.' })),
  },
  { title: 'PageInfo', description: 'Where a page stands in its list.' },
)

/** The types of pages of `node`, by Relay's connection specification, forwards. `node` itself is added to the edge by name. */
export const connectionTypes = (node: string): Record<string, TSchema> => {
  const edge = Type.Object(
    {
      cursor: Type.String({ description: 'Pass as `after` for what follows this item.' }),
      node: Type.Unsafe({ graphqlType: node, description: 'The item.' }),
    },
    { title: `${node}Edge`, description: `A ${node} on a page, with its cursor.` },
  )
  return {
    [`${node}Connection`]: Type.Object(
      {
        edges: Type.Array(edge, { description: 'The items of the page.' }),
        pageInfo: Type.Object(PageInfo.properties, { title: 'PageInfo', description: 'Where the page stands in the list.' }),
        totalCount: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: 'All that fit, on whatever page.' }),
      },
      { title: `${node}Connection`, description: `A page of a list of ${node}.` },
    ),
  }
}

/**
 * A service's page as a connection. The rows are charged before they are read, so that pages of pages are refused before
 * they start.
 * @param count of all that fit, asked only where a query wants it.
 */
export async function connection<T extends { id: string }, A extends { first?: number; after?: string }>(
  context: GraphqlContext,
  { first = defaultFirst, ...rest }: A,
  list: (query: Omit<A, 'first'> & { limit: number }) => Promise<Listed<T>>,
  count: (query: Omit<A, 'first'>) => Promise<number>,
) {
  context.budget.spend(first)
  const { items, cursors, nextCursor } = await list({ ...rest, limit: first })
  const edges = items.map((node, i) => ({ node, cursor: cursors[i]! }))
  const pageInfo = {
    hasNextPage: nextCursor !== null,
    // What `after` names stands on a page before this one.
    hasPreviousPage: rest.after !== undefined,
    startCursor: cursors[0] ?? null,
    endCursor: cursors.at(-1) ?? null,
  }
  return { edges, pageInfo, count: () => count(rest) }
}

/** The resolvers of a connection. */
export const connectionResolvers = (node: string) => ({
  [`${node}Connection`]: { totalCount: ({ count }: { count: () => Promise<number> }) => count() },
})
