import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { errors, json } from '../../schemas.ts'
import { ArchitectureParams } from '../architectures/schema.ts'
import { AdviceQuery, AdviceSchema } from './schema.ts'
import type { AdviceService } from './service.ts'

export function adviceRoutes(fastify: FastifyInstance, advice: AdviceService): void {
  fastify.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/architectures/:id/advice',
    {
      schema: {
        operationId: 'getAdvice',
        tags: ['rewrites'],
        summary: 'What dominates the cost of an architecture, and what would be cheaper',
        description:
          'Rules of thumb checked against this network, each with figure, layers and source, those of time by a profile where a run has one; and the rewrites that save something, with what each gives up.',
        params: ArchitectureParams,
        querystring: AdviceQuery,
        response: {
          200: json('The advice.', AdviceSchema),
          ...errors(
            'INVALID_REQUEST',
            'ARCHITECTURE_NOT_FOUND',
            'RUN_NOT_FOUND',
            'NO_PROFILE',
            'DEVICE_NOT_FOUND',
            'AMBIGUOUS_DEVICE',
            'DEVICE_UNAVAILABLE',
            'UNSUPPORTED_BY_RUNTIME',
            'PREDICTION_NEEDS_RUNS',
            'INVALID_BATCH',
            'COST_OVERFLOW',
            'LIMIT_EXCEEDED',
          ),
        },
      },
    },
    (request) => advice.byId(request.params.id, request.query),
  )
}
