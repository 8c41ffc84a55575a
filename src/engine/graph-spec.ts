import { Type } from 'typebox'
import { fileDtypes, unstored } from './dtypes.ts'

const dimension = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })
const InputShape = Type.Array(dimension, {
  maxItems: 7,
  description: 'One image, C×H×W. Empty for one number an image, beside an input that has more of them.',
})
const dtype = (description: string) => Type.Enum(fileDtypes, { description })
/** Types of a layer's tensors. */
export const LayerDtypesSpec = Type.Object(
  {
    macs: Type.Optional(dtype('What its multiply-adds are computed in.')),
    output: Type.Optional(
      Type.Enum([...fileDtypes, ...unstored], {
        description:
          'What its outputs are kept as; `view` where they are its first input, taken off its scale where it is read, `fused` where the layer behind it takes them over without memory.',
      }),
    ),
    params: Type.Optional(
      Type.Record(Type.String({ maxLength: 60 }), dtype('What the parameter of this name is stored as.'), { maxProperties: 100 }),
    ),
  },
  { additionalProperties: false, description: 'Types of the tensors of the layer, as an imported file has them. Default: float32.' },
)
const inputDtype = Type.Optional(dtype('What the input holds. Default: float32.'))
/** What a user may send; the API documents it with this schema, the verifier checks it layer by layer. */
export const GraphSpec = Type.Object({
  input: Type.Optional(
    Type.Object({ shape: InputShape, dtype: inputDtype }, { title: 'NetworkInput', description: 'The one input, known as "input".' }),
  ),
  inputs: Type.Optional(
    Type.Array(Type.Object({ id: Type.String(), shape: InputShape, dtype: inputDtype }, { title: 'NamedNetworkInput' }), {
      description: 'Where the network has several inputs.',
    }),
  ),
  layers: Type.Array(
    Type.Object(
      {
        id: Type.Optional(Type.String({ description: 'Default: the type in lower case and a number.' })),
        type: Type.String({ description: 'An op, e.g. Conv2d.' }),
        inputs: Type.Optional(
          Type.Array(Type.String(), { description: 'Ids of layers or inputs, "split:1" for a second output. Default: the layer above.' }),
        ),
        weightsOf: Type.Optional(
          Type.String({
            description: 'Id of a layer of the same type whose weights this layer uses too: they count once. Default: weights of its own.',
          }),
        ),
        params: Type.Optional(
          Type.Record(Type.String(), Type.Integer({ minimum: 0 }), {
            description:
              'Elements that are counted for a parameter, by its name, where it is not filled by a tensor of its own size and its own alone: 0 where another layer has counted the tensor. Default: its own size.',
          }),
        ),
        dtypes: Type.Optional(LayerDtypesSpec),
      },
      { additionalProperties: true, description: 'The attributes of the op stand beside id, type, inputs, weightsOf, params and dtypes.' },
    ),
    {
      description: 'Objects {id, type, inputs} with the attributes of the op, e.g. {"type": "Conv2d", "outChannels": 64, "kernelSize": 3}.',
    },
  ),
  outputs: Type.Optional(Type.Array(Type.String(), { description: 'Default: the last layer.' })),
  fixedBatch: Type.Optional(
    Type.Literal(1, {
      description: 'The network works at one image a call alone, since a layer mixes the images of a batch. Default: at any batch.',
    }),
  ),
})
