import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { ArchiveQuery } from './manifest.ts'
import { archivePath } from './routes.ts'

export const archiveGraphql: GraphqlFeature = {
  fields: {
    Query: {
      exportUrl: field({
        description: 'Where everything that was made here is read over HTTP as one archive: a path on this service.',
        args: ArchiveQuery,
        type: 'String!',
        resolve: (_parent, { by }) => (by === 'me' ? `${archivePath}?by=me` : archivePath),
      }),
    },
  },
}
