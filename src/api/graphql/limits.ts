/**
 * Bounds on what one GraphQL request may ask for, so that no document, however small, makes large work. Those a
 * document shows by itself are checked before validation, since a rule of validation (fields that overlap) takes time
 * quadratic in the number of fields. What only the data shows, such as a page of pages, draws on the `Budget`.
 */
import { type DocumentNode, GraphQLError, Kind, Location, type SelectionSetNode } from 'graphql'
import { ApiError } from '../errors.ts'

export const limits = {
  /** Characters of a document; with `cachedDocuments` it bounds the memory of the cache of parsed documents. */
  queryLength: 20_000,
  cachedDocuments: 128,
  tokens: 2000,
  /** Nested fields; introspection has its own rule in graphql-js. */
  depth: 10,
  /** Fields of an operation, aliases and every use of a fragment counted. */
  fields: 500,
  /** Documents with more fields are not compiled: that takes 100 ms for the largest, and pays off only for frequent ones. */
  compiledFields: 100,
  /** Rows that a request may make: items of pages, layers costed, networks registered. */
  rows: 20_000,
  /** Lists and objects that the body of a request may nest: a model of Keras nests about ten. */
  bodyDepth: 64,
  /** Items and members of all lists and objects of a body: ten thousand layers of four attributes each, and some. */
  bodyValues: 75_000,
  /** Members of one object of a body: V8 looks up names of large objects more slowly. */
  bodyMembers: 2000,
  /** Subscriptions open on one websocket. */
  subscriptions: 50,
  /** Bytes of one websocket message. */
  messageBytes: 65_536,
  /** Messages that a websocket may send, pings included: at once, and per second over time. */
  socketMessages: { burst: 200, perSecond: 50 },
  /** Bytes that may wait for the client of a websocket to read them, when there is more to send. */
  socketBufferBytes: 2 ** 22,
} as const

/** What a call costs, in rows, regardless of its result. */
export const prices = { registration: 1000, run: 100, samplesPerRow: 10 } as const

/** The budget of a request: a number of rows that its resolvers may not exceed. */
export class Budget {
  readonly #rows: number
  #left: number
  constructor(rows: number) {
    this.#rows = rows
    this.#left = rows
  }

  /** Takes `rows` from the budget. @throws ApiError QUERY_TOO_COMPLEX where it has fewer left. */
  spend(rows: number): void {
    this.#left -= rows
    if (this.#left < 0)
      throw new ApiError(
        'QUERY_TOO_COMPLEX',
        `the request asks for more than ${this.#rows} rows (items of pages and layers of networks): ask for smaller pages, or in several requests`,
      )
  }
}

export interface Size {
  depth: number
  fields: number
}

/**
 * Checks the size of a document before it is validated: linear in its length, since fragments are measured once.
 * @returns coded errors, none where the document is within the limits, and the fields of its largest part.
 */
export function measureDocument(document: DocumentNode): { errors: GraphQLError[]; fields: number } {
  // mercurius accepts JSON as a parsed document where the text does not parse; ours always come from graphql-js.
  if (!(document?.loc instanceof Location)) return { errors: [coded('INVALID_QUERY', 'the query is not a GraphQL document')], fields: 0 }
  const measure = measurer(document)
  const errors: GraphQLError[] = []
  let most = 0
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue
    const name = definition.name ? ` "${definition.name.value.slice(0, 60)}"` : ''
    const what = `the ${definition.kind === Kind.OPERATION_DEFINITION ? definition.operation : 'fragment'}${name}`
    const { depth, fields } = measure(definition.selectionSet)
    most = Math.max(most, fields)
    // Fragments nest as deep as introspection does; where they are used says whether that is too deep.
    if (definition.kind === Kind.OPERATION_DEFINITION && depth > limits.depth)
      errors.push(coded('QUERY_TOO_COMPLEX', `${what} nests ${depth} fields deep, the limit is ${limits.depth}`))
    if (fields > limits.fields)
      errors.push(
        coded(
          'QUERY_TOO_COMPLEX',
          `${what} has ${fields} fields with its fragments and aliases written out, the limit is ${limits.fields}`,
        ),
      )
  }
  return { errors: errors.slice(0, 10), fields: most }
}

const coded = (code: 'INVALID_QUERY' | 'QUERY_TOO_COMPLEX', detail: string): GraphQLError =>
  new GraphQLError(detail, { originalError: new ApiError(code, detail) })

/** Depth and fields of a selection set. A fragment inside itself is refused by validation and counts once here. */
function measurer(document: DocumentNode): (selectionSet: SelectionSetNode) => Size {
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition.selectionSet] as const] : [],
    ),
  )
  const measured = new Map<string, Size>()
  const fragment = (name: string): Size => {
    const known = measured.get(name)
    if (known) return known
    const selectionSet = fragments.get(name)
    measured.set(name, { depth: 0, fields: 0 })
    const size = selectionSet ? measure(selectionSet) : { depth: 0, fields: 0 }
    measured.set(name, size)
    return size
  }
  const measure = (selectionSet: SelectionSetNode | undefined): Size => {
    const total = { depth: 0, fields: 0 }
    for (const selection of selectionSet?.selections ?? []) {
      const size = selection.kind === Kind.FRAGMENT_SPREAD ? fragment(selection.name.value) : measure(selection.selectionSet)
      const isField = selection.kind === Kind.FIELD
      const introspection = isField && selection.name.value.startsWith('__')
      total.depth = Math.max(total.depth, introspection ? 1 : size.depth + (isField ? 1 : 0))
      total.fields += size.fields + (isField ? 1 : 0)
    }
    return total
  }
  return measure
}
