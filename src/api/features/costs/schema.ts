import { type Static, type TOptional, Type } from 'typebox'
import { conventions } from '../../../engine/conventions/index.ts'
import { costDtypes, type FileDtype, fileDtypes } from '../../../engine/dtypes.ts'
import { digits, nullable } from '../../schemas.ts'
import { CountedBy, conventionName } from '../conventions/schema.ts'
import { RankingSchema, rankQuery } from './ranking-schema.ts'

/** `224`, or `224x320` for height 224 and width 320. */
export const resolutionPattern = '^[1-9][0-9]{0,8}(x[1-9][0-9]{0,8})?$'

export const dims = Type.Optional(
  Type.String({
    minLength: 3,
    maxLength: 1000,
    examples: ['height:640,width:640'],
    description: 'Sizes of dims that an ONNX file leaves open, by its own names for them, in place of those that it was registered at.',
  }),
)

export const CostQuery = Type.Object(
  {
    convention: Type.Optional(
      conventionName(`How flops are counted: ${conventions.map(({ name, summary }) => `\`${name}\`: ${summary}`).join(' ')}`, {
        default: 'lecture',
      }),
    ),
    batch: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, default: 1, description: 'Images per call.' })),
    resolution: Type.Optional(
      Type.String({
        pattern: resolutionPattern,
        examples: ['224', '224x320'],
        description: 'Replaces height and width of the input: 224, or 224x320 for height 224 and width 320.',
      }),
    ),
    dims,
    dtype: Type.Optional(
      Type.Enum([...costDtypes], {
        description:
          'Sets the bytes of an element: one type for all tensors, or `file`, each tensor in the type that the imported file has it in (int8 and packed int4 weights, float16, activations in their own width). Default: `file` where the network was imported with types other than float32, else `float32`.',
      }),
    ),
    ...rankQuery,
    ...digits,
  },
  { additionalProperties: false },
)
export type CostQuery = Static<typeof CostQuery>

const oneOf = (description: string, example: string) =>
  conventionName(`${description}: one of ${conventions.map(({ name }) => `\`${name}\``).join(', ')}.`, { examples: [example] })

export const ExplainQuery = Type.Object(
  {
    from: oneOf('The convention to start from', 'lecture'),
    to: oneOf('The convention to arrive at', 'full'),
    batch: CostQuery.properties.batch,
    resolution: CostQuery.properties.resolution,
    dims,
  },
  { additionalProperties: false },
)
export type ExplainQuery = Static<typeof ExplainQuery>

const count = Type.Integer({ minimum: 0 })
const amount = Type.Number({ minimum: 0 })
/** 0 stands for a size that the data decides. */
const shape = Type.Array(Type.Integer({ minimum: 0 }))

export const MacsByPrecision = Type.Object(
  Object.fromEntries(
    fileDtypes.map((name) => [name, Type.Optional(Type.Integer({ minimum: 0, description: `Those in ${name}.` }))]),
  ) as Record<FileDtype, TOptional<typeof count>>,
  {
    title: 'MacsByPrecision',
    description:
      'macs by the type that the file computes them in, whatever dtype is asked for: integers and floats told apart; float32 where nothing says so. Types without any are left out.',
  },
)

const LayerCostSchema = Type.Object(
  {
    id: Type.String(),
    type: Type.String(),
    inputs: Type.Array(Type.String()),
    outputShape: Type.Array(Type.Integer({ minimum: 0 }), {
      description: 'One image, C×H×W. 0 stands for a size that the data decides and that is not known.',
    }),
    outputShapes: Type.Optional(Type.Array(shape, { description: 'Only where the layer has several outputs.' })),
    outputElements: count,
    memoryKiB: Type.Number({ minimum: 0, description: 'Output elements at the dtype, / 1024.' }),
    params: count,
    weightsOf: Type.Optional(
      Type.String({ description: 'Only where the layer shares the weights of another one: the layer that they are counted in.' }),
    ),
    macs: Type.Integer({ minimum: 0, description: 'Multiply-accumulates; the same under every convention.' }),
    macsPrecision: Type.Optional(
      Type.Enum(fileDtypes, {
        description: 'Only where it has multiply-adds: the type that the file computes them in; float32 where nothing says so.',
      }),
    ),
    flops: Type.Integer({ minimum: 0, description: 'By the convention of this answer.' }),
    bytesRead: count,
    bytesWritten: count,
    counted: Type.Optional(
      Type.Boolean({ description: 'Only where the layer could not be counted: macs and flops are then not 0 but unknown.' }),
    ),
    arithmeticIntensity: Type.Number({ minimum: 0, description: 'Flops per byte moved.' }),
    receptiveField: Type.Tuple([count, count], { description: '[height, width] on the input, not clipped to it.' }),
    effectiveStride: nullable(
      Type.Tuple([amount, amount], {
        description: '[height, width] between neighboring outputs on the input, below 1 behind a layer that upsamples.',
      }),
    ),
  },
  { title: 'LayerCost' },
)

const signed = Type.Integer({
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
  description: '`to` − `from`: negative where the convention `to` counts less.',
})
const flopsUnder = {
  from: Type.Integer({ minimum: 0, description: 'Flops under the convention `from`.' }),
  to: Type.Integer({ minimum: 0, description: 'Flops under the convention `to`.' }),
  difference: signed,
}
const uncounted = Type.Array(
  Type.Object({ id: Type.String(), type: Type.String({ description: 'The operator, by the file’s own name.' }), reason: Type.String() }),
  {
    description: 'Layers that could not be counted; the sums leave them out.',
  },
)

export const CostsExplanationSchema = Type.Object(
  {
    from: Type.String({ description: 'The convention that is compared from.', graphqlType: 'ConventionName' }),
    to: Type.String({ description: 'The convention that is compared to.', graphqlType: 'ConventionName' }),
    batch: Type.Integer({ minimum: 1 }),
    inputs: Type.Array(Type.Object({ id: Type.String(), shape })),
    totals: Type.Object(flopsUnder, { title: 'CostsDifference', description: 'Sums of the items.' }),
    items: Type.Array(
      Type.Object(
        {
          type: Type.String({ description: 'The kind of layer.' }),
          layers: Type.Integer({ minimum: 1, description: 'Layers of this kind.' }),
          ...flopsUnder,
          why: Type.String({ description: 'How each of the two counts this kind.' }),
        },
        { title: 'CostsExplanationItem' },
      ),
      { description: 'Every kind of layer that either convention counts, the largest difference first.' },
    ),
    uncounted,
  },
  { title: 'CostsExplanation' },
)

export const CostTotals = Type.Object(
  {
    layers: count,
    partial: Type.Boolean({
      description: 'True where layers that may multiply could not be counted (`uncounted`): macs and flops are sums over the others.',
    }),
    params: count,
    buffers: Type.Integer({ minimum: 0, description: 'Running statistics: stored, not learned.' }),
    macs: count,
    macsByPrecision: MacsByPrecision,
    flops: count,
    outputElements: count,
    memoryKiB: Type.Number({ minimum: 0, description: 'Over all layers.' }),
    bytesRead: count,
    bytesWritten: count,
    arithmeticIntensity: amount,
    weightBytes: Type.Integer({
      minimum: 0,
      description: 'Parameters and buffers at the dtype; with `file` as they are stored there, packed, without scales and zero points.',
    }),
    peakActivationBytes: Type.Integer({ minimum: 0, description: 'Largest amount alive at once, with buffers reused.' }),
    peakActivationLayer: nullable(Type.String()),
  },
  { title: 'CostTotals', description: 'Sums of the layers.' },
)

export const CostsSchema = Type.Object(
  {
    convention: CountedBy,
    batch: Type.Integer({ minimum: 1 }),
    dtype: Type.Enum([...costDtypes]),
    inputs: Type.Array(Type.Object({ id: Type.String(), shape })),
    totals: CostTotals,
    training: Type.Object(
      { weightBytes: count, gradientBytes: count, optimizerBytes: count, activationBytes: count, totalBytes: count },
      { title: 'TrainingMemory', description: 'To train with Adam at the dtype (float32 where that is `file`), every activation kept.' },
    ),
    layers: Type.Array(LayerCostSchema, { description: 'Every layer, in order; empty where a ranking was asked for.' }),
    ranking: Type.Optional(RankingSchema),
    uncounted,
  },
  { title: 'Costs' },
)
