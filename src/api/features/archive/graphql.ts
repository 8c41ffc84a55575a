import type { GraphqlFeature } from '../../graphql/feature.ts'
import { archivePath } from './routes.ts'

export const archiveGraphql: GraphqlFeature = {
  fields: {
    Query: {
      exportUrl: {
        description: 'Where everything that was made here is read over HTTP as one archive: a path on this service.',
        type: 'String!',
        resolve: () => archivePath,
      },
    },
  },
}
