import { type Static, Type } from 'typebox'
import { digits, Id, nullable } from '../../schemas.ts'
import { CostQuery } from '../costs/schema.ts'
import { RuntimeNameSchema } from '../devices/schema.ts'
import { PredictionErrorSchema, PredictionQuery } from '../prediction/schema.ts'

const ceiling = (description: string) => Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e9, description }))

export const AdviceQuery = Type.Object(
  {
    batch: CostQuery.properties.batch,
    gflopsPerSecond: ceiling(
      'What the device computes at most, 10^9 flop/s, e.g. from a profile; with gigabytesPerSecond, layers bound by memory are found.',
    ),
    gigabytesPerSecond: ceiling('What the device moves at most, 10^9 bytes a second.'),
    runId: Type.Optional({
      ...Id,
      description:
        'A run of this architecture with a profile, for what dominates its time. Default: the latest at this batch in float32, where there is one.',
    }),
    device: Type.Optional({
      ...PredictionQuery.properties.device,
      description: 'Says of each rewrite how much time a call would save on this device, predicted from the runs made there.',
    }),
    runtime: PredictionQuery.properties.runtime,
    ...digits,
  },
  { additionalProperties: false },
)
export type AdviceQuery = Static<typeof AdviceQuery>

const signed = Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })
const names = {
  params: nullable(Type.String()),
  macs: nullable(Type.String()),
  memoryKiB: nullable(Type.String()),
  ms: nullable(Type.String({ description: 'Null where no time was predicted as well.' })),
}

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
          unit: Type.Enum(['bytes', 'params', 'macs', 'flops', 'layers', 'times', 'ms'], { title: 'FindingUnit' }),
          share: nullable(Type.Number({ description: 'Of the network’s total.' })),
          layers: Type.Array(Type.String(), { description: 'Layers that the figure is about, the largest first, at most 10.' }),
          runId: nullable(Type.String({ description: 'The run that was measured; null where the finding rests on no measurement.' })),
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
          savedMs: nullable(
            Type.Number({
              description: 'Of the predicted time of a call, ms, below 0 where it takes longer; null where no device was named.',
            }),
          ),
          givesUp: Type.String(),
          source: Type.String(),
        },
        { title: 'Saving' },
      ),
      { description: 'Rewrites that apply and save something, the largest share of anything first.' },
    ),
    prediction: nullable(
      Type.Object(
        {
          device: Type.String(),
          deviceUuid: Type.String(),
          runtime: RuntimeNameSchema,
          latencyMs: Type.Number({ minimum: 0, description: 'Predicted median of a call of the network as it is, in float32.' }),
          error: PredictionErrorSchema,
        },
        { title: 'AdvicePrediction', description: 'What saved times rest on. Its error is of networks: a difference may be off by more.' },
      ),
    ),
    best: Type.Object(names, { title: 'BestRewrites', description: 'The rewrite that saves the most of each.' }),
  },
  { title: 'Advice', description: 'What dominates a network’s cost, and what would be cheaper.' },
)
export type AdviceAnswer = Static<typeof AdviceSchema>
