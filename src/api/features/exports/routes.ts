import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { create as contentDisposition } from 'content-disposition'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { onnxOpset } from '../../../engine/formats/onnx-export.ts'
import { answer, errors } from '../../schemas.ts'
import { ArchitectureParams } from '../architectures/schema.ts'
import { ExportedGraph, ExportQuery } from './schema.ts'
import type { ExportService } from './service.ts'

const types = {
  onnx: 'application/octet-stream',
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  dot: 'text/vnd.graphviz; charset=utf-8',
  mermaid: 'text/vnd.mermaid; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
  chart: 'image/svg+xml; charset=utf-8',
} as const satisfies Record<ExportQuery['format'], string>

export function exportRoutes(fastify: FastifyInstance, exports: ExportService): void {
  fastify.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/architectures/:id/export',
    {
      schema: {
        operationId: 'exportArchitecture',
        tags: ['architectures'],
        summary: 'Export an architecture as a file',
        description:
          `ONNX (opset ${onnxOpset}), JSON, CSV, DOT (Graphviz), a Mermaid flowchart, or as SVG the graph or a chart of costs, named after the architecture. ONNX comes without weights ` +
          'unless `weights=seeded` or `weights=file` asks for them.',
        params: ArchitectureParams,
        querystring: ExportQuery,
        response: {
          200: answer(
            'The file.',
            {
              'application/octet-stream': Type.String({ contentMediaType: 'application/octet-stream', description: 'An ONNX model.' }),
              'application/json': ExportedGraph,
              'text/csv': Type.String(),
              'text/vnd.graphviz': Type.String(),
              'text/vnd.mermaid': Type.String(),
              'image/svg+xml': Type.String(),
            },
            {
              'content-disposition': { type: 'string', description: 'The file’s name (RFC 6266).' },
              'x-onnx-opset': { type: 'integer', description: 'Of an ONNX file.' },
            },
          ),
          ...errors(
            'INVALID_REQUEST',
            'UNKNOWN_CONVENTION',
            'ARCHITECTURE_NOT_FOUND',
            'RUN_NOT_FOUND',
            'NO_PROFILE',
            'NO_WEIGHTS',
            'WEIGHTS_MISSING',
            'INVALID_BATCH',
            'INVALID_RESOLUTION',
            'COST_OVERFLOW',
            'EXPORT_UNSUPPORTED',
            'LIMIT_EXCEEDED',
          ),
        },
      },
    },
    async (request, reply) => {
      const { format } = request.query
      const { filename, body, length, opset } = await exports.file(request.params.id, request.query, request.ip)
      if (opset !== null) reply.header('x-onnx-opset', opset)
      // Weights do not compress, and trying would take a core for long: this is how the plugin is told.
      if (format === 'onnx') request.headers['x-no-compression'] = '1'
      return reply
        .header('content-type', types[format])
        .header('content-length', length)
        .header('content-disposition', contentDisposition(filename))
        .send(body)
    },
  )
}
