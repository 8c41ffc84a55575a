import { type Static, Type } from 'typebox'
import { costDtypes } from '../../../engine/dtypes.ts'
import { maxKeptOutputs, verdicts } from '../../../gpu/contract.ts'
import { TimingSettings } from '../../../gpu/timing/settings.ts'
import { runSorts, runStatuses } from '../../../store/index.ts'
import { anyOf, digits, Id, nullable, pageOf, paging, SortDirectionSchema, Timestamp, totalOnRequest } from '../../schemas.ts'
import { ArchitectureName } from '../architectures/schema.ts'
import { MacsByPrecision } from '../costs/schema.ts'
import { BackendSchema, PrecisionSchema, RuntimeNameSchema } from '../devices/schema.ts'
import { Eta } from '../queue/schema.ts'
import { ComparisonSchema } from './comparison-schema.ts'
import { ProfileSchema } from './profile-schema.ts'
import { Labels, Notes, WeightsSchema } from './request-schema.ts'

const ms = Type.Number({ minimum: 0 })
const percentile = nullable(Type.Number({ minimum: 0, description: 'Null where the samples are too few to state it.' }))
const count = Type.Integer({ minimum: 0 })

export const LatencySchema = Type.Object(
  {
    min: ms,
    p50: percentile,
    p90: percentile,
    p95: percentile,
    p99: percentile,
    p999: percentile,
    max: ms,
    mean: ms,
    stddev: ms,
    medianCi95: nullable(Type.Tuple([ms, ms], { description: 'Block-bootstrapped interval of the median.' })),
  },
  { title: 'Latency', description: 'Of one call with the whole batch, ms.' },
)

const AgreementSchema = Type.Object(
  {
    runId: Id,
    runtime: RuntimeNameSchema,
    elements: Type.Integer({
      minimum: 0,
      maximum: maxKeptOutputs,
      description: `Elements compared: all outputs in order, at most the first ${maxKeptOutputs}.`,
    }),
    maxAbsDifference: nullable(Type.Number({ minimum: 0, description: 'Null where it cannot be stated; `reason` says why.' })),
    maxAbs: nullable(Type.Number({ minimum: 0, description: 'Largest absolute value of both outputs, for scale.' })),
    reason: nullable(Type.String({ description: 'Why no difference is stated: sizes that differ, or values that are not finite.' })),
  },
  {
    title: 'Agreement',
    description:
      'How far the output agrees with that of the latest earlier run on another runtime with the same architecture, batch, precision, resolution, sizes, weights and seed, on any device. Null where there is none.',
  },
)

const finite = { description: 'Null where it is not finite.' }
const OutputSchema = Type.Object(
  {
    elements: count,
    maxAbs: nullable(Type.Number({ minimum: 0, ...finite })),
    first: Type.Array(nullable(Type.Number(finite))),
    agreement: nullable(AgreementSchema),
  },
  { title: 'RunOutput', description: 'To compare runtimes by.' },
)

const CostsSchema = Type.Object(
  {
    dtype: Type.Enum([...costDtypes], {
      description: 'The types that bytes are counted in: `file`, each tensor in the one that the file it ran from has it in.',
    }),
    macs: Type.Integer({ minimum: 0, description: 'Multiply-accumulates of the whole batch.' }),
    partial: Type.Boolean({ description: 'True where layers that may multiply could not be counted.' }),
    macsByPrecision: MacsByPrecision,
    weightBytes: Type.Integer({ minimum: 0, description: 'Parameters and buffers, as they are stored there.' }),
    peakActivationBytes: Type.Integer({ minimum: 0, description: 'Largest amount alive at once, with buffers reused.' }),
  },
  { title: 'RunCosts', description: 'One call with the whole batch as it was run. Absent in runs of earlier versions.' },
)

const ResultSchema = Type.Object(
  {
    latencyMs: LatencySchema,
    samples: count,
    callsPerSample: Type.Integer({ minimum: 1, description: '1; in the offline scenario, the number of calls that each sample averages.' }),
    throughputPerSecond: Type.Number({ minimum: 0, description: 'Images per second.' }),
    firstRunMs: ms,
    loadMs: ms,
    sessionCached: Type.Boolean({
      description:
        'True where the network had been loaded by an earlier run in the same process: then loadMs is the time of that load, and firstRunMs is not that of its first call.',
    }),
    addedOps: Type.Array(Type.String(), { description: 'Operations that mode resident adds to the network; they are timed with it.' }),
    warmup: Type.Object({ runs: count, durationMs: ms, agreed: Type.Boolean() }, { title: 'Warmup' }),
    stable: Type.Boolean(),
    output: OutputSchema,
    weights: WeightsSchema,
    costs: Type.Optional(CostsSchema),
    copiesMs: nullable(Type.Object({ hostToDevice: ms, deviceToHost: ms }, { title: 'CopyTimes' })),
    profile: nullable(ProfileSchema),
    profileRefused: Type.Optional(
      nullable(
        Type.Object(
          { code: Type.String(), message: Type.String() },
          { title: 'ProfileRefused', description: 'Why there is no profile although one was asked for. The timing is valid.' },
        ),
      ),
    ),
  },
  { title: 'RunResult' },
)

