import { type Static, Type } from 'typebox'
import { digits, nullable } from '../../schemas.ts'
import { CostQuery } from '../costs/schema.ts'

const ceiling = (description: string) => Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e9, description }))

export const AdviceQuery = Type.Object(
  {
    batch: CostQuery.properties.batch,
    gflopsPerSecond: ceiling(
      'What the device computes at most, 10^9 flop/s, e.g. from a profile; with gigabytesPerSecond, layers bound by memory are found.',
    ),
    gigabytesPerSecond: ceiling('What the device moves at most, 10^9 bytes a second.'),
    ...digits,
  },
  { additionalProperties: false },
)
export type AdviceQuery = Static<typeof AdviceQuery>

const signed = Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })
const names = { params: nullable(Type.String()), macs: nullable(Type.String()), memoryKiB: nullable(Type.String()) }

export const AdviceSchema = Type.Object(
  {
    batch: Type.Integer({ minimum: 1 }),
    findings: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          rule: Type.String({ description: 'The rule that was checked.' }),
          source: Type.String({ description: 'Where the rule comes from.' }),
          statement: Type.String({ description: 'What was found, in a sentence with the figure.' }),
          holds: Type.Boolean({ description: 'The rule is true of this network.' }),
          value: Type.Number(),
          unit: Type.Enum(['bytes', 'params', 'macs', 'flops', 'layers', 'times'], { title: 'FindingUnit' }),
          share: nullable(Type.Number({ description: 'Of the network’s total.' })),
          layers: Type.Array(Type.String(), { description: 'Layers that the figure is about, the largest first, at most 10.' }),
        },
        { title: 'Finding' },
      ),
    ),
    savings: Type.Array(
      Type.Object(
        {
          rewrite: Type.String({ description: 'With its default options. A preview of the rewrite shows it in full.' }),
          layers: Type.Integer({ minimum: 0, description: 'Layers that it would change; 0 where it changes the network as a whole.' }),
          saved: Type.Object({ params: signed, macs: signed, memoryKiB: Type.Number() }, { title: 'Saved' }),
          share: Type.Object(
            { params: Type.Number(), macs: Type.Number(), memoryKiB: Type.Number() },
            { title: 'SavedShare', description: 'Of the network’s own; below 0 where it costs more.' },
          ),
          givesUp: Type.String(),
          source: Type.String(),
        },
        { title: 'Saving' },
      ),
      { description: 'Rewrites that apply and save something, the largest share of anything first.' },
    ),
    best: Type.Object(names, { title: 'BestRewrites', description: 'The rewrite that saves the most of each.' }),
  },
  { title: 'Advice', description: 'What dominates a network’s cost, and what would be cheaper.' },
)
