import { Type } from 'typebox'
import type { GraphqlFeature } from '../../graphql/feature.ts'
import { ConventionNames, ConventionSchema } from './schema.ts'
import { listConventions } from './service.ts'

export const conventionGraphql: GraphqlFeature = {
  types: { ConventionName: ConventionNames },
  fields: {
    Query: {
      conventions: { description: 'What each counting convention counts.', type: Type.Array(ConventionSchema), resolve: listConventions },
    },
  },
}
