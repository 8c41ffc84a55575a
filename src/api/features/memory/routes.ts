import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { errors, json } from '../../schemas.ts'
import { ArchitectureParams } from '../architectures/schema.ts'
import { MemoryQuery, MemorySchema } from './schema.ts'
import type { MemoryService } from './service.ts'

export function memoryRoutes(fastify: FastifyInstance, memory: MemoryService): void {
  fastify.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/architectures/:id/memory',
    {
      schema: {
        operationId: 'getMemory',
        tags: ['architectures'],
        summary: 'What is in memory when, and the largest batch that fits',
        description:
          'Live tensors by step, in inference or in training; what is alive at the peak and for how long; what may be written in place; where buffers lie in one block of memory; and, with `device` or `bytes`, the largest batch that fits.',
        params: ArchitectureParams,
        querystring: MemoryQuery,
        response: {
          200: json('The memory.', MemorySchema),
          ...errors(
            'INVALID_REQUEST',
            'ARCHITECTURE_NOT_FOUND',
            'DEVICE_NOT_FOUND',
            'AMBIGUOUS_DEVICE',
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
    (request) => memory.byId(request.params.id, request.query),
  )
}
