import { EngineError, type EngineErrorCode } from '../engine/errors.ts'
import type { SchemaViolation } from '../engine/schema-violations.ts'
import { diskProblem } from '../store/disk-space.ts'
import { damageProblem, StoreError, type StoreErrorCode } from '../store/errors.ts'
import { QueueFullError } from '../store/queue-bounds.ts'
import { QuotaError } from '../store/usage.ts'

/** Codes raised only by the API. */
type ApiErrorCode =
  | 'MALFORMED_REQUEST'
  | 'REQUEST_TIMEOUT'
  | 'HEADERS_TOO_LARGE'
  | 'MALFORMED_JSON'
  | 'INVALID_REQUEST'
  | 'ROUTE_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'KEY_NOT_FOUND'
  | 'ISSUER_UNREACHABLE'
  | 'FORBIDDEN_ORIGIN'
  | 'FORBIDDEN_HOST'
  | 'INVALID_QUERY'
  | 'QUERY_TOO_COMPLEX'
  | 'NOT_ACCEPTABLE'
  | 'BODY_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'RATE_LIMITED'
  | 'OVERLOADED'
  | 'SHUTTING_DOWN'
  | 'INTERNAL'
  | 'ZOO_FAMILY_NOT_FOUND'
  | 'RUN_NOT_FOUND'
  | 'RUN_FINISHED'
  | 'RUN_NOT_WAITING'
  | 'NO_SAMPLES'
  | 'NO_WEIGHTS'
  | 'NO_PROFILE'
  | 'PREDICTION_NEEDS_RUNS'
  | 'NOT_COMPARABLE'
  | 'WEBHOOK_NOT_FOUND'
  | 'DELIVERY_NOT_FOUND'
  | 'WEBHOOK_DISABLED'
  | 'WEBHOOK_URL_REFUSED'
  | 'SWEEP_NOT_FOUND'
  | 'SWEEP_FINISHED'
  | 'DEVICE_NOT_FOUND'
  | 'AMBIGUOUS_DEVICE'
  | 'DEVICE_UNAVAILABLE'
  | 'UNSUPPORTED_BY_RUNTIME'

export type ErrorCode = ApiErrorCode | EngineErrorCode | StoreErrorCode

/** The two APIs. Errors of REST speak of addresses and bodies, those of GraphQL of fields and arguments. */
export type Face = 'rest' | 'graphql'

/** A hint for every error of a code, worded for each API; null where an API has none. */
type Hint = Readonly<Record<Face, string | null>>

/** The hint for an unknown name. The list is both a path of REST and a field of GraphQL. */
const listed = (list: string): Hint => ({
  rest: `GET /v1/${list} lists them all`,
  graphql: `the query ${list} lists them all`,
})

