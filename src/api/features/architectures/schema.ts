import { type Static, Type } from 'typebox'
import { ImportReport } from '../../../engine/formats/onnx-import/report.ts'
import { GraphSpec } from '../../../engine/verify.ts'
import { Id, nullable, pageOf, paging, Timestamp } from '../../schemas.ts'

const name = Type.String({ minLength: 1, maxLength: 200, description: 'Yours to choose; need not be unique.' })
const options = Type.Object({}, { additionalProperties: true, description: 'As GET /v1/zoo/{family} lists them.' })

const JsonArchitecture = Type.Object(
  { name, ...GraphSpec.properties },
  { additionalProperties: false, title: 'NewGraphArchitecture', description: 'A graph of layers.' },
)
const ZooArchitecture = Type.Object(
  {
    name,
    zoo: Type.Union([
      Type.Object(
        { family: Type.String({ description: 'A family of GET /v1/zoo.' }), options: Type.Optional(options) },
        { additionalProperties: false },
      ),
      Type.Object(
        { preset: Type.String({ description: 'A preset of GET /v1/zoo, e.g. resnet50.' }), options: Type.Optional(options) },
        { additionalProperties: false },
      ),
    ]),
  },
  { additionalProperties: false, title: 'NewZooArchitecture', description: 'A network of the zoo.' },
)

const inputShape = Type.Optional(
  Type.Array(Type.Integer({ minimum: 1 }), {
    minItems: 1,
    maxItems: 7,
    description: 'Shape of the one input, batch left out, as Keras has it, e.g. [224, 224, 3]: for a model that leaves sizes open.',
  }),
)
const model = (description: string) => Type.Object({}, { additionalProperties: true, description })
const KerasArchitecture = Type.Object(
  { name, keras: model('What model.to_json() of Keras 2 or 3 writes, as an object.'), inputShape },
  { additionalProperties: false, title: 'NewKerasArchitecture', description: 'A Keras model.' },
)
const TfjsArchitecture = Type.Object(
  { name, tfjs: model('model.json of a TF.js layers model; its weights are not needed.'), inputShape },
  { additionalProperties: false, title: 'NewTfjsArchitecture', description: 'A TensorFlow.js layers model.' },
)

/** For the document; what arrives is read by `specification.ts`, off the event loop. */
export const NewArchitecture = Type.Union([JsonArchitecture, ZooArchitecture, KerasArchitecture, TfjsArchitecture], {
  title: 'NewArchitecture',
})
export type NewArchitecture = Static<typeof NewArchitecture>

const count = Type.Integer({ minimum: 0 })
const Source = Type.Union(
  [
    Type.Object({ kind: Type.Literal('json') }),
    Type.Object({
      kind: Type.Literal('zoo'),
      family: Type.String(),
      options: Type.Object({}, { additionalProperties: true }),
      preset: Type.Optional(Type.String()),
    }),
    Type.Object({ kind: Type.Enum(['keras', 'tfjs']) }),
    Type.Object({
      kind: Type.Literal('onnx'),
      report: ImportReport,
      file: nullable(
        Type.Object(
          { digest: Type.String({ description: 'SHA-256 of the file.' }), bytes: count },
          { description: 'The file, kept for its weights; null where it carries none, so that runs take seeded ones.' },
        ),
      ),
    }),
  ],
  {
    title: 'ArchitectureSource',
    description:
      'What was registered: a graph, a reference to the zoo with every option written out, a model of Keras or TF.js, or an ONNX file.',
  },
)

export const ArchitectureSchema = Type.Object(
  {
    id: Id,
    name: Type.String(),
    digest: Type.String({
      description: 'SHA-256 of the canonical graph, and of the file where it has weights of its own; the name is no part of it.',
      examples: [`sha256:${'0'.repeat(64)}`],
    }),
    createdAt: Timestamp,
    source: Source,
    counts: Type.Object(
      { layers: count, params: count, macs: count },
      { description: 'For one image at the resolution registered. Multiply-accumulates are the same under every convention.' },
    ),
    links: Type.Object({ self: Type.String(), graph: Type.String(), costs: Type.String() }),
  },
  { title: 'Architecture' },
)
export type Architecture = Static<typeof ArchitectureSchema>
export const ArchitecturePage = pageOf(ArchitectureSchema, 'ArchitecturePage')

export const ArchitectureQuery = Type.Object(
  {
    ...paging,
    search: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Part of the name, in any case.' })),
    digest: Type.Optional(Type.String({ pattern: '^sha256:[0-9a-f]{64}$', examples: [`sha256:${'0'.repeat(64)}`] })),
  },
  { additionalProperties: false },
)
export type ArchitectureQuery = Static<typeof ArchitectureQuery>

export const UploadQuery = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'Name of an ONNX file sent as application/octet-stream; JSON has its own.',
      }),
    ),
  },
  { additionalProperties: false },
)

const onnxFile = { contentMediaType: 'application/octet-stream', description: 'An ONNX model.' }
export const OnnxBytes = Type.String(onnxFile)
export const OnnxForm = Type.Object({ name, file: Type.String(onnxFile) }, { title: 'NewOnnxArchitecture', description: 'An ONNX model.' })

export const ArchitectureParams = Type.Object({ id: Type.String({ description: 'Id of an architecture.' }) })

/** A graph as it is stored: every layer in topological order, every attribute written out. Can be registered again. */
export const GraphSchema = Type.Object(
  {
    inputs: Type.Array(Type.Object({ id: Type.String(), shape: Type.Array(Type.Integer()) })),
    layers: Type.Array(
      Type.Object(
        { id: Type.String(), type: Type.String(), inputs: Type.Array(Type.String()), weightsOf: Type.Optional(Type.String()) },
        { additionalProperties: true },
      ),
    ),
    outputs: Type.Array(Type.String()),
  },
  {
    title: 'Graph',
    description: 'The verified graph: layers in topological order, every attribute written out. It can be registered as it is.',
  },
)
