import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { RecommendationSchema, RecommendQuery } from './schema.ts'
import type { RecommendService } from './service.ts'

export const recommendGraphql = (recommend: RecommendService): GraphqlFeature => ({
  fields: {
    Query: {
      recommend: field({
        description: 'Which network of the zoo to take within limits, and why.',
        args: RecommendQuery,
        type: RecommendationSchema,
        resolve: (_parent, query) => recommend.recommend(query),
      }),
    },
  },
})
