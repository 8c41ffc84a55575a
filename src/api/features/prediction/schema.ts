import { type Static, Type } from 'typebox'
import { layerKinds } from '../../../engine/prediction/features.ts'
import { ways } from '../../../engine/prediction/model.ts'
import { TimingSettings } from '../../../gpu/timing/settings.ts'
import { Id, nullable, Timestamp } from '../../schemas.ts'
import { CostQuery } from '../costs/schema.ts'
import { BackendSchema, PrecisionSchema, RuntimeNameSchema } from '../devices/schema.ts'

export const PredictionQuery = Type.Object(
  {
    device: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'As in a run; may be left out where there is only one.' }),
    ),
    runtime: Type.Optional(RuntimeNameSchema),
    batch: CostQuery.properties.batch,
    resolution: CostQuery.properties.resolution,
    precision: Type.Optional({ ...PrecisionSchema, default: 'float32' }),
    threads: Type.Optional({
      ...TimingSettings.properties.threads,
      description: 'Of the runs to learn from, as in their settings; 0, the default, is one per physical core.',
    }),
  },
  { additionalProperties: false },
)
export type PredictionQuery = Static<typeof PredictionQuery>

const ms = Type.Number({ minimum: 0 })
const share = (description: string) => Type.Number({ minimum: 0, description })

export const PredictionErrorSchema = Type.Object(
  {
    method: Type.String({ description: 'How the error was found.' }),
    architectures: Type.Integer({ minimum: 2, description: 'Networks that were left out, one at a time.' }),
    medianPercent: share('Median of |predicted / measured − 1|, %.'),
    worstPercent: share('The largest, %.'),
    worstArchitecture: Type.String({ description: 'Name of the network that it is of.' }),
  },
  { title: 'PredictionError', description: 'Of networks that the model had not seen.' },
)

export const PredictionSchema = Type.Object(
  {
    architectureId: Id,
    device: Type.String(),
    deviceUuid: Type.String(),
    runtime: RuntimeNameSchema,
    backend: BackendSchema,
    batch: Type.Integer({ minimum: 1 }),
    resolution: nullable(Type.String({ description: 'As asked for; null for the network’s own.' })),
    precision: PrecisionSchema,
    threads: Type.Integer({ minimum: 0 }),
    latencyMs: Type.Number({ minimum: 0, description: 'Predicted median of a call with the whole batch.' }),
    interval: Type.Object(
      { lowMs: ms, highMs: ms, coverage: share('Share of networks like the measured ones whose latency it holds.') },
      {
        title: 'PredictionInterval',
        description: 'From the errors of leave-one-architecture-out (jackknife), as a factor either way.',
      },
    ),
    error: PredictionErrorSchema,
    learntFrom: Type.Object(
      {
        architectures: Type.Integer({ minimum: 2 }),
        runs: Type.Integer({ minimum: 2 }),
        profiled: Type.Integer({ minimum: 0, description: 'Of the runs, those with times by layer.' }),
        latestRunId: Id,
        way: Type.Enum([...ways], {
          title: 'LearningWay',
          description: 'What rates are learnt from: of these, what did best on networks left out.',
          enumDescriptions: {
            profiles: 'Times by layer and whole calls; a rate for each kind of layer.',
            calls: 'Whole calls; a rate for each kind of layer.',
            totals: 'Whole calls; one rate for all kinds.',
          },
        }),
      },
      { title: 'LearntFrom', description: 'Succeeded runs on the device, under this runtime, precision and number of threads.' },
    ),
    byKind: Type.Array(
      Type.Object(
        {
          kind: Type.Enum([...layerKinds], { title: 'LayerKind', description: 'Told by what a layer computes, not by its name.' }),
          layers: Type.Integer({ minimum: 0 }),
          ms,
          share: share('Of the predicted latency.'),
          seen: Type.Boolean({ description: 'False where no measured network has such layers: the rate of all kinds stands in.' }),
        },
        { title: 'LatencyByKind' },
      ),
      { description: 'Where the time goes, the most first.' },
    ),
    notes: Type.Array(Type.String(), {
      description: 'What speaks against the prediction, and what was chosen where the request left it open.',
    }),
    measured: nullable(
      Type.Object(
        { runId: Id, latencyMs: ms, finishedAt: Timestamp },
        { title: 'MeasuredLatency', description: 'A run of this network at this batch and resolution, among those learnt from.' },
      ),
    ),
  },
  { title: 'Prediction', description: 'The latency of a network on a device, learnt from other runs there.' },
)
export type PredictionAnswer = Static<typeof PredictionSchema>
