import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { errors, json } from '../../schemas.ts'
import { ArchitectureParams } from '../architectures/schema.ts'
import { PlacementQuery, PlacementSchema } from './schema.ts'
import type { PlacementService } from './service.ts'

export function placementRoutes(fastify: FastifyInstance, placement: PlacementService): void {
  fastify.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/architectures/:id/placement',
    {
      schema: {
        operationId: 'getPlacement',
        tags: ['architectures'],
        summary: 'The network split over devices, by stage or by tower',
        description:
          'What each device computes and holds, and what goes between them. By stage layers are cut into consecutive parts where the slowest part or link is as fast as can be, found exactly; by tower each layer is divided along its channels.',
        params: ArchitectureParams,
        querystring: PlacementQuery,
        response: {
          200: json('The placement.', PlacementSchema),
          ...errors(
            'INVALID_REQUEST',
            'ARCHITECTURE_NOT_FOUND',
            'UNKNOWN_CONVENTION',
            'WEIGHTS_MISSING',
            'INVALID_ONNX',
            'INVALID_PLACEMENT',
            'INVALID_BATCH',
            'INVALID_RESOLUTION',
            'COST_OVERFLOW',
            'LIMIT_EXCEEDED',
          ),
        },
      },
    },
    (request) => placement.byId(request.params.id, request.query),
  )
}