export const VerdictSchema = Type.Enum([...verdicts], { title: 'Verdict' })
const CertificateSchema = Type.Object(
  {
    verdict: VerdictSchema,
    reasons: Type.Array(Type.Object({ code: Type.String(), message: Type.String() }, { title: 'CertificateReason' })),
  },
  { title: 'Certificate' },
)

export const RunStatusSchema = Type.Enum([...runStatuses], { title: 'RunStatus' })

const sizeOfDim = Type.Integer({ minimum: 1 })
const RunSizesSchema = Type.Object(
  {
    dims: Type.Optional(
      Type.Record(Type.String(), sizeOfDim, { graphqlType: 'JSON', description: 'Sizes by the names that the file has for its dims.' }),
    ),
    inputShape: Type.Optional(Type.Array(sizeOfDim, { description: 'Shape of the one input without the batch.' })),
  },
  { title: 'RunSizes', description: 'Sizes of an ONNX file that leaves them open; null where it ran at those of its registration.' },
)

export const RunSchema = Type.Object(
  {
    id: Id,
    architectureId: Id,
    architectureName: ArchitectureName,
    device: Type.String({ examples: ['cpu:0'] }),
    deviceUuid: Type.String(),
    host: Type.String(),
    runtime: RuntimeNameSchema,
    backend: BackendSchema,
    batch: Type.Integer({ minimum: 1 }),
    precision: PrecisionSchema,
    resolution: nullable(Type.String({ description: 'Height x width; null for the architecture’s own.', examples: ['224x320'] })),
    sizes: nullable(RunSizesSchema),
    weights: WeightsSchema,
    profile: Type.Boolean(),
    timeoutMs: count,
    priority: Type.Integer(),
    labels: Labels,
    settings: TimingSettings,
    against: nullable(
      Type.Object(
        {
          architectureId: Id,
          architectureName: ArchitectureName,
          runtime: RuntimeNameSchema,
          backend: BackendSchema,
          batch: Type.Integer({ minimum: 1 }),
          precision: PrecisionSchema,
          resolution: nullable(Type.String()),
          sizes: nullable(RunSizesSchema),
          weights: WeightsSchema,
          settings: TimingSettings,
        },
        { title: 'RunAgainst', description: 'Side b of a comparison, in full; null for any other run.' },
      ),
    ),
    rounds: nullable(Type.Integer({ minimum: 1, description: 'Blocks of each side of a comparison.' })),
    key: Type.Union(
      [
        Type.Object(
          {
            id: Id,
            prefix: Type.String({ description: 'Its beginning, by which people tell keys apart.', examples: ['amk_0a1b2c3d'] }),
            name: nullable(Type.String({ description: 'For an admin, and for its own holder; null for everybody else.' })),
          },
          { title: 'RunKey', description: 'A key that queued a run.' },
        ),
        Type.Null(),
      ],
      { description: 'The key that queued it; null where it was queued without one.' },
    ),
    status: RunStatusSchema,
    queue: nullable(
      Type.Object(
        {
          position: Type.Integer({ minimum: 1, description: '1 starts next.' }),
          ...Eta,
        },
        { title: 'QueuePlace', description: 'Only while it waits.' },
      ),
    ),
    attempt: Type.Integer({
      minimum: 0,
      description: 'Executions started: more than one where the service stopped, or lost its device, during the run.',
    }),
    queuedAt: Timestamp,
    startedAt: nullable(Timestamp),
    finishedAt: nullable(Timestamp),
    cancelRequestedAt: nullable(Timestamp),
    result: nullable(ResultSchema),
    comparison: nullable(ComparisonSchema),
    certificate: nullable(CertificateSchema),
    environment: nullable(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description:
            'What ran where, in enough detail to repeat it: versions, options, host, load, interval; in `unusableBackends` the better back ends of the runtime that do not work there, with the reasons. A comparison has one for `a` and one for `b`.',
        },
      ),
    ),
    error: nullable(Type.Object({ code: Type.String(), message: Type.String() }, { title: 'RunError' })),
    notes: Type.Optional(Notes),
    links: Type.Object({
      self: Type.String(),
      architecture: Type.String(),
      samples: Type.String(),
      profile: Type.String(),
      events: Type.String(),
    }),
  },
  { title: 'Run' },
)
export type RunAnswer = Static<typeof RunSchema>
export const RunPage = pageOf(RunSchema, 'RunPage')

