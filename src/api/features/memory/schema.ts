import { type Static, Type } from 'typebox'
import { costDtypes } from '../../../engine/dtypes.ts'
import { memoryModes, optimizerNames, tensorKinds } from '../../../engine/memory/index.ts'
import { nullable } from '../../schemas.ts'
import { CostQuery } from '../costs/schema.ts'

const modeDescriptions = {
  inference: 'A call: tensors are freed after their last reader.',
  training: 'A step of training: forward, activations kept, then backward.',
}
const optimizerDescriptions = {
  sgd: 'Stochastic gradient descent: no state.',
  momentum: 'With momentum: one number a parameter.',
  adam: 'Adam: two moments a parameter.',
  adamw: 'AdamW: two moments a parameter.',
}
const optimizer = {
  title: 'Optimizer',
  enumDescriptions: optimizerDescriptions,
}
const { batch, resolution, dims, dtype } = CostQuery.properties

export const MemoryQuery = Type.Object(
  {
    mode: Type.Optional(
      Type.Enum([...memoryModes], {
        title: 'MemoryMode',
        enumDescriptions: modeDescriptions,
        description: '`inference`, the default, or `training`: a step of it, forward and backward.',
      }),
    ),
    batch,
    resolution,
    dims,
    dtype,
    optimizer: Type.Optional(
      Type.Enum(optimizerNames, { ...optimizer, description: 'Only in training: what is kept for each parameter. Default `adam`.' }),
    ),
    segments: Type.Optional(
      Type.String({
        pattern: '^(sqrt|[1-9][0-9]{0,5})$',
        examples: ['sqrt', '8'],
        description:
          'Only in training: checkpointing. Layers in so many consecutive parts; only what later parts read is kept, all else computed twice. `sqrt`: √layers. Default 1, nothing is computed twice.',
      }),
    ),
    device: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 300,
        examples: ['cuda:0'],
        description: 'Asks for the largest batch that fits the memory of this device, as runs name it.',
      }),
    ),
    bytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        examples: [17_179_869_184],
        description: 'Asks for the largest batch that fits so many bytes.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type MemoryQuery = Static<typeof MemoryQuery>

const bytes = (description: string) => Type.Integer({ minimum: 0, description })
const step = Type.Integer({ minimum: -1, description: 'Index into `steps`; -1 before the first.' })
const pass = Type.Enum(['forward', 'backward'], { title: 'MemoryPass' })
const kind = Type.Enum([...tensorKinds], {
  title: 'TensorKind',
  enumDescriptions: {
    input: 'An input of the network.',
    activation: 'An output of a layer.',
    checkpoint: 'An output that is kept since a later segment reads it.',
    recomputed: 'An output that is computed a second time.',
    gradient: 'The gradient of an output.',
  },
})

export const MemorySchema = Type.Object(
  {
    mode: Type.Enum([...memoryModes], { title: 'MemoryMode', enumDescriptions: modeDescriptions }),
    batch: Type.Integer({ minimum: 1 }),
    dtype: Type.Enum([...costDtypes]),
    weightBytes: bytes('Parameters and running statistics.'),
    gradientBytes: bytes('Of parameters; 0 in inference.'),
    optimizer: nullable(Type.Enum(optimizerNames, optimizer)),
    optimizerBytes: bytes('What the optimizer keeps; 0 in inference.'),
    segments: Type.Integer({ minimum: 1, description: '1: nothing is computed twice.' }),
    recomputedMacs: Type.Integer({ minimum: 0, description: 'Multiply-adds done a second time.' }),
    keptActivationBytes: bytes('Most activations kept for the backward pass at once, without inputs; 0 in inference.'),
    peak: Type.Object(
      {
        bytes: bytes('Activations, and gradients of activations. In inference `totals.peakActivationBytes` of the costs.'),
        step,
        layerId: nullable(Type.String()),
        pass,
        totalBytes: bytes('With weights, their gradients and the optimizer’s state.'),
        tensors: Type.Array(
          Type.Object(
            {
              tensor: Type.String(),
              kind,
              bytes: bytes('Of the whole batch.'),
              from: step,
              to: Type.Integer({ minimum: -1 }),
              steps: Type.Integer({ minimum: 1, description: 'How long it is alive.' }),
            },
            { title: 'PeakTensor' },
          ),
          { description: 'What is alive at the peak, the largest first, at most 100.' },
        ),
      },
      { title: 'MemoryPeak' },
    ),
    inPlace: nullable(
      Type.Object(
        { peakBytes: bytes('The peak, were outputs written over inputs wherever they may.'), layers: Type.Integer({ minimum: 0 }) },
        { title: 'InPlaceMemory', description: 'Only in inference.' },
      ),
    ),
    arena: nullable(
      Type.Object(
        { bytes: bytes('Length of the block.'), withoutReuseBytes: bytes('Had every tensor a place of its own.') },
        {
          title: 'MemoryArena',
          description: 'One block of memory, placed by size, largest first; only in inference, up to 4,000 buffers.',
        },
      ),
    ),
    fit: nullable(
      Type.Object(
        {
          device: nullable(Type.String({ description: 'Host and name.' })),
          bytes: bytes('What there is: all memory of the device, used or not.'),
          batch: Type.Integer({ minimum: 0, description: 'Images; 0 where not even one fits.' }),
          takesBytes: bytes('What that batch takes, weights and all; of one image where none fits.'),
          nextBytes: nullable(bytes('What one image more would take.')),
        },
        {
          title: 'MemoryFit',
          description: 'The largest batch that fits. What libraries take for themselves, as workspaces and a CUDA context, comes on top.',
        },
      ),
    ),
    steps: Type.Array(
      Type.Object(
        {
          layerId: Type.String(),
          pass,
          activationBytes: bytes('Inputs and activations, those computed again among them.'),
          gradientBytes: bytes('Gradients of activations.'),
          aliveBytes: bytes('Both.'),
          inPlace: Type.Boolean({ description: 'The output may be written over an input that nobody reads after it.' }),
        },
        { title: 'MemoryStep' },
      ),
      { description: 'A step a layer, in order; in training then backward, in the opposite order.' },
    ),
    tensors: Type.Array(
      Type.Object(
        {
          tensor: Type.String({ description: 'The layer, and with `:1` its second output.' }),
          kind,
          bytes: bytes('Of the whole batch.'),
          from: step,
          to: Type.Integer({ minimum: -1, description: 'The last step that needs it; the number of steps where it stays to the end.' }),
          others: Type.Array(Type.String(), { description: 'Views of it.' }),
          offset: nullable(bytes('Where it lies in `arena`.')),
        },
        { title: 'LiveTensor' },
      ),
    ),
  },
  { title: 'Memory', description: 'What is in memory at each step.' },
)
export type MemoryAnswer = Static<typeof MemorySchema>
