import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { mediaType } from '../../accept.ts'
import { isKnown } from '../../plugins/caching.ts'
import { answer, empty, errors, json } from '../../schemas.ts'
import { ArchitectureParams } from '../architectures/schema.ts'
import { CostQuery, CostsExplanationSchema, CostsSchema, ExplainQuery } from './schema.ts'
import type { CostAnswer, CostService } from './service.ts'

const formats = ['application/json', 'text/csv'] as const

export function costRoutes(fastify: FastifyInstance, costs: CostService): void {
  fastify.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/architectures/:id/costs',
    {
      schema: {
        operationId: 'getCosts',
        tags: ['costs'],
        summary: 'Costs of an architecture, layer by layer',
        description:
          'Exact counts under a named convention. JSON, or CSV with one row per layer (`Accept: text/csv`). `groupBy`, `sort` or `top` ask for a ranking in place of the layers: groups with their shares, cumulative from the top.',
        params: ArchitectureParams,
        querystring: CostQuery,
        response: {
          200: answer(
            'The costs.',
            { 'application/json': CostsSchema, 'text/csv': Type.String() },
            { etag: { type: 'string', description: 'Identifies this answer; send it back in If-None-Match.' } },
          ),
          304: empty('The answer named in If-None-Match is still current.'),
          ...errors(
            'INVALID_REQUEST',
            'UNKNOWN_CONVENTION',
            'ARCHITECTURE_NOT_FOUND',
            'NOT_ACCEPTABLE',
            'INVALID_BATCH',
            'INVALID_RESOLUTION',
            'COST_OVERFLOW',
            'LIMIT_EXCEEDED',
          ),
        },
      },
    },
    (request, reply) => {
      const type = mediaType(request.headers.accept, formats)
      const found = costs.answer(request.params.id, request.query, type === 'text/csv' ? 'csv' : 'json')
      if (found instanceof Promise) return found.then((each) => send(each, type, request, reply))
      send(found, type, request, reply)
    },
  )
  fastify.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/architectures/:id/costs/explain',
    {
      schema: {
        operationId: 'explainCosts',
        tags: ['costs'],
        summary: 'Why two conventions differ over an architecture',
        description: 'The difference of two conventions’ flops, kind of layer by kind of layer, in counts and in a sentence each.',
        params: ArchitectureParams,
        querystring: ExplainQuery,
        response: {
          200: json('The difference, itemised.', CostsExplanationSchema),
          ...errors(
            'INVALID_REQUEST',
            'UNKNOWN_CONVENTION',
            'ARCHITECTURE_NOT_FOUND',
            'INVALID_BATCH',
            'INVALID_RESOLUTION',
            'COST_OVERFLOW',
            'LIMIT_EXCEEDED',
          ),
        },
      },
    },
    (request) => costs.explainById(request.params.id, request.query),
  )
}

function send(
  { body, etag, filename }: CostAnswer,
  type: (typeof formats)[number],
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  // The answer depends on the address alone, but the architecture may be deleted: clients must revalidate, and get 304.
  reply.header('etag', etag).header('cache-control', 'no-cache').header('vary', 'accept')
  if (isKnown(request, etag)) return reply.code(304).send()
  if (type === 'text/csv') reply.header('content-disposition', `attachment; filename="${filename}"`)
  return reply.header('content-type', `${type}; charset=utf-8`).send(body)
}