const RunSortSchema = Type.Enum([...runSorts], {
  title: 'RunSort',
  description: 'What runs are sorted by. Those without it, such as the latency of a run that failed, come last.',
  enumDescriptions: {
    queuedAt: 'When it was queued.',
    startedAt: 'When it was started last.',
    finishedAt: 'When it ended.',
    duration: 'From its last start to its end.',
    latency: 'The median of a call.',
    throughput: 'Images per second.',
  },
})
const moment = (description: string) => Type.Optional(Type.String({ ...Timestamp, description }))

export const RunQuery = Type.Object(
  {
    ...paging,
    ...totalOnRequest,
    ...digits,
    sort: Type.Optional(Type.Enum(RunSortSchema.enum, { ...RunSortSchema, default: 'queuedAt' })),
    order: Type.Optional(Type.Enum(SortDirectionSchema.enum, { ...SortDirectionSchema, default: 'desc' })),
    architectureId: anyOf(Id, 'Of any of these architectures.'),
    architecture: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Part of the name of its architecture, in any case.' }),
    ),
    status: anyOf(RunStatusSchema, 'In any of these states.'),
    verdict: anyOf(VerdictSchema, 'With any of these verdicts of its certificate.'),
    device: anyOf(Type.String({ minLength: 1, maxLength: 300 }), 'On any of these devices: name, host/name or UUID.'),
    runtime: anyOf(RuntimeNameSchema, 'By any of these runtimes.'),
    label: anyOf(Type.String({ minLength: 1, maxLength: 330 }), 'With every one of these labels: `name` or `name=text`.'),
    key: anyOf(
      Type.String({ pattern: '^[\\w-]{1,100}$', examples: ['amk_0a1b2c3d'] }),
      'Queued by any of these keys: id, or beginning (`amk_0a1b2c3d`); `none`: without a key.',
    ),
    queuedAfter: moment('Queued at this moment or after it.'),
    queuedBefore: moment('Queued before this moment.'),
    finishedAfter: moment('Ended at this moment or after it.'),
    finishedBefore: moment('Ended before this moment.'),
  },
  { additionalProperties: false },
)
export type RunQuery = Static<typeof RunQuery>
export type RunFilterQuery = Omit<RunQuery, 'digits' | 'after' | 'limit' | 'total' | 'sort' | 'order'>
export const ReadRunQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 60,
        description: 'Answer when the run has ended, or after so many seconds, whichever comes first. At once if left out.',
      }),
    ),
    ...digits,
  },
  { additionalProperties: false },
)
export const DigitsQuery = Type.Object({ ...digits }, { additionalProperties: false })
export const RunParams = Type.Object({ id: Type.String({ description: 'Id of a run.' }) })

export const SamplesSchema = Type.Object(
  { runId: Id, unit: Type.Literal('ms'), samples: Type.Array(ms, { description: 'Every timed call, in order.' }) },
  { title: 'Samples' },
)

const { after: _after, limit: _limit, total: _total, digits: _digits, sort: _sort, order: _order, ...fits } = RunQuery.properties
export const RunsToCancel = Type.Object(fits, {
  title: 'RunsToCancel',
  description: 'Which runs: those that fit every part that is given, as in the list of runs. At least one part.',
  additionalProperties: false,
  minProperties: 1,
  examples: [{ status: ['queued'], label: ['branch=old'] }],
})
export const CancelledRuns = Type.Object(
  {
    cancelled: Type.Integer({ minimum: 0, description: 'Runs that waited and are cancelled.' }),
    requested: Type.Integer({ minimum: 0, description: 'Runs in progress that are being stopped; their last events tell when they have.' }),
  },
  { title: 'CancelledRuns', description: 'How many runs a filter cancelled.' },
)
export type CancelledRuns = Static<typeof CancelledRuns>
export const RunPriority = Type.Object(
  { priority: Type.Integer({ minimum: -100, maximum: 100, description: 'Higher goes first. Above 10 it takes a key of an admin.' }) },
  { title: 'RunPriority', description: 'What is to change of a waiting run.', additionalProperties: false, examples: [{ priority: 5 }] },
)
