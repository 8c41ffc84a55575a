import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { lineOf } from '../../plugins/audit.ts'
import { answer, errors, json } from '../../schemas.ts'
import { ArchitectureParams } from '../architectures/schema.ts'
import { NewRewrite, RewriteList, RewriteResultSchema } from './schema.ts'
import { listRewrites, type RewriteService } from './service.ts'

const tags = ['rewrites']

export function rewriteRoutes(fastify: FastifyInstance, rewrites: RewriteService): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  app.get(
    '/v1/rewrites',
    {
      schema: {
        operationId: 'listRewrites',
        tags,
        summary: 'The rewrites that can be asked for',
        description: 'What becomes what, what that gives up, and the options of each.',
        response: { 200: json('The rewrites.', RewriteList), ...errors() },
      },
    },
    (_request, reply) => reply.send({ items: listRewrites() }),
  )
  app.post(
    '/v1/architectures/:id/rewrites',
    {
      config: {
        audit: 'rewriteArchitecture',
        previews: ({ body }) => (body as { preview?: unknown } | null | undefined)?.preview === true,
      },
      schema: {
        operationId: 'rewriteArchitecture',
        tags,
        summary: 'Rewrite an architecture, or see what a rewrite would change',
        description:
          'Applies a recipe and registers the result as an architecture of its own, which remembers its parent and the recipe; with `preview` it is only shown. ' +
          'The answer has both networks side by side: totals, layers, receptive field, and where the weights come from.',
        params: ArchitectureParams,
        body: NewRewrite,
        response: {
          200: json('A preview, or what was registered before.', RewriteResultSchema),
          201: answer(
            'Registered.',
            { 'application/json': RewriteResultSchema },
            {
              location: { type: 'string', description: 'Address of the new architecture.' },
            },
          ),
          ...errors(
            'MALFORMED_JSON',
            'INVALID_REQUEST',
            'BODY_TOO_LARGE',
            'UNSUPPORTED_MEDIA_TYPE',
            'UNKNOWN_CONVENTION',
            'ARCHITECTURE_NOT_FOUND',
            'UNKNOWN_REWRITE',
            'INVALID_REWRITE',
            'REWRITE_NOT_APPLICABLE',
            'INVALID_BATCH',
            'INVALID_TEXT',
            'INVALID_ONNX',
            'EXPORT_UNSUPPORTED',
            'COST_OVERFLOW',
            'LIMIT_EXCEEDED',
            'WEIGHTS_MISSING',
            'STORAGE_QUOTA_EXCEEDED',
          ),
        },
      },
    },
    async (request, reply) => {
      const { result, created } = await rewrites.rewrite(request.params.id, request.body, lineOf(request))
      if (result.architecture) reply.header('location', result.architecture.links.self)
      return reply.code(created ? 201 : 200).send(result)
    },
  )
}
