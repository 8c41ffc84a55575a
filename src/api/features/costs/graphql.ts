import { Type } from 'typebox'
import { bytesPerElement, type Dtype } from '../../../engine/cost.ts'
import type { GraphqlContext } from '../../graphql/context.ts'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { unhurried } from '../../graphql/unhurried.ts'
import { Id } from '../../schemas.ts'
import type { Architecture } from '../architectures/schema.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { CostQuery, CostsSchema } from './schema.ts'
import type { CostService } from './service.ts'

const description = 'Exact counts under a named convention, layer by layer.'

export function costGraphql(costs: CostService, architectures: ArchitectureService): GraphqlFeature {
  const costsOf = async (id: string, query: CostQuery, context: GraphqlContext) => {
    const row = await context.load(architectures.storedEach, id)
    context.budget.spend(row.layerCount)
    return context.inTurn(() => costs.costs(row, query))
  }
  return {
    types: { Dtype: Type.Enum(Object.keys(bytesPerElement) as Dtype[], { description: 'What an element of a tensor is stored as.' }) },
    fields: {
      Query: {
        costs: field({
          description,
          args: Type.Object({ architectureId: Id, ...CostQuery.properties }, { additionalProperties: false }),
          type: 'Costs',
          resolve: (_parent, { architectureId, ...query }, context) => costsOf(architectureId, query, context),
        }),
      },
      Architecture: {
        costs: field({
          description,
          args: CostQuery,
          type: Type.Union([CostsSchema, Type.Null()]),
          resolve: ({ id }: Architecture, query, context) => costsOf(id, query, context),
        }),
      },
    },
    resolvers: { Costs: { layers: ({ layers }) => unhurried(layers) } },
  }
}
