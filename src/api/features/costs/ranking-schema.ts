import { type Static, Type } from 'typebox'
import { additive, groupings, noStage } from '../../../engine/rank-costs.ts'
import { nullable } from '../../schemas.ts'

export const CostGrouping = Type.Enum([...groupings], { description: 'What a row of a ranking stands for.' })
export const CostColumn = Type.Enum([...additive], { description: 'A column that adds up to the total.' })

export const groupByWords =
  `\`layer\`; \`op\`; \`stage\`: layers of one resolution, the spatial dims of the output (\`56x56\`; \`${noStage}\` where it is no map); ` +
  '`block`: the leading parts of the layer’s name.'

/** How costs are grouped, sorted and cut off, the same wherever they are. No defaults: giving any of them asks for a ranking. */
export const rankQuery = {
  groupBy: Type.Optional(Type.Enum([...groupings], { description: groupByWords })),
  sort: Type.Optional(Type.Enum([...additive], { description: 'Largest first. Without it, in the order of the network.' })),
  top: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Groups to list; `rest` has the sums of the others.' })),
  depth: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 20, description: 'With `groupBy=block`: parts of a name that make a block. Default 2.' }),
  ),
}
const RankQuery = Type.Object(rankQuery)
export type RankQuery = Static<typeof RankQuery>

const count = Type.Integer({ minimum: 0 })
const amount = Type.Number({ minimum: 0 })
/** Figures under the names of the columns that add up. */
const sums = { params: count, macs: count, flops: count, memoryKiB: amount, bytesRead: count, bytesWritten: count }
const part = Type.Number({ minimum: 0, maximum: 1.0000001 })
const Shares = Type.Object(
  { params: part, macs: part, flops: part, memoryKiB: part, bytesRead: part, bytesWritten: part },
  { title: 'CostShares', description: 'Parts of the totals, 0 to 1; 0 where the total is 0.' },
)

export const RankingSchema = Type.Object(
  {
    groupBy: CostGrouping,
    sort: nullable(CostColumn),
    groups: Type.Array(
      Type.Object(
        {
          key: Type.String({ description: 'The layer’s id, the op, the stage or the block.' }),
          layers: Type.Integer({ minimum: 1 }),
          uncounted: Type.Integer({ minimum: 0, description: 'Layers of the group that could not be counted.' }),
          ...sums,
          share: Shares,
          cumulative: Shares,
        },
        { title: 'CostGroup' },
      ),
      { description: 'With `share` of the total each, and `cumulative`: that of the group and those above it.' },
    ),
    rest: nullable(
      Type.Object(
        { groups: Type.Integer({ minimum: 1 }), layers: Type.Integer({ minimum: 1 }), ...sums },
        { title: 'CostRest', description: 'Sums over the groups that `top` left out.' },
      ),
    ),
  },
  { title: 'CostRanking', description: 'Costs by group. Groups and rest together are the totals.' },
)