/** HTTP status, title and hint of each code, stated here only. A test covers every line. */
export const errorTable = {
  MALFORMED_REQUEST: { status: 400, title: 'The request is not valid HTTP' },
  MALFORMED_JSON: { status: 400, title: 'The body is not valid JSON' },
  INVALID_REQUEST: { status: 400, title: 'The request does not fit its schema' },
  INVALID_CURSOR: {
    status: 400,
    title: 'The page cursor is not valid',
    hint: { rest: 'use nextCursor of the page before, unchanged', graphql: 'use pageInfo.endCursor of the page before, unchanged' },
  },
  UNKNOWN_CONVENTION: { status: 400, title: 'There is no such counting convention' },
  INVALID_QUERY: { status: 400, title: 'The GraphQL document or its variables are not valid' },
  QUERY_TOO_COMPLEX: { status: 400, title: 'The GraphQL request asks for too much at once' },
  UNAUTHENTICATED: { status: 401, title: 'A key is needed' },
  FORBIDDEN: { status: 403, title: 'The key does not allow this' },
  FORBIDDEN_ORIGIN: { status: 403, title: 'Pages of this origin may not do this' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such address' },
  ARCHITECTURE_NOT_FOUND: { status: 404, title: 'There is no such architecture', hint: listed('architectures') },
  ZOO_FAMILY_NOT_FOUND: { status: 404, title: 'There is no such family in the zoo', hint: listed('zoo') },
  RUN_NOT_FOUND: { status: 404, title: 'There is no such run', hint: listed('runs') },
  SWEEP_NOT_FOUND: { status: 404, title: 'There is no such sweep', hint: listed('sweeps') },
  KEY_NOT_FOUND: { status: 404, title: 'There is no such key', hint: listed('keys') },
  WEBHOOK_NOT_FOUND: { status: 404, title: 'There is no such webhook', hint: listed('webhooks') },
  DELIVERY_NOT_FOUND: {
    status: 404,
    title: 'There is no such delivery',
    hint: { rest: 'GET /v1/webhook-deliveries lists them all', graphql: 'the query webhookDeliveries lists them all' },
  },
  DEVICE_NOT_FOUND: { status: 404, title: 'There is no such device' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The address does not take this method' },
  NOT_ACCEPTABLE: { status: 406, title: 'The answer is not available in the format asked for' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request did not arrive in time' },
  AMBIGUOUS_DEVICE: { status: 409, title: 'Several devices go by this name' },
  DEVICE_UNAVAILABLE: { status: 409, title: 'The runtime does not work on this device' },
  IDEMPOTENCY_CONFLICT: { status: 409, title: 'The idempotency key was used for another request' },
  WEBHOOK_DISABLED: { status: 409, title: 'The webhook is disabled' },
  TOO_MANY_WEBHOOKS: { status: 409, title: 'There are as many webhooks as may be' },
  LAST_ADMIN: { status: 409, title: 'No key of an admin would be left' },
  RUN_FINISHED: { status: 409, title: 'The run has already ended' },
  RUN_NOT_WAITING: { status: 409, title: 'The run does not wait any more' },
  SWEEP_FINISHED: { status: 409, title: 'Every run of the sweep has already ended' },
  NOT_COMPARABLE: { status: 409, title: 'A run has no result that can be compared' },
  NO_WEIGHTS: { status: 409, title: 'The architecture has no weights of its own' },
  NO_SAMPLES: { status: 409, title: 'The run has no samples' },
  PREDICTION_NEEDS_RUNS: { status: 409, title: 'Too few architectures were measured on the device for a prediction' },
  BACKUP_BY_PG_DUMP: { status: 409, title: 'The database is backed up by its own tools' },
  NO_PROFILE: { status: 409, title: 'The run has no per-layer profile' },
  SAMPLES_EXPIRED: { status: 410, title: 'The samples of the run were dropped for their age' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is larger than the limit' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The format of the body is not supported' },
  FORBIDDEN_HOST: { status: 421, title: 'The service does not answer to this host name' },
  INVALID_GRAPH: { status: 422, title: 'The graph is not valid' },
  INVALID_KERAS: { status: 422, title: 'The Keras or TF.js model cannot be read' },
  INVALID_ONNX: { status: 422, title: 'The ONNX file cannot be read' },
  LIMIT_EXCEEDED: { status: 422, title: 'The architecture exceeds a limit' },
  COST_OVERFLOW: { status: 422, title: 'A count exceeds the largest exact integer' },
  UNKNOWN_ZOO_FAMILY: { status: 422, title: 'There is no such family in the zoo', hint: listed('zoo') },
  UNKNOWN_ZOO_PRESET: { status: 422, title: 'There is no such preset in the zoo', hint: listed('zoo') },
  INVALID_ZOO_OPTIONS: { status: 422, title: 'The options do not fit the family' },
  INVALID_BATCH: { status: 422, title: 'The network does not work at this batch' },
  INVALID_RESOLUTION: { status: 422, title: 'The network does not work at this resolution' },
  EXPORT_UNSUPPORTED: { status: 422, title: 'The format cannot express this architecture' },
  UNKNOWN_REWRITE: { status: 422, title: 'There is no such rewrite', hint: listed('rewrites') },
  INVALID_REWRITE: { status: 422, title: 'The options or layers do not fit the rewrite' },
  REWRITE_NOT_APPLICABLE: { status: 422, title: 'The rewrite cannot change this network so' },
  INVALID_PLACEMENT: { status: 422, title: 'The network cannot be split so' },
  WEBHOOK_URL_REFUSED: { status: 422, title: 'Webhooks do not go to this address' },
  UNSUPPORTED_BY_RUNTIME: { status: 422, title: 'The runtime does not offer this' },
  INVALID_TEXT: { status: 422, title: 'A text holds a character that is not taken' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  QUOTA_EXCEEDED: { status: 429, title: 'The key has used up its quota' },
  QUEUE_FULL: { status: 429, title: 'As many runs wait as may' },
  HEADERS_TOO_LARGE: { status: 431, title: 'Address and headers are larger than the limit' },
  INTERNAL: { status: 500, title: 'Something went wrong in the service' },
  WEIGHTS_MISSING: { status: 500, title: 'The weights of an architecture cannot be read' },
  DATABASE_DAMAGED: { status: 500, title: 'The database is damaged' },
  DATA_FOLDER_IN_USE: { status: 500, title: 'Another process holds the data folder' },
  DATA_FOLDER_UNUSABLE: { status: 500, title: 'The data folder cannot be used' },
  MIGRATION_FAILED: { status: 500, title: 'The database could not be brought up to date' },
  BACKUP_UNUSABLE: { status: 500, title: 'The backup cannot be restored' },
  DATA_FOLDER_READ_ONLY: { status: 503, title: 'The data folder cannot be written to' },
  OVERLOADED: { status: 503, title: 'The service is busy' },
  ISSUER_UNREACHABLE: { status: 503, title: 'The issuer of tokens does not answer' },
  DATABASE_UNREACHABLE: { status: 503, title: 'The database does not answer' },
  SHUTTING_DOWN: { status: 503, title: 'The service is shutting down' },
  // Time frees nothing, and the request may not be repeated as it is: RFC 4918, 11.5.
  STORAGE_QUOTA_EXCEEDED: { status: 507, title: 'The key stores as much as it may' },
  DISK_FULL: { status: 507, title: 'The disk is full' },
} as const satisfies Record<ErrorCode, { status: number; title: string; hint?: Hint }>

/** One thing that is wrong, as clients see it. `layerId` only where the violation is a layer's. */
export interface Violation extends SchemaViolation {
  layerId?: string | null
}

/** An error with a code of the table. `detail` says what would be right; `headers` go with the HTTP answer. */
export class ApiError extends Error {
  readonly code: ErrorCode
  readonly errors: readonly Violation[]
  readonly headers: Readonly<Record<string, string>>
  constructor(code: ErrorCode, detail: string, errors: readonly Violation[] = [], headers: Readonly<Record<string, string>> = {}) {
    super(detail)
    this.name = 'ApiError'
    this.code = code
    this.errors = errors
    this.headers = headers
  }
}

/** A request that is refused because the process has more to do than it manages. */
export const overloaded = (): ApiError =>
  new ApiError('OVERLOADED', 'the service is overloaded: try again in a few seconds', [], { 'retry-after': '2' })

/** A request that does not fit its schema, with everything that is wrong. `where` names the part: body, query, input … */
export function invalidRequest(where: string, violations: readonly Violation[]): ApiError {
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : ''
  return new ApiError('INVALID_REQUEST', `the ${where} is not valid: ${violations[0]?.message ?? 'see errors'}${more}`, violations)
}

/** An error as both faces show it: REST as a problem document, GraphQL as `extensions`. */
export interface CodedError {
  code: ErrorCode
  status: number
  title: string
  detail: string
  errors: readonly Violation[]
  headers: Readonly<Record<string, string>>
}

const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errorTable, code)

/** Fastify's errors under our codes, with a detail of our own where Fastify's would not help. */
const fastifyCodes: ReadonlyMap<unknown, [ErrorCode, string?]> = new Map(
  Object.entries({
    FST_ERR_CTP_INVALID_JSON_BODY: [
      'MALFORMED_JSON',
      'the body is not JSON: check for a missing quote, comma or bracket, and that all of it was sent',
    ],
    FST_ERR_CTP_EMPTY_JSON_BODY: ['MALFORMED_JSON', 'the body is empty, but must be JSON'],
    FST_ERR_CTP_INVALID_MEDIA_TYPE: ['UNSUPPORTED_MEDIA_TYPE', 'send the body as application/json, and say so in Content-Type'],
    FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['MALFORMED_REQUEST', 'the body is not as long as Content-Length says'],
    FST_ERR_CTP_BODY_TOO_LARGE: [
      'BODY_TOO_LARGE',
      'the body is larger than this call accepts: shorten it, upload the graph as an ONNX file in a form, or raise MAX_BODY_BYTES',
    ],
    FST_ERR_BAD_URL: ['MALFORMED_REQUEST', 'the address holds a broken percent escape'],
    FST_ERR_MAX_PARAM_LENGTH: ['ROUTE_NOT_FOUND', 'there is nothing at this address: /docs lists every call'],
  }),
)

/** The store's own error; Drizzle wraps errors of statements. */
function storeError(error: unknown): StoreError | null {
  for (let cause = error as { cause?: unknown } | undefined, depth = 0; cause && depth < 5; depth++) {
    if (cause instanceof StoreError) return cause
    cause = cause.cause as typeof cause
  }
  return null
}

/** When to try again, where the store knows. */
function retryAfter(error: StoreError): Record<string, string> {
  if (error instanceof QueueFullError) return { 'retry-after': String(error.retryAfterSeconds) }
  if (error instanceof QuotaError) return error.retryAfterSeconds === null ? {} : { 'retry-after': String(error.retryAfterSeconds) }
  return error.code === 'DATABASE_UNREACHABLE' ? { 'retry-after': '2' } : {}
}

/** Maps any error to the client's answer. Unknown ones become INTERNAL without details; the log has them, under the request id. */
export function codedError(error: unknown, face: Face = 'rest'): CodedError {
  const of = (code: ErrorCode, detail: string, errors: readonly Violation[] = [], headers: Readonly<Record<string, string>> = {}) => {
    const { status, title, hint }: { status: number; title: string; hint?: Hint } = errorTable[code]
    return { code, status, title, detail: withHint(detail, hint?.[face]), errors, headers }
  }
  if (error instanceof ApiError) return of(error.code, error.message, error.errors, error.headers)
  if (error instanceof EngineError) return of(error.code, error.message, error.errors)
  const stored = storeError(error)
  if (stored) return of(stored.code, stored.message, [], retryAfter(stored))
  const { code, message = '', statusCode } = (error ?? {}) as { code?: unknown; message?: string; statusCode?: number }
  const problem = diskProblem(error) ?? damageProblem(error)
  if (problem) return of(problem.code, problem.message)
  if (isCode(code)) return of(code, message)
  const known = fastifyCodes.get(code)
  if (known) return of(known[0], known[1] ?? message)
  if (error instanceof SyntaxError && statusCode === 400) return of('MALFORMED_JSON', message)
  if (statusCode === 429) return of('RATE_LIMITED', message)
  if (statusCode === 503) return of('OVERLOADED', message, [], { 'retry-after': '2' })
  if (statusCode === 400) return of('MALFORMED_REQUEST', message)
  return of('INTERNAL', 'the service failed; its log has the reason under this request id')
}

function withHint(detail: string, hint: string | null | undefined): string {
  if (!hint) return detail
  return detail.endsWith('?') ? `${detail} ${hint[0]!.toUpperCase()}${hint.slice(1)}` : `${detail}: ${hint}`
}

/** The RFC 9457 document of an error. */
export function problemDocument(coded: CodedError, requestId: string): Record<string, unknown> {
  return {
    type: `urn:archmeter:error:${coded.code}`,
    title: coded.title,
    status: coded.status,
    detail: coded.detail,
    code: coded.code,
    ...(coded.errors.length > 0 ? { errors: coded.errors } : {}),
    requestId,
  }
}
