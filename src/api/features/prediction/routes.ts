import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { errors, json } from '../../schemas.ts'
import { ArchitectureParams } from '../architectures/schema.ts'
import { PredictionQuery, PredictionSchema } from './schema.ts'
import type { PredictionService } from './service.ts'

export function predictionRoutes(fastify: FastifyInstance, prediction: PredictionService): void {
  fastify.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/architectures/:id/prediction',
    {
      schema: {
        operationId: 'getPrediction',
        tags: ['runs'],
        summary: 'The latency of an architecture on a device, predicted',
        description:
          'Learnt from the succeeded runs and profiles made on the device; the error on networks that the model had not seen, one left out at a time, stands with it. Five architectures must have been measured there.',
        params: ArchitectureParams,
        querystring: PredictionQuery,
        response: {
          200: json('The prediction.', PredictionSchema),
          ...errors(
            'INVALID_REQUEST',
            'ARCHITECTURE_NOT_FOUND',
            'DEVICE_NOT_FOUND',
            'AMBIGUOUS_DEVICE',
            'DEVICE_UNAVAILABLE',
            'UNSUPPORTED_BY_RUNTIME',
            'PREDICTION_NEEDS_RUNS',
            'WEIGHTS_MISSING',
            'INVALID_ONNX',
            'INVALID_BATCH',
            'INVALID_RESOLUTION',
            'COST_OVERFLOW',
            'LIMIT_EXCEEDED',
          ),
        },
      },
    },
    (request) => prediction.byId(request.params.id, request.query),
  )
}
