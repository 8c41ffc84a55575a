import { type Static, Type } from 'typebox'
import { comparedFigures } from '../../../engine/compare-costs.ts'
import { matchingRule } from '../../../engine/diff-graphs.ts'
import { costDtypes } from '../../../engine/dtypes.ts'
import { groupings } from '../../../engine/rank-costs.ts'
import { digits, exampleId, nullable } from '../../schemas.ts'
import { CountedBy } from '../conventions/schema.ts'
import { groupByWords, RankingSchema, rankQuery } from '../costs/ranking-schema.ts'
import { CostQuery } from '../costs/schema.ts'

/** Networks of one comparison. */
export const mostNetworks = 20

const { convention, batch, resolution, dtype } = CostQuery.properties

export const CompareQuery = Type.Object(
  {
    architectures: Type.Array(
      Type.String({ pattern: '^[A-Za-z0-9_.-]{1,100}$', description: 'The id of an architecture, or a preset of the zoo.' }),
      {
        minItems: 1,
        maxItems: mostNetworks,
        examples: [['alexnet_lecture', 'vgg16_lecture']],
        description: `Ids of architectures and presets of the zoo, at most ${mostNetworks}; the first is what the others are held to.`,
      },
    ),
    ...{ convention, batch, resolution, dtype },
    ...rankQuery,
    groupBy: Type.Optional(Type.Enum([...groupings], { default: 'stage', description: groupByWords })),
    ...digits,
  },
  { additionalProperties: false },
)
export type CompareQuery = Static<typeof CompareQuery>

const amount = Type.Number({ minimum: 0 })
const description: Partial<Record<(typeof comparedFigures)[number], string>> = {
  memoryKiB: 'Outputs of all layers.',
  multiplyingMemoryKiB: 'Outputs of the layers that multiply: the convolution and fully connected rows by which lectures compare memory.',
  trainingBytes: 'To train with Adam, every activation kept.',
}
const figures = <T>(of: (figure: (typeof comparedFigures)[number]) => T) =>
  Object.fromEntries(comparedFigures.map((figure) => [figure, of(figure)])) as Record<(typeof comparedFigures)[number], T>
const count = Type.Integer({ minimum: 0 })
const said = (text: string | undefined) => (text === undefined ? {} : { description: text })
const Figures = Type.Object(
  figures((figure) =>
    figure.endsWith('KiB')
      ? Type.Number({ minimum: 0, ...said(description[figure]) })
      : Type.Integer({ minimum: 0, ...said(description[figure]) }),
  ),
  { title: 'ComparedFigures' },
)
const Ratios = Type.Object(
  figures(() => nullable(amount)),
  { title: 'FigureRatios', description: 'Each figure divided by the first network’s; null where that is 0.' },
)
const signed = Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })
const Difference = Type.Object(
  { params: signed, macs: signed, flops: signed, memoryKiB: Type.Number(), bytesRead: signed, bytesWritten: signed },
  { title: 'CostDifference', description: 'The second network’s minus the first’s.' },
)
const text = nullable(Type.String())

export const DiffSchema = Type.Object(
  {
    rule: Type.String({ description: 'How layers find each other.' }),
    ...{ same: count, changed: count, added: count, removed: count },
    difference: Difference,
    layers: Type.Array(
      Type.Object(
        {
          status: Type.Enum(['same', 'changed', 'added', 'removed'], { title: 'LayerStatus' }),
          from: nullable(Type.String({ description: 'The layer in the first network.' })),
          to: nullable(Type.String({ description: 'The layer in the second network.' })),
          type: Type.String(),
          changes: Type.Array(
            Type.Object(
              {
                what: Type.String({
                  description:
                    'An attribute, or `inputShape`, `outputShape`, `inputs`; of layers that differ in nothing else the figures that do, such as `params` or `memoryKiB`.',
                }),
                from: text,
                to: text,
              },
              { title: 'LayerChange' },
            ),
          ),
          difference: Difference,
        },
        { title: 'LayerDifference' },
      ),
      { description: 'Layers that are not the same, in the order in which they run.' },
    ),
  },
  { title: 'StructuralDiff', description: matchingRule },
)

export const CostComparisonSchema = Type.Object(
  {
    convention: CountedBy,
    batch: Type.Integer({ minimum: 1 }),
    dtype: Type.Enum([...costDtypes]),
    networks: Type.Array(
      Type.Object(
        {
          architecture: Type.String({ description: 'As it was asked for.', examples: [exampleId] }),
          name: Type.String(),
          inputs: Type.Array(Type.Object({ id: Type.String(), shape: Type.Array(Type.Integer({ minimum: 1 })) })),
          partial: Type.Boolean({ description: 'Layers that may multiply could not be counted: macs and flops are of the rest.' }),
          totals: Figures,
          ratios: Ratios,
          ranking: RankingSchema,
        },
        { title: 'ComparedNetwork' },
      ),
    ),
    diff: nullable(DiffSchema),
    noDiff: nullable(Type.String({ description: 'Why two networks were not matched layer by layer.' })),
  },
  { title: 'CostComparison', description: 'Networks side by side; of two also how they differ, layer by layer, and what that costs.' },
)
export type CostComparisonAnswer = Static<typeof CostComparisonSchema>
