import { type TSchema, Type } from 'typebox'
import { type ErrorCode, errorTable } from './errors.ts'

/** RFC 9457, with our code and every problem found. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'Names the code as a URI.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What is wrong and what would be right.' }),
    code: Type.Enum(Object.keys(errorTable) as ErrorCode[], { description: 'Stable; for programs.' }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({ description: 'JSON pointer into what was sent.' }),
          layerId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
          message: Type.String(),
        }),
        { description: 'Every problem, where there are several or they have a position.' },
      ),
    ),
    requestId: Type.String({ description: 'Also in the x-request-id header and in the log.' }),
  },
  { title: 'Problem', description: 'What went wrong (RFC 9457).' },
)

/** Codes any call may answer with. */
const everywhere: readonly ErrorCode[] = [
  'MALFORMED_REQUEST',
  'FORBIDDEN_HOST',
  'HEADERS_TOO_LARGE',
  'RATE_LIMITED',
  'OVERLOADED',
  'DATABASE_UNREACHABLE',
  'DISK_FULL',
  'DATA_FOLDER_READ_ONLY',
  'SHUTTING_DOWN',
  'INTERNAL',
]

/** The error responses of a route, by status: the codes given, and those that any call may answer with. */
export const errors = (...codes: ErrorCode[]): Record<number, unknown> =>
  publicErrors('UNAUTHENTICATED', 'FORBIDDEN', 'ISSUER_UNREACHABLE', ...codes)

/** The same for a route that asks nobody for a key. */
export function publicErrors(...codes: ErrorCode[]): Record<number, unknown> {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of [...codes, ...everywhere]) {
    const { status } = errorTable[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, list]) => [
        status,
        {
          description: list.map((code) => `\`${code}\`: ${errorTable[code].title}.`).join(' '),
          content: { 'application/problem+json': { schema: ProblemSchema } },
        },
      ]),
  )
}

/** An answer in one or more media types. */
export const answer = (description: string, content: Record<string, TSchema>, headers?: Record<string, unknown>) => ({
  description,
  ...(headers ? { headers } : {}),
  content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])),
})
export const json = (description: string, schema: TSchema) => answer(description, { 'application/json': schema })
/** An answer without a body. */
export const empty = (description: string) => ({ description, type: 'null' })

export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
export const Timestamp = Type.String({ format: 'date-time' })
/** An id as the documentation shows it; nothing has it. */
export const exampleId = '01890a5d-ac96-774b-bcce-b302099a8057'
export const Id = Type.String({ format: 'uuid', examples: [exampleId] })

/** Cursor paging, the same everywhere. */
export const paging = {
  after: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'The cursor at the end of the page before.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Items a page. Default 50.' })),
}
/** Rounding of a read's figures. */
export const digits = {
  digits: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 17,
      description: 'Figures to so many significant digits; exact if left out. Whole numbers, such as counts, stay exact.',
    }),
  ),
}

/** `total` of a list's query, and the order of its items. */
export const totalOnRequest = {
  total: Type.Optional(Type.Boolean({ description: 'Also count all that fit, on whatever page.' })),
}
export const SortDirectionSchema = Type.Enum(['asc', 'desc'], {
  title: 'SortDirection',
  description: 'Which end of a list comes first.',
  enumDescriptions: { asc: 'The smallest, the earliest, or A first.', desc: 'The largest, the latest, or Z first.' },
})
/** A filter of several values, any of which will do. In an address: separated by commas, or the name again for each. */
export const anyOf = <T extends TSchema>(item: T, description: string) =>
  Type.Optional(Type.Array(item, { minItems: 1, maxItems: 50, description }))

export const pageOf = <T extends TSchema>(item: T, title: string) =>
  Type.Object(
    {
      items: Type.Array(item),
      nextCursor: nullable(Type.String({ description: 'Pass as `after`; null on the last page.' })),
      total: Type.Optional(
        Type.Integer({ minimum: 0, description: 'All that fit, on whatever page; only where `total=true` asks for it.' }),
      ),
    },
    { title },
  )

/** A page as a service gives it: with a cursor for each item, which GraphQL shows. */
export interface Listed<T> {
  items: T[]
  cursors: string[]
  nextCursor: string | null
  total?: number
}

/** The page as REST shows it, and the `Link` header (RFC 8288) to the next. @param url of the request. */
export function pageAnswer<T>({ items, nextCursor, total }: Listed<T>, url: string) {
  const [path, query] = url.split('?') as [string, string?]
  const next = new URLSearchParams(query)
  if (nextCursor !== null) next.set('after', nextCursor)
  return {
    body: { items, nextCursor, ...(total === undefined ? {} : { total }) },
    headers: nextCursor === null ? {} : { link: `<${path}?${next}>; rel="next"` },
  }
}
