import type { GraphQLResolveInfo } from 'graphql'
import { Type } from 'typebox'
import { costDtypes, fileDtypes } from '../../../engine/dtypes.ts'
import { asksFor } from '../../graphql/asks-for.ts'
import type { GraphqlContext } from '../../graphql/context.ts'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { unhurried } from '../../graphql/unhurried.ts'
import { Id } from '../../schemas.ts'
import type { Architecture } from '../architectures/schema.ts'
import type { ArchitectureService } from '../architectures/service.ts'
import { CostColumn, CostGrouping } from './ranking-schema.ts'
import { CostQuery, CostsExplanationSchema, CostsSchema, ExplainQuery } from './schema.ts'
import type { CostService } from './service.ts'

const { digits: _digits, ...args } = CostQuery.properties
const description = 'Exact counts under a named convention, layer by layer.'
const explanation = 'Why two conventions differ, kind of layer by kind of layer.'

export function costGraphql(costs: CostService, architectures: ArchitectureService): GraphqlFeature {
  const costsOf = async (id: string, query: CostQuery, context: GraphqlContext, info: GraphQLResolveInfo) => {
    const row = await context.load(architectures.storedEach, id)
    context.budget.spend(row.layerCount)
    return context.inTurn(() => costs.costs(row, query, asksFor('layers', info)))
  }
  const explain = async (id: string, query: ExplainQuery, context: GraphqlContext) => {
    const row = await context.load(architectures.storedEach, id)
    // The network is costed twice.
    context.budget.spend(2 * row.layerCount)
    return context.inTurn(() => costs.explain(row, query))
  }
  return {
    types: {
      Dtype: Type.Enum([...costDtypes], {
        description: 'What an element of a tensor is stored as: one type for all, or each as its file has it.',
      }),
      FileDtype: Type.Enum(fileDtypes, { description: 'A type of elements that files store or compute in.' }),
      CostGrouping,
      CostColumn,
    },
    fields: {
      Query: {
        costs: field({
          description,
          args: Type.Object({ architectureId: Id, ...args }, { additionalProperties: false }),
          type: 'Costs',
          resolve: (_parent, { architectureId, ...query }, context, info) => costsOf(architectureId, query, context, info),
        }),
        costsExplanation: field({
          description: explanation,
          args: Type.Object({ architectureId: Id, ...ExplainQuery.properties }, { additionalProperties: false }),
          type: 'CostsExplanation',
          resolve: (_parent, { architectureId, ...query }, context) => explain(architectureId, query, context),
        }),
      },
      Architecture: {
        costs: field({
          description,
          args: Type.Object(args, { additionalProperties: false }),
          type: Type.Union([CostsSchema, Type.Null()]),
          resolve: ({ id }: Architecture, query, context, info) => costsOf(id, query, context, info),
        }),
        costsExplanation: field({
          description: explanation,
          args: ExplainQuery,
          type: Type.Union([CostsExplanationSchema, Type.Null()]),
          resolve: ({ id }: Architecture, query, context) => explain(id, query, context),
        }),
      },
    },
    resolvers: { Costs: { layers: ({ layers }) => unhurried(layers) } },
  }
}
