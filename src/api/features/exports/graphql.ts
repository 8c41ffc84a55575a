import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import type { Architecture } from '../architectures/schema.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { TextExportQuery } from './schema.ts'
import type { ExportService } from './service.ts'

export function exportGraphql(exports: ExportService, architectures: ArchitectureService): GraphqlFeature {
  return {
    fields: {
      Architecture: {
        export: field({
          description: 'The architecture as a file of a text format. ONNX comes over HTTP: GET /v1/architectures/{id}/export?format=onnx.',
          args: TextExportQuery,
          type: 'String',
          resolve: async ({ id }: Architecture, query, context) => {
            const row = await context.load(architectures.storedEach, id)
            context.budget.spend(row.layerCount)
            return context.inTurn(() => exports.text(row, query))
          },
        }),
      },
    },
  }
}
