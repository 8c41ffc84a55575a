/** GraphQL errors with the codes of REST: every one carries `extensions.code`, and `extensions.errors` where REST has them. */
import type { FastifyBaseLogger } from 'fastify'
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { ApiError, type CodedError, codedError } from '../errors.ts'
import { logProblem } from '../plugins/problems.ts'

/** What graphql-js, graphql-jit (which has an error class of its own) and mercurius have in common. */
export interface GraphqlFailure {
  message: string
  locations?: readonly { line: number; column: number }[]
  path?: readonly (string | number)[]
  originalError?: unknown
}

/** `executed`: a resolver failed; `requested`: the document or its variables are not valid. */
export type Phase = 'executed' | 'requested'

/**
 * One error as clients see it. An error without one of our codes is the client's mistake before execution (INVALID_QUERY)
 * and ours afterwards (INTERNAL: logged, without details for the client).
 */
export function formatError(error: GraphqlFailure, phase: Phase, requestId: string, log: FastifyBaseLogger): GraphQLFormattedError {
  const coded = codeOf(error, phase)
  logProblem(log, coded, error.originalError ?? error, { path: error.path })
  return {
    message: coded.detail,
    ...(error.locations && error.locations.length > 0 ? { locations: error.locations } : {}),
    ...(error.path ? { path: error.path } : {}),
    extensions: { code: coded.code, ...(coded.errors.length > 0 ? { errors: coded.errors } : {}), requestId },
  }
}

function codeOf(error: GraphqlFailure, phase: Phase): CodedError {
  const cause = rootOf(error)
  const coded = codedError(cause, 'graphql')
  // An error of the executor itself, not wrapping one of ours: the document or its variables are wrong.
  const own = cause === error || cause instanceof GraphQLError
  return coded.code === 'INTERNAL' && own && phase === 'requested'
    ? codedError(new ApiError('INVALID_QUERY', error.message), 'graphql')
    : coded
}

/** The original error, without the wrappers that executors add. */
function rootOf(error: unknown): unknown {
  let cause = error
  for (let depth = 0; depth < 5; depth++) {
    const inner = (cause as GraphqlFailure | null)?.originalError
    if (inner === undefined || inner === null) break
    cause = inner
  }
  return cause
}
