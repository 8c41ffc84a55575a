import { type Static, type TProperties, Type } from 'typebox'
import { GraphSpec } from '../../../engine/verify.ts'

/**
 * What a new architecture may say, stated once. Three schemas are made of it: the forms that REST documents, the one
 * input that GraphQL has instead (it has no unions of inputs), and the envelope that a thread checks before it reads on.
 */

const name = Type.String({ minLength: 1, maxLength: 200, description: 'Yours to choose; need not be unique.' })
const zooName = (description: string) => Type.String({ minLength: 1, maxLength: 100, description })
const model = (description: string) => Type.Object({}, { additionalProperties: true, description })

const ZooReference = Type.Object(
  {
    family: Type.Optional(zooName('A family of the zoo, or else a preset.')),
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
      'Beside keras or tfjs: shape of the one input, batch left out, as Keras has it, e.g. [224, 224, 3], for a model that leaves sizes open.',
  }),
)

/** A closed object of one form. */
const form = <P extends TProperties>(title: string, description: string, properties: P) =>
  Type.Object({ name, ...properties }, { additionalProperties: false, title, description })
const { options } = ZooReference.properties
const { family, preset } = Type.Required(ZooReference).properties
const closed = { additionalProperties: false }

/** The forms of a new architecture. For the document: what arrives is read by `specification.ts`, off the event loop. */
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
    // What the documentation shows and sends as it is.
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

/** Every form in one object, for GraphQL; the service says where forms mix. */
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

/** Keys by which a body is a graph, and a model of another tool. */
export const graphKeys = Object.keys(GraphSpec.properties) as (keyof typeof GraphSpec.properties)[]
export const modelKeys = ['keras', 'tfjs'] as const

/** The top level of a body. What lies in a graph or a model is their reader's to check, which can say more about it. */
export const Envelope = Type.Object(
  {
    ...NewArchitectureInput.properties,
    ...Object.fromEntries([...graphKeys, ...modelKeys].map((key) => [key, Type.Optional(Type.Unknown())])),
  },
  closed,
)
