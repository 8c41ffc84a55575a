import { Type } from 'typebox'
import type { GraphqlFeature } from '../../graphql/feature.ts'
import { ConventionSchema } from './schema.ts'
import { listConventions } from './service.ts'

export const conventionGraphql: GraphqlFeature = {
  fields: {
    Query: {
      conventions: { description: 'What each counting convention counts.', type: Type.Array(ConventionSchema), resolve: listConventions },
    },
  },
}
