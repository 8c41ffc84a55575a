import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import type { Architecture } from '../architectures/schema.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { ExportQuery, TextExportQuery } from './schema.ts'
import type { ExportService } from './service.ts'

export function exportGraphql(exports: ExportService, architectures: ArchitectureService): GraphqlFeature {
  return {
    fields: {
      Architecture: {
        export: field({
          description: 'The architecture as a file of a text format. `exportUrl` has the address of a file of any format, ONNX among them.',
          args: TextExportQuery,
          type: 'String',
          resolve: async ({ id }: Architecture, query, context) => {
            const row = await context.load(architectures.storedEach, id)
            context.budget.spend(row.layerCount)
            return context.inTurn(() => exports.text(row, query))
          },
        }),
        exportUrl: field({
          description: 'Where the architecture is read over HTTP as a file: a path on this service.',
          args: ExportQuery,
          type: 'String',
          resolve: (architecture: Architecture, query) => exports.address(architecture, query),
        }),
      },
    },
  }
}
