import { type Static, Type } from 'typebox'
import { ImportReport } from '../../../engine/formats/onnx-import/report.ts'
import { GraphSpec } from '../../../engine/verify.ts'
import { architectureSorts } from '../../../store/index.ts'
import { Id, nullable, pageOf, paging, SortDirectionSchema, Timestamp, totalOnRequest } from '../../schemas.ts'
import { CostTotals } from '../costs/schema.ts'
import { NewArchitectureInput } from './new-architecture.ts'

const count = Type.Integer({ minimum: 0 })
const size = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })
const KeptFile = nullable(
  Type.Object(
    {
      digest: Type.String({ description: 'SHA-256 of the file.' }),
      bytes: count,
      data: Type.Optional(
        Type.Array(
          Type.Object({
            location: Type.String({ description: 'The model’s name for it.' }),
            digest: Type.String({ description: 'SHA-256 of the file.' }),
            bytes: count,
          }),
          { description: 'Files of external data beside the model; absent where there are none.' },
        ),
      ),
    },
    { description: 'The file, kept for its weights; null where it has none, in which case runs use seeded weights.' },
  ),
)

export const RecipeSchema = Type.Object(
  {
    rewrite: Type.String({ minLength: 1, maxLength: 100, description: 'Name of a rewrite, as the list of rewrites has it.' }),
    options: Type.Optional(Type.Object({}, { additionalProperties: true, description: 'Options of the rewrite. Default: its defaults.' })),
    layers: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
        minItems: 1,
        maxItems: 1000,
        description: 'Ids of the layers to change. Default: all that it applies to and that gain by it.',
      }),
    ),
  },
  { title: 'RewriteStep', additionalProperties: false, description: 'One step of a recipe.' },
)

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
      sizes: Type.Optional(
        Type.Object(
          { inputShape: Type.Optional(Type.Array(size)), dims: Type.Optional(Type.Record(Type.String(), size)) },
          { description: 'Sizes that the file leaves open, as they were asked for; absent where none were.' },
        ),
      ),
      file: KeptFile,
    }),
    Type.Object({
      kind: Type.Literal('rewrite'),
      parent: Type.Object({ id: Id, digest: Type.String(), name: Type.String() }, { description: 'What was rewritten, as it was then.' }),
      recipe: Type.Array(RecipeSchema, { description: 'What was done to it, every option written out.' }),
      weights: Type.Object({ kept: count, derived: count, new: count }),
      report: nullable(ImportReport),
      file: KeptFile,
    }),
  ],
  {
    title: 'ArchitectureSource',
    description:
      'What was registered: a graph, a reference to the zoo with every option written out, a model of Keras or TF.js, an ONNX file, or another architecture and what was done to it.',
  },
)

export const ArchitectureName = Type.String({ description: 'Name of the architecture, which may be deleted since.' })

export const ArchitectureSchema = Type.Object(
  {
    id: Id,
    name: Type.String(),
    digest: Type.String({
      description: 'SHA-256 of the canonical graph, and of the file where it has weights of its own; the name is not part of it.',
      examples: [`sha256:${'0'.repeat(64)}`],
    }),
    createdAt: Timestamp,
    source: Source,
    counts: Type.Object(
      {
        layers: count,
        params: count,
        macs: count,
        partial: Type.Boolean({
          description: 'True where layers that may multiply could not be counted: macs is the sum over the others.',
        }),
        uncounted: Type.Array(Type.Object({ operator: Type.String(), layers: Type.Integer({ minimum: 1 }) }), {
          description: 'Operators that could not be counted, and how many layers of each.',
        }),
      },
      { description: 'For one image at the resolution registered. Multiply-accumulates are the same under every convention.' },
    ),
    links: Type.Object({ self: Type.String(), graph: Type.String(), costs: Type.String() }),
  },
  { title: 'Architecture' },
)
export type Architecture = Static<typeof ArchitectureSchema>
export const ArchitecturePage = pageOf(ArchitectureSchema, 'ArchitecturePage')

