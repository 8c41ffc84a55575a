import { type Static, Type } from 'typebox'
import { digits, Id, nullable, Timestamp } from '../../schemas.ts'

const ms = (description: string) => Type.Number({ minimum: 0, description })
const count = (description: string) => Type.Integer({ minimum: 0, description })

const unit = Type.Literal('ms', { title: 'TimeUnit', description: 'Of every time here.' })

export const HistogramQuery = Type.Object(
  {
    bins: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1000, description: 'How many. If left out, by the rule of Freedman and Diaconis, 200 at most.' }),
    ),
    from: Type.Optional(ms('Lower edge of the first bin, ms; the smallest sample if left out.')),
    to: Type.Optional(ms('Upper edge of the last bin, ms; the largest sample if left out.')),
    quantiles: Type.Optional(
      Type.Array(Type.Number({ minimum: 0, maximum: 1 }), {
        minItems: 1,
        maxItems: 100,
        description: 'Which, from 0 to 1. In an address separated by commas.',
      }),
    ),
    ...digits,
  },
  { additionalProperties: false },
)
export type HistogramQuery = Static<typeof HistogramQuery>

export const HistogramSchema = Type.Object(
  {
    runId: Id,
    unit,
    count: count('Samples of the run.'),
    min: ms('The smallest sample.'),
    max: ms('The largest sample.'),
    bins: Type.Array(
      Type.Object(
        { from: ms('Lower edge, which is in it.'), to: ms('Upper edge, which is in the last bin only.'), count: count('Samples in it.') },
        { title: 'HistogramBin', description: 'A stretch of times.' },
      ),
      { description: 'Of one width, lowest first.' },
    ),
    below: count('Samples below the first bin.'),
    above: count('Samples above the last bin.'),
    quantiles: Type.Array(
      Type.Object(
        {
          quantile: Type.Number({ minimum: 0, maximum: 1, description: 'The share of samples that are no larger.' }),
          ms: ms('By linear interpolation between neighbors.'),
          stated: Type.Boolean({
            description:
              'Whether the samples are enough to state it by the rule that the run’s own percentiles follow; if not, it only describes them.',
          }),
        },
        { title: 'SampleQuantile', description: 'A quantile of the samples.' },
      ),
      { description: 'In the order asked for.' },
    ),
    samplesExpiredAt: nullable(
      Type.String({
        ...Timestamp,
        description:
          'When the samples were dropped, as older than the service keeps them (SAMPLES_DAYS): from then on there are these bins and quantiles alone. Null while they are kept.',
      }),
    ),
  },
  { title: 'Histogram', description: 'The samples of a run by their size.' },
)
export type HistogramAnswer = Static<typeof HistogramSchema>

export const SamplesQuery = Type.Object(
  {
    points: Type.Optional(
      Type.Integer({
        minimum: 2,
        maximum: 100_000,
        description: 'Thinned to so many at most: of each stretch the smallest and the largest, so that no outlier is lost. JSON only.',
      }),
    ),
    ...digits,
  },
  { additionalProperties: false },
)

export const ThinnedSchema = Type.Object(
  {
    runId: Id,
    unit,
    count: count('Samples of the run.'),
    indices: Type.Array(count('Place among all samples, from 0.'), { description: 'Of the samples kept, in the order measured.' }),
    samples: Type.Array(ms('A timed call.'), { description: 'The samples kept.' }),
  },
  { title: 'ThinnedSamples', description: 'Fewer samples that show what all of them do.' },
)
export type ThinnedAnswer = Static<typeof ThinnedSchema>
