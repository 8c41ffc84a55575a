import { type Static, Type } from 'typebox'
import { verdictConfidence } from '../../../gpu/timing/compare.ts'
import { Id, nullable } from '../../schemas.ts'

const ms = Type.Number({ minimum: 0 })
const count = Type.Integer({ minimum: 0 })
const positive = Type.Number({ exclusiveMinimum: 0 })
const ratio = {
  ratio: Type.Number({ exclusiveMinimum: 0, description: 'Time per image of b over that of a: below 1, b is faster.' }),
  interval: Type.Tuple([positive, positive], { description: 'Of the ratio, at `confidence`.' }),
  confidence: Type.Number({
    description: 'The confidence of the verdict: equal sides are called different with a probability of at most 1 minus this.',
    examples: [verdictConfidence],
  }),
  verdict: Type.Enum(['faster', 'slower', 'noDifferenceShown'], { title: 'ComparisonVerdict', description: 'Of b against a.' }),
}
const differences = Type.Array(
  Type.Object({ what: Type.String({ examples: ['driver'] }), a: Type.String(), b: Type.String() }, { title: 'ConditionDifference' }),
  { description: 'Conditions in which the two differ, on purpose or not: device, driver, runtime, clocks, settings.' },
)
const BlockFigureSchema = Type.Object(
  { medianMs: ms, samples: count },
  { title: 'BlockFigure', description: 'Of calls with the whole batch.' },
)
export const ComparisonSchema = Type.Object(
  {
    ...ratio,
    a: BlockFigureSchema,
    b: BlockFigureSchema,
    rounds: Type.Array(
      Type.Object(
        { first: Type.Enum(['a', 'b'], { title: 'ComparisonSide' }), a: BlockFigureSchema, b: BlockFigureSchema, ratio: positive },
        { title: 'ComparisonRound' },
      ),
    ),
    differences,
  },
  {
    title: 'Comparison',
    description:
      'Of two sides timed in turns. The interval comes from the rounds’ ratios by rank (Wilcoxon; Hodges and Lehmann), so it includes the variation from process to process.',
  },
)

/** Of two runs that were taken apart. */
export const RunComparisonSchema = Type.Object(
  {
    a: Id,
    b: Id,
    ...ratio,
    differences,
    repeatability: Type.Object(
      {
        deviation: Type.Number({
          minimum: 0,
          description: 'Standard deviation of the logarithm of the medians of identical runs.',
        }),
        degreesOfFreedom: nullable(
          Type.Integer({ minimum: 1, description: 'Null where it is assumed because there are too few repeated runs on this device.' }),
        ),
      },
      { title: 'Repeatability', description: 'How far identical runs vary on this device; the interval includes it.' },
    ),
    cautions: Type.Array(Type.String(), { description: 'What weakens the verdict, and how to avoid it.' }),
  },
  { title: 'RunComparison' },
)
export type RunComparison = Static<typeof RunComparisonSchema>

export const CompareQuery = Type.Object(
  { with: Type.String({ description: 'Id of the other run, side b.', examples: ['01890a5d-ac96-774b-bcce-b302099a8057'] }) },
  { additionalProperties: false },
)
