/** The GraphQL API: `/graphql` (POST; websocket for subscriptions) and GraphiQL, over the same services as REST. */
import websocket from '@fastify/websocket'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type DocumentNode, GraphQLError, type GraphQLFormattedError, getOperationAST } from 'graphql'
import { handleProtocols } from 'graphql-ws'
import mercurius from 'mercurius'
import { type Static, Type } from 'typebox'
import type { AuditTrail } from '../access/audit-trail.ts'
import type { Keyring } from '../access/keyring.ts'
import { ApiError, codedError } from '../errors.ts'
import { useBoundedJson } from './body.ts'
import { GraphqlContext } from './context.ts'
import { formatError, type GraphqlFailure } from './errors.ts'
import { composeFeatures, type GraphqlFeature } from './feature.ts'
import { useGraphiql } from './graphiql.ts'
import { limits, measureDocument } from './limits.ts'
import { subscriptionSocket } from './socket.ts'

const GraphqlRequest = Type.Object({
  query: Type.String({ maxLength: limits.queryLength, description: 'The document. Large inputs go into variables.' }),
  // Not a record: checking every name takes longer than parsing them.
  variables: Type.Optional(Type.Union([Type.Object({}), Type.Null()])),
  operationName: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Null()])),
})

/** A document that was refused before execution, whole. */
class RefusedDocument extends Error {
  readonly errors: readonly GraphQLError[]
  constructor(errors: readonly GraphQLError[]) {
    super(errors[0]!.message)
    this.errors = errors
  }
}

export interface GraphqlOptions {
  features: readonly GraphqlFeature[]
  /** Rows that a request may make. Default `limits.rows`. */
  rows?: number | undefined
  /** Recognizes callers; without it everyone may do everything. */
  keyring?: Keyring | null
  /** Takes the audit lines of what was refused or changed nothing. */
  trail?: AuditTrail | null
}

/**
 * Adds the GraphQL API.
 * @throws Error where the features' parts do not make one valid schema.
 */
export const useGraphql = fp<GraphqlOptions>(
  async (app, { features, rows = limits.rows, keyring = null, trail = null }) => {
    const schema = composeFeatures(features)
    await app.register(websocket, { options: { maxPayload: limits.messageBytes, handleProtocols } })
    await app.register(mercurius, {
      schema,
      routes: false,
      jit: 1,
      cache: limits.cachedDocuments,
      graphql: { parseOptions: { maxTokens: limits.tokens } },
      errorFormatter: ({ data, errors }, context) => {
        const { requestId, log } = context as unknown as GraphqlContext
        const phase = data === undefined ? 'requested' : 'executed'
        return {
          statusCode: phase === 'requested' ? 400 : 200,
          response: {
            ...(data === undefined ? {} : { data }),
            errors: (errors ?? []).map((error) => formatError(error, phase, requestId, log)),
          },
        } as any
      },
    })
    const large = new WeakSet<DocumentNode>()
    app.graphql.addHook('preValidation', async (_schema, document) => {
      const { errors, fields } = measureDocument(document)
      if (errors.length > 0) throw new RefusedDocument(errors)
      if (fields > limits.compiledFields) large.add(document)
    })
    app.graphql.addHook('preExecution', async (_schema, document, context) => {
      const operation = getOperationAST(document, (context as unknown as GraphqlContext).operationName)
      if (operation?.operation === 'subscription')
        throw new RefusedDocument([
          new GraphQLError('subscriptions go over a websocket to this address (graphql-transport-ws), not over POST'),
        ])
      // A document that a hook gives back is executed as it is, never compiled.
      return large.has(document) ? { document } : undefined
    })
    await app.register(async (routes) => {
      routes.setErrorHandler(sendErrors)
      useBoundedJson(routes)
      // Mutations ask for more, field by field.
      const toAsk = { schema: { hide: true, body: GraphqlRequest }, config: { access: 'reader', audit: null } } as const
      routes.post<{ Body: Static<typeof GraphqlRequest> }>('/graphql', toAsk, (request, reply) => execute(request, reply, rows, trail))
      routes.route({
        method: 'GET',
        url: '/graphql',
        schema: { hide: true },
        // A websocket says who it is when it is open.
        config: { access: 'public' },
        handler: () => {
          throw new ApiError(
            'METHOD_NOT_ALLOWED',
            '/graphql takes POST, and websockets for subscriptions: open /graphiql in a browser',
            [],
            {
              allow: 'POST',
            },
          )
        },
        wsHandler: subscriptionSocket(schema, rows, keyring),
      })
    })
    await app.register(useGraphiql)
  },
  { name: 'graphql', fastify: '5.x', dependencies: ['validation'] },
)

async function execute(
  request: FastifyRequest<{ Body: Static<typeof GraphqlRequest> }>,
  reply: FastifyReply,
  rows: number,
  trail: AuditTrail | null,
) {
  const { query, variables, operationName } = request.body
  // mercurius keeps a document's compiled form by its text alone, whichever of its operations was asked for first.
  const source = operationName ? `${query}\n#${JSON.stringify(operationName)}` : query
  const context = new GraphqlContext(request.id, request.log, rows, request.caller, { operationName, trail })
  return reply.graphql(source, context as any, (variables ?? {}) as Record<string, unknown>, operationName ?? undefined)
}

/** What failed before execution: a document, variables, or the request itself. */
function sendErrors(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { code, errors: several } = error as { code?: unknown; errors?: readonly GraphqlFailure[] }
  const answer = (status: number, errors: GraphQLFormattedError[]) => reply.code(status).send({ errors })
  if (several && (error instanceof RefusedDocument || code === 'MER_ERR_GQL_VALIDATION'))
    return answer(
      400,
      several.map((each) => formatError(each, 'requested', request.id, request.log)),
    )
  const { status, headers } = codedError(error)
  for (const [name, value] of Object.entries(headers)) reply.header(name, value)
  return answer(status, [formatError({ message: '', originalError: error }, 'executed', request.id, request.log)])
}
