import { type Static, Type } from 'typebox'
import { costDtypes } from '../../../engine/dtypes.ts'
import { aboveReasons, farBelow, farShare } from '../../../gpu/roofline.ts'
import { Id, nullable } from '../../schemas.ts'
import { PrecisionSchema, RuntimeNameSchema } from '../devices/schema.ts'

const ms = Type.Number({ minimum: 0 })
const count = Type.Integer({ minimum: 0 })
const amount = Type.Number({ minimum: 0 })
const share = Type.Number({ minimum: 0, description: 'Share of the profiled call.' })

const measuredWith = Type.String({ description: 'The layer that reached it, and its time.' })
const CeilingsSchema = Type.Object(
  {
    compute: Type.Object(
      {
        flopsPerSecond: amount,
        leastFlopsPerSecond: Type.Optional(
          Type.Number({
            minimum: 0,
            description: 'The highest rate, counted in flops that any algorithm must do: it cannot exceed the device’s peak.',
          }),
        ),
        measuredWith,
      },
      { title: 'ComputeCeiling', description: 'The highest rate of a few dense layers.' },
    ),
    memory: Type.Object(
      {
        bytesPerSecond: amount,
        bytes: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Bytes that one call moves: a layer that moves fewer may be served by a cache.' }),
        ),
        measuredWith,
      },
      {
        title: 'MemoryCeiling',
        description: 'The rate of an element-wise layer over tensors larger than the caches: bytes read and written.',
      },
    ),
    durationMs: ms,
  },
  {
    title: 'Ceilings',
    description:
      'The best rates of the device under this runtime, threads and precision; measured right after the profile, in the same way.',
  },
)

/** How the times were taken. Absent in runs of earlier versions. */
const method = {
  method: Type.Optional(Type.String({ description: 'How the times were taken: by which clock, from when to when.' })),
  launchBlocking: Type.Optional(
    nullable(
      Type.Boolean({
        description: 'On CUDA, whether each launch waited for its kernel to finish (CUDA_LAUNCH_BLOCKING=1); null elsewhere.',
      }),
    ),
  ),
  kernelOverhead: Type.Optional(
    Type.Object(
      {
        ms: Type.Number({
          minimum: 0,
          description: 'Time of a kernel with almost no work; every row includes it once for each of its kernels.',
        }),
        measuredWith,
      },
      { title: 'KernelOverhead', description: 'The part of a kernel’s time that is not work: launch and wait.' },
    ),
  ),
}

/** The profile as a run keeps it. */
export const ProfileSchema = Type.Object(
  {
    perLayer: Type.Array(
      Type.Object(
        { layerIds: Type.Array(Type.String(), { description: 'Several where the runtime fused them.' }), ms },
        { title: 'LayerTime' },
      ),
    ),
    unattributedMs: ms,
    totalMs: ms,
    runs: count,
    ...method,
    ceilings: Type.Optional(CeilingsSchema),
  },
  {
    title: 'RunProfile',
    description: 'Taken in a separate pass, which is slower than the timed one. The run’s layer profile joins it to the costs.',
  },
)

const perSecond = (of: string) =>
  nullable(Type.Number({ minimum: 0, description: `10^9 ${of} a second; null where no time was measured.` }))
const rooflineShare = nullable(
  Type.Number({
    minimum: 0,
    description:
      '`rooflineMs` divided by the time taken, that is, the achieved rate over the attainable one. Where it is above 1, `above` says why.',
  }),
)

const above = nullable(
  Type.Enum([...aboveReasons], {
    title: 'AboveRoofline',
    description:
      'Why `rooflineShare` is above 1; null where it is not. inCache: the layer moves fewer bytes than the one that the memory ceiling was measured with, so caches may serve it. ' +
      'fewerFlops: an algorithm with fewer flops than the definition exists for it, such as Winograd’s. ceilingTooLow: neither, so the device was slower than it can be when the ceiling was measured.',
  }),
)

