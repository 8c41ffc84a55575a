import { type Static, Type } from 'typebox'
import { axes, objectives } from '../../../engine/recommend.ts'
import { Id, nullable } from '../../schemas.ts'
import { ArchitectureName } from '../architectures/schema.ts'
import { BackendSchema, PrecisionSchema, RuntimeNameSchema } from '../devices/schema.ts'
import { PredictionErrorSchema, PredictionQuery } from '../prediction/schema.ts'

const whole = (description: string) => Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description }))

const ObjectiveSchema = Type.Enum([...objectives], {
  title: 'Objective',
  description: 'What the choice goes by.',
  enumDescriptions: {
    accuracy: 'The highest top-1 within the limits.',
    efficiency: 'The knee of the front: beyond it, a point of accuracy costs more than up to it.',
  },
})

export const RecommendQuery = Type.Object(
  {
    objective: Type.Optional({ ...ObjectiveSchema, default: 'accuracy' }),
    maxMacs: whole('Most multiply-adds for one image.'),
    maxParams: whole('Most parameters.'),
    maxPeakBytes: whole('Most bytes of activations alive at once for one image, in float32.'),
    maxLatencyMs: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1e9,
        description: 'Longest call with one image on the device, ms: measured where it was, predicted elsewhere.',
      }),
    ),
    device: PredictionQuery.properties.device,
    runtime: PredictionQuery.properties.runtime,
    precision: PredictionQuery.properties.precision,
    threads: PredictionQuery.properties.threads,
  },
  { additionalProperties: false },
)
export type RecommendQuery = Static<typeof RecommendQuery>

const count = Type.Integer({ minimum: 0 })
const amount = Type.Number({ minimum: 0 })
const AxisSchema = Type.Enum([...axes], { title: 'RecommendAxis', description: 'A cost that networks are compared by.' })

export const RecommendedSchema = Type.Object(
  {
    preset: Type.String({ description: 'Name of the preset: register it by `{"zoo": {"preset": …}}`.' }),
    family: Type.String(),
    top1: Type.Number({ minimum: 0, maximum: 100, description: 'Published top-1 accuracy on the validation set of ImageNet-1K, %.' }),
    source: Type.String({ description: 'Who published it, and of which weights.' }),
    params: count,
    macs: count,
    peakActivationBytes: count,
    latency: nullable(
      Type.Object(
        { latencyMs: amount, runId: nullable({ ...Id, description: 'The run that measured it; null where it is predicted.' }) },
        { title: 'RecommendedLatency', description: 'Of a call with one image on the device asked for.' },
      ),
    ),
    architectures: Type.Array(Type.Object({ id: Id, name: ArchitectureName }, { title: 'RecommendedArchitecture' }), {
      description: 'Registered architectures that are this network, layer for layer.',
    }),
  },
  { title: 'Recommended', description: 'A network of the zoo with its published accuracy and its costs for one image.' },
)
export type Recommended = Static<typeof RecommendedSchema>

const limited = { axis: AxisSchema, limit: amount }

export const RecommendationSchema = Type.Object(
  {
    objective: ObjectiveSchema,
    reason: Type.String({ description: 'Why this network, in words; where none fits, which limit to loosen.' }),
    chosen: nullable(RecommendedSchema),
    runnerUp: nullable(
      Type.Object(
        {
          network: RecommendedSchema,
          top1Difference: Type.Number({ description: 'Its top-1 less that of the choice, points.' }),
          ratios: Type.Array(Type.Object({ axis: AxisSchema, ratio: amount }, { title: 'RecommendRatio' }), {
            description: 'Its cost over that of the choice, for each axis of the front.',
          }),
        },
        { title: 'RunnerUp', description: 'What the objective takes from the front without the choice.' },
      ),
    ),
    limits: Type.Array(
      Type.Object(
        {
          ...limited,
          used: amount,
          share: Type.Number({ minimum: 0, description: 'Of the limit that the choice uses.' }),
          without: nullable(RecommendedSchema),
        },
        { title: 'LimitUse', description: 'A limit, and what would be chosen without it; null where that is no more accurate.' },
      ),
    ),
    /** The limit that keeps the most accuracy out; null where none alone does. */
    binding: nullable(AxisSchema),
    loosen: Type.Array(
      Type.Object(
        {
          ...limited,
          least: Type.Number({ minimum: 0, description: 'The least limit at which something fits.' }),
          admits: RecommendedSchema,
        },
        { title: 'Loosened' },
      ),
      { description: 'Where nothing fits: limits of which each, loosened alone, lets something in.' },
    ),
    nearest: nullable(
      Type.Object(
        {
          network: RecommendedSchema,
          needs: Type.Array(Type.Object({ ...limited, least: amount }, { title: 'NeededLimit' }), {
            description: 'The limits that it exceeds, with the value that each needs.',
          }),
        },
        { title: 'NearestNetwork', description: 'Where nothing fits: the network that exceeds its limits least.' },
      ),
    ),
    axes: Type.Array(AxisSchema, { description: 'What the front is over, beside accuracy: macs where nothing is limited.' }),
    front: Type.Array(RecommendedSchema, {
      description: 'The Pareto front, the most accurate first: within the limits, nothing is as accurate and costs less.',
    }),
    latencies: nullable(
      Type.Object(
        {
          device: Type.String(),
          deviceUuid: Type.String(),
          runtime: RuntimeNameSchema,
          backend: BackendSchema,
          precision: PrecisionSchema,
          threads: count,
          error: PredictionErrorSchema,
        },
        {
          title: 'RecommendLatencies',
          description: 'Where latencies are of, and how far off predicted ones are; null where none was asked for.',
        },
      ),
    ),
    within: Type.Integer({ minimum: 0, description: 'Networks that keep every limit.' }),
    candidates: Type.Integer({ minimum: 0, description: 'Networks that were compared.' }),
    leftOut: Type.Array(Type.Object({ preset: Type.String(), reason: Type.String() }, { title: 'LeftOut' }), {
      description: 'Presets that could not be compared.',
    }),
  },
  { title: 'Recommendation', description: 'Which network to take within limits, and why.' },
)
export type RecommendationAnswer = Static<typeof RecommendationSchema>
