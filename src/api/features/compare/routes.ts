import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { errors, json } from '../../schemas.ts'
import { CompareQuery, CostComparisonSchema } from './schema.ts'
import type { CompareService } from './service.ts'

export function compareRoutes(fastify: FastifyInstance, compare: CompareService): void {
  fastify.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/compare',
    {
      schema: {
        operationId: 'compareArchitectures',
        tags: ['costs'],
        summary: 'Architectures side by side, on paper',
        description:
          'Totals, ratios to the first, shares by group; of two networks also which layers differ and what each difference costs. `architectures=a,b` or `architectures=a&architectures=b`.',
        querystring: CompareQuery,
        response: {
          200: json('The comparison.', CostComparisonSchema),
          ...errors(
            'INVALID_REQUEST',
            'UNKNOWN_CONVENTION',
            'UNKNOWN_ZOO_PRESET',
            'ARCHITECTURE_NOT_FOUND',
            'INVALID_BATCH',
            'INVALID_RESOLUTION',
            'COST_OVERFLOW',
            'LIMIT_EXCEEDED',
          ),
        },
      },
    },
    (request) => compare.compare(request.query),
  )
}