export const ArchitecturePreviewSchema = Type.Object(
  {
    name: Type.String({ description: 'The name that was given.' }),
    digest: ArchitectureSchema.properties.digest,
    source: Source,
    inputs: Type.Array(Type.Object({ id: Type.String(), shape: Type.Array(count) }), { description: 'Its inputs, at the size counted.' }),
    totals: CostTotals,
  },
  {
    title: 'ArchitecturePreview',
    description: 'What would be registered, and what it costs for one image under the convention `lecture`.',
  },
)
export type ArchitecturePreview = Static<typeof ArchitecturePreviewSchema>

const ArchitectureSortSchema = Type.Enum([...architectureSorts], {
  title: 'ArchitectureSort',
  description: 'What architectures are sorted by.',
  enumDescriptions: {
    createdAt: 'When it was registered.',
    name: 'Its name, by the order of the database.',
    layers: 'How many layers it has.',
    params: 'How many parameters it has.',
    macs: 'Multiply-accumulates for one image.',
  },
})

export const ArchitectureQuery = Type.Object(
  {
    ...paging,
    ...totalOnRequest,
    sort: Type.Optional(Type.Enum(ArchitectureSortSchema.enum, { ...ArchitectureSortSchema, default: 'createdAt' })),
    order: Type.Optional(
      Type.Enum(SortDirectionSchema.enum, {
        ...SortDirectionSchema,
        description: 'If left out, names from A on, anything else from the largest on.',
      }),
    ),
    search: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Part of the name, in any case.' })),
    digest: Type.Optional(Type.String({ pattern: '^sha256:[0-9a-f]{64}$', examples: [`sha256:${'0'.repeat(64)}`] })),
  },
  { additionalProperties: false },
)
export type ArchitectureQuery = Static<typeof ArchitectureQuery>

/** Sizes that an ONNX file leaves open, in an address or as fields of a form; `upload.ts` reads them. */
const openSizes = {
  inputShape: Type.Optional(
    Type.String({
      pattern: '^[1-9][0-9]{0,9}([,x][1-9][0-9]{0,9}){0,6}$',
      examples: ['3,640,640'],
      description:
        'With an ONNX file: shape of its one input, batch left out, for a file that leaves sizes open, as 3,640,640. JSON has its own.',
    }),
  ),
  dims: Type.Optional(
    Type.String({
      minLength: 3,
      maxLength: 1000,
      description: 'With an ONNX file: sizes of open dims by the names that the file has for them, as height:640,width:640.',
    }),
  ),
}

export const UploadQuery = Type.Object(
  {
    ...openSizes,
    preview: Type.Optional(
      Type.Boolean({ default: false, description: 'Reads and checks what is sent, says what it costs, and registers nothing.' }),
    ),
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'Name for an ONNX file sent as application/octet-stream; JSON has its own field for it.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type UploadQuery = Static<typeof UploadQuery>

const onnxFile = { contentMediaType: 'application/octet-stream', description: 'An ONNX model.' }
export const OnnxBytes = Type.String(onnxFile)
export const OnnxForm = Type.Object(
  {
    name: NewArchitectureInput.properties.name,
    file: Type.String(onnxFile),
    ...openSizes,
    data: Type.Optional(
      Type.Array(Type.String({ contentMediaType: 'application/octet-stream' }), {
        description:
          'Files beside the model that hold its numbers (external data), each sent under the name that the model uses for it. Without them, costs are computed wherever the dims suffice, and runs use seeded weights.',
      }),
    ),
  },
  { title: 'NewOnnxArchitecture', description: 'An ONNX model.' },
)

export const ArchitectureParams = Type.Object({ id: Type.String({ description: 'Id of an architecture.' }) })

/** A stored graph: every layer in topological order, every attribute written out. It can be registered again. */
export const GraphSchema = Type.Object(
  {
    inputs: Type.Array(Type.Object({ id: Type.String(), shape: Type.Array(Type.Integer()) })),
    layers: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          type: Type.String(),
          inputs: Type.Array(Type.String()),
          weightsOf: Type.Optional(Type.String()),
          params: Type.Optional(Type.Record(Type.String(), Type.Integer())),
        },
        { additionalProperties: true },
      ),
    ),
    outputs: Type.Array(Type.String()),
    fixedBatch: GraphSpec.properties.fixedBatch,
  },
  {
    title: 'Graph',
    description: 'The verified graph: layers in topological order, every attribute written out. It can be registered as it is.',
  },
)
