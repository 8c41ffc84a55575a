import { type Static, Type } from 'typebox'
import { precisions, runtimeNames } from '../../../gpu/contract.ts'
import { rounds, verdictConfidence } from '../../../gpu/timing/compare.ts'
import { PartialTimingSettings } from '../../../gpu/timing/settings.ts'
import type { ErrorCode } from '../../errors.ts'
import { exampleId, Id } from '../../schemas.ts'
import { dims, resolutionPattern } from '../costs/schema.ts'
import { BackendSchema, RuntimeNameSchema } from '../devices/schema.ts'

const hour = 3_600_000

export const Labels = Type.Record(Type.String({ pattern: '^[A-Za-z0-9_./-]{1,64}$' }), Type.String({ maxLength: 256 }), {
  additionalProperties: false,
  maxProperties: 32,
  graphqlType: 'JSON',
  description:
    'Labels of your own for finding runs: at most 32 names of letters, digits, "_", ".", "/" or "-", with texts of at most 256 characters.',
})

const batch = { minimum: 1, maximum: 65_536, description: 'Images per call.' }
const resolution = Type.Union(
  [Type.Integer({ minimum: 1, maximum: 65_536 }), Type.String({ pattern: resolutionPattern, examples: ['224x320'] })],
  {
    graphqlType: 'String',
    description: 'Replaces height and width of the input: 224, or "224x320" for height 224 and width 320.',
  },
)
const inputShape = Type.Optional(
  Type.Array(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }), {
    minItems: 1,
    maxItems: 7,
    examples: [[3, 640, 640]],
    description: 'Shape of the one input without the batch, for an ONNX file that leaves sizes open, in place of the one at registration.',
  }),
)
export const WeightsSchema = Type.Enum(['seeded', 'file'], { title: 'WeightsOrigin' })
const weights = Type.Optional(
  Type.Enum(['seeded', 'file'], {
    description:
      'The weights to use: those of the registered ONNX file, or seeded ones. If left out, the file’s where it has them. With the file’s, onnxruntime runs the file itself, at its own sizes where it states them.',
  }),
)
const settings = Type.Object(PartialTimingSettings.properties, { additionalProperties: false, description: 'Settings of the timing.' })

/** Side b of a comparison: anything left out is taken from side a, the run itself. */
const Against = Type.Object(
  {
    architectureId: Type.Optional(Id),
    runtime: Type.Optional(RuntimeNameSchema),
    backend: Type.Optional(BackendSchema),
    batch: Type.Optional(Type.Integer(batch)),
    precision: Type.Optional(Type.Enum([...precisions])),
    resolution: Type.Optional(resolution),
    dims,
    inputShape,
    weights,
    settings: Type.Optional(settings),
  },
  {
    additionalProperties: false,
    title: 'NewRunAgainst',
    description:
      'Makes the run a comparison: the run is side a, this is side b, and anything left out is taken from side a; {} compares a side with itself. Both are timed in turns ' +
      '(which goes first in a round is random) in one execution, each block in a process of its own. The run then has a `comparison` instead of a `result`.',
  },
)

export const NewRun = Type.Object(
  {
    architectureId: Id,
    device: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 300,
        description:
          '`cpu:0` or `cuda:0` on the host that answers, `host/cuda:0`, or a UUID from the list of devices; `cpu` or `cuda` where there is one of that kind. If left out, the only device; where there are several, the request is refused.',
      }),
    ),
    runtime: Type.Optional(
      Type.Enum([...runtimeNames], {
        description: 'If left out, the only runtime that works on the device; where several work, the request is refused.',
      }),
    ),
    backend: Type.Optional(BackendSchema),
    batch: Type.Optional(Type.Integer({ ...batch, default: 1 })),
    precision: Type.Optional(Type.Enum([...precisions], { default: 'float32' })),
    resolution: Type.Optional(resolution),
    dims,
    inputShape,
    weights,
    profile: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Adds a pass after the timing that times each layer, and measures the ceilings to compare with. The run’s layer profile then has both.',
      }),
    ),
    timeoutMs: Type.Optional(
      Type.Integer({
        minimum: 1000,
        maximum: 24 * hour,
        default: 600_000,
        description: 'Counted from the start of the run, without the time in the queue.',
      }),
    ),
    priority: Type.Optional(
      Type.Integer({ minimum: -100, maximum: 100, default: 0, description: 'Higher goes first. Above 10 it takes a key of an admin.' }),
    ),
    labels: Type.Optional(Labels),
    settings: Type.Optional(settings),
    fresh: Type.Optional(
      Type.Boolean({
        description:
          'Measure even if a run with a valid certificate has measured the same (same content, settings, device, driver and version of the runtime). Otherwise that run is returned.',
      }),
    ),
    against: Type.Optional(Against),
    rounds: Type.Optional(
      Type.Integer({
        minimum: rounds.least,
        maximum: rounds.most,
        description: `Blocks of each side of a comparison, ${rounds.default} by default; ${rounds.least} are the fewest that can show a difference at ${100 * verdictConfidence} %.`,
      }),
    ),
  },
  {
    additionalProperties: false,
    title: 'NewRun',
    examples: [{ architectureId: exampleId, device: 'cpu', runtime: 'onnxruntime' }],
  },
)
export type NewRun = Static<typeof NewRun>

export const RunHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,255}$',
      examples: ['4b1f07a2-6b4c-4ad5-9b1d-7d3f0b8e2c11'],
      description: 'The same key with the same request returns what it created the first time.',
    }),
  ),
})

/** What was chosen where the request left it open. */
export const Notes = Type.Array(Type.String(), {
  description:
    'Only in the answer to this request: what the service chose where the request left it open, and why an existing run or sweep was returned.',
  examples: [['device: cpu:0, the only one there is']],
})

/** Error codes of requests that queue runs, single or in a sweep. */
export const admissionErrors = [
  'MALFORMED_JSON',
  'INVALID_REQUEST',
  'REQUEST_TIMEOUT',
  'ARCHITECTURE_NOT_FOUND',
  'DEVICE_NOT_FOUND',
  'AMBIGUOUS_DEVICE',
  'DEVICE_UNAVAILABLE',
  'IDEMPOTENCY_CONFLICT',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'UNSUPPORTED_BY_RUNTIME',
  'NO_WEIGHTS',
  'INVALID_BATCH',
  'INVALID_RESOLUTION',
  'COST_OVERFLOW',
  'LIMIT_EXCEEDED',
  'INVALID_TEXT',
  'QUOTA_EXCEEDED',
  'QUEUE_FULL',
] as const satisfies readonly ErrorCode[]
