import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { errors, json } from '../../schemas.ts'
import { RecommendationSchema, RecommendQuery } from './schema.ts'
import type { RecommendService } from './service.ts'

export function recommendRoutes(fastify: FastifyInstance, recommend: RecommendService): void {
  fastify.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/recommend',
    {
      schema: {
        operationId: 'recommend',
        tags: ['zoo'],
        summary: 'Which network to take within limits, and why',
        description:
          'The Pareto front of published accuracy against cost over the presets of the zoo, a choice from it by the objective, the limit that binds, and the runner-up. Where nothing fits, which limit to loosen and to what. With `maxLatencyMs` or a `device`, latency counts as well: measured there, or predicted from the runs made there.',
        querystring: RecommendQuery,
        response: {
          200: json('The recommendation.', RecommendationSchema),
          ...errors(
            'INVALID_REQUEST',
            'DEVICE_NOT_FOUND',
            'AMBIGUOUS_DEVICE',
            'DEVICE_UNAVAILABLE',
            'UNSUPPORTED_BY_RUNTIME',
            'PREDICTION_NEEDS_RUNS',
            'LIMIT_EXCEEDED',
          ),
        },
      },
    },
    (request) => recommend.recommend(request.query),
  )
}