const RowSchema = Type.Object(
  {
    layerIds: Type.Array(Type.String(), { description: 'Several where the runtime fused them.' }),
    types: Type.Array(Type.String(), { description: 'Of the layers, in their order.' }),
    ms: Type.Number({ minimum: 0, description: 'Mean of a call; 0 where no kernel ran for the layer.' }),
    share,
    macs: count,
    flops: count,
    bytesRead: Type.Integer({ minimum: 0, description: 'Tensors produced in other rows, parameters and statistics: each once.' }),
    bytesWritten: Type.Integer({ minimum: 0, description: 'Tensors that leave the row.' }),
    bytes: count,
    gflopsPerSecond: perSecond('flops'),
    gigabytesPerSecond: perSecond('bytes'),
    arithmeticIntensity: Type.Number({ minimum: 0, description: 'Flops per byte; 0 where nothing moves.' }),
    attainableGflopsPerSecond: Type.Number({ minimum: 0, description: 'min(compute ceiling, intensity × memory ceiling).' }),
    rooflineMs: Type.Number({ minimum: 0, description: 'The time that the row would take on the roofline.' }),
    rooflineShare,
    above,
    bound: nullable(
      Type.Enum(['compute', 'memory'], {
        title: 'Bound',
        description: 'The ceiling that limits the row; null where there is nothing to compute or move.',
      }),
    ),
    far: Type.Boolean({ description: `Under ${farBelow} of the roofline, and at least ${farShare} of the call.` }),
    lostMs: Type.Number({ minimum: 0, description: 'ms × (1 − rooflineShare); 0 where it is on the roofline or above.' }),
  },
  { title: 'LayerProfileRow' },
)

export const LayerProfileSchema = Type.Object(
  {
    runId: Id,
    architectureId: Id,
    runtime: RuntimeNameSchema,
    device: Type.String(),
    batch: Type.Integer({ minimum: 1 }),
    precision: PrecisionSchema,
    dtype: Type.Enum([...costDtypes], {
      description: 'The types that bytes are counted in: `file`, each tensor in the one that the file it ran from has it in.',
    }),
    resolution: nullable(Type.String({ description: 'Height x width; null for the architecture’s own.' })),
    runs: Type.Integer({ minimum: 0, description: 'Number of calls averaged.' }),
    ...method,
    timed: nullable(
      Type.Object(
        {
          p50Ms: ms,
          kernelsOverP50: Type.Number({
            minimum: 0,
            description:
              '`totals.kernelMs` over `p50Ms`. Above 1, the timed calls took less than the sum of the rows: launches and kernels overlapped in them, and the rows are mostly launch and wait. Then only compare rows with each other, and take the time of a call from the run.',
          }),
        },
        { title: 'TimedBesideProfile', description: 'The median call of the run itself, which was timed without the profiler.' },
      ),
    ),
    convention: Type.String({ description: 'How flops are counted: always `full`.', graphqlType: 'ConventionName' }),
    ceilings: CeilingsSchema,
    ridgeFlopsPerByte: Type.Number({ minimum: 0, description: 'The intensity above which compute is the limit.' }),
    rows: Type.Array(RowSchema, { description: 'In the order of the graph; each layer is in exactly one row.' }),
    unattributed: Type.Object(
      { ms, share },
      { title: 'UnattributedTime', description: 'Kernels that belong to no layer, such as changes of layout.' },
    ),
    totals: Type.Object(
      {
        callMs: Type.Number({ minimum: 0, description: 'Wall time of the profiled call.' }),
        kernelMs: Type.Number({ minimum: 0, description: 'Sum of the rows and the unattributed time.' }),
        betweenKernelsMs: Type.Number({ minimum: 0, description: 'Time of the call minus that of its kernels.' }),
        macs: count,
        flops: count,
        bytes: count,
        gflopsPerSecond: perSecond('flops'),
        gigabytesPerSecond: perSecond('bytes'),
        rooflineMs: ms,
        rooflineShare,
        above,
        lostMs: ms,
        far: Type.Integer({ minimum: 0, description: 'Rows far from the roofline.' }),
      },
      { title: 'LayerProfileTotals', description: 'Rates are over `kernelMs`.' },
    ),
  },
  {
    title: 'LayerProfile',
    description:
      'The per-layer times of a run beside the costs of the layers, by the roofline model (Williams, Waterman and Patterson, CACM 52(4), 2009).',
  },
)
export type LayerProfileAnswer = Static<typeof LayerProfileSchema>
