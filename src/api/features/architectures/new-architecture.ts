import { type Static, type TProperties, Type } from 'typebox'
import { GraphSpec } from '../../../engine/verify.ts'

/**
 * The properties of a new architecture, stated once. Three schemas are made from them: the forms that REST documents, the
 * single input type of GraphQL (which has no unions of inputs), and the top level that is checked before the rest is read.
 */

const name = Type.String({ minLength: 1, maxLength: 200, description: 'Any name; it need not be unique.' })
const zooName = (description: string) => Type.String({ minLength: 1, maxLength: 100, description })
const model = (description: string) => Type.Object({}, { additionalProperties: true, description })

const ZooReference = Type.Object(
  {
    family: Type.Optional(zooName('A family of the zoo. Give either this or a preset.')),
    preset: Type.Optional(zooName('A preset of the zoo, e.g. resnet50.')),
    options: Type.Optional(Type.Object({}, { additionalProperties: true, description: 'Options of the family, as the zoo lists them.' })),
  },
  { additionalProperties: false, title: 'ZooReference', description: 'A network of the zoo: a family with options, or a preset.' },
)
const keras = model('What model.to_json() of Keras 2 or 3 writes, as an object.')
const tfjs = model('model.json of a TF.js layers model; its weights are not needed.')
const inputShape = Type.Optional(
  Type.Array(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }), {
    minItems: 1,
    maxItems: 7,
    description:
      'Only with keras or tfjs: shape of the one input without the batch, in the order that Keras uses, e.g. [224, 224, 3], for a model that leaves sizes open.',
  }),
)

/** An object of one form that allows no other properties. */
const form = <P extends TProperties>(title: string, description: string, properties: P) =>
  Type.Object({ name, ...properties }, { additionalProperties: false, title, description })
const { options } = ZooReference.properties
const { family, preset } = Type.Required(ZooReference).properties
const closed = { additionalProperties: false }

/** The forms of a new architecture, for the documentation. `specification.ts` reads requests, off the event loop. */
export const NewArchitecture = Type.Union(
  [
    form('NewGraphArchitecture', 'A graph of layers.', GraphSpec.properties),
    form('NewZooArchitecture', 'A network of the zoo.', {
      zoo: Type.Union([Type.Object({ family, options }, closed), Type.Object({ preset, options }, closed)]),
    }),
    form('NewKerasArchitecture', 'A Keras model.', { keras, inputShape }),
    form('NewTfjsArchitecture', 'A TensorFlow.js layers model.', { tfjs, inputShape }),
  ],
  {
    title: 'NewArchitecture',
    // The examples of the documentation, which can be sent unchanged.
    examples: [
      { name: 'ResNet-50', zoo: { preset: 'resnet50' } },
      {
        name: 'small',
        input: { shape: [3, 32, 32] },
        layers: [
          { type: 'Conv2d', outChannels: 16, kernelSize: 3 },
          { type: 'ReLU' },
          { type: 'Flatten' },
          { type: 'Linear', outFeatures: 10 },
        ],
      },
    ],
  },
)
export type NewArchitecture = Static<typeof NewArchitecture>

/** All forms in one object, for GraphQL; the service refuses a mixture of forms. */
export const NewArchitectureInput = Type.Object(
  {
    name,
    ...Type.Partial(GraphSpec).properties,
    zoo: Type.Optional(ZooReference),
    keras: Type.Optional(keras),
    tfjs: Type.Optional(tfjs),
    inputShape,
  },
  {
    title: 'NewArchitecture',
    description: 'A graph (input, layers), a network of the zoo (zoo), or a model of another tool (keras, tfjs).',
  },
)

/** Keys that mark a body as a graph or as a model of another tool. */
export const graphKeys = Object.keys(GraphSpec.properties) as (keyof typeof GraphSpec.properties)[]
export const modelKeys = ['keras', 'tfjs'] as const

/** The top level of a body. The readers of graphs and models check the rest, since they can say more about it. */
export const Envelope = Type.Object(
  {
    ...NewArchitectureInput.properties,
    ...Object.fromEntries([...graphKeys, ...modelKeys].map((key) => [key, Type.Optional(Type.Unknown())])),
  },
  closed,
)
