import { type Static, Type } from 'typebox'
import { colorings } from '../../../engine/formats/drawing/index.ts'
import { onnxOpset } from '../../../engine/formats/onnx-export.ts'
import { Id } from '../../schemas.ts'
import { GraphSchema } from '../architectures/schema.ts'
import { conventionName } from '../conventions/schema.ts'
import { rankQuery } from '../costs/ranking-schema.ts'
import { CostQuery } from '../costs/schema.ts'
import { textFormats } from './write.ts'

const { resolution } = CostQuery.properties
const formatDescriptions = {
  json: 'The graph, as it can be registered again.',
  csv: 'Costs, a row a layer.',
  dot: 'A picture of the graph for Graphviz.',
  mermaid: 'A flowchart for Mermaid.',
  svg: 'The graph, laid out and colored.',
  chart: 'Bars of memory, parameters and flops.',
}
/**
 * Options of the text formats; the service checks which format takes which. No `default`, since GraphQL would send it with
 * every format.
 */
const textOptions = {
  batch: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'Images per call; not for `json`. Default 1.' })),
  resolution: Type.Optional({ ...resolution, description: 'Replaces height and width of the input; not for `json`.' }),
  convention: Type.Optional(conventionName('How the flops of `csv`, `svg` and `chart` are counted. Default `lecture`.')),
  ...rankQuery,
  depth: Type.Optional({
    ...rankQuery.depth,
    description:
      'Parts of a name that make a block: of `chart` with `groupBy=block`, default 2; of `svg` those blocks are folded to one box each, default as deep as stays easy to take in.',
  }),
  colorBy: Type.Optional(
    Type.Enum([...colorings], {
      title: 'Coloring',
      enumDescriptions: {
        params: 'Parameters.',
        macs: 'Multiply-adds.',
        flops: 'Flops under the convention.',
        memoryKiB: 'Memory of activations.',
        bytes: 'Bytes read and written.',
        ms: 'Measured time.',
      },
      description:
        'Only for `svg`: what boxes are colored by. `memoryKiB`: activations. `bytes`: read and written. `ms`: measured, with `runId`. Default `macs`, or `ms` with `runId`.',
    }),
  ),
  runId: Type.Optional({ ...Id, description: 'Only for `svg` colored by `ms`: a run of this architecture with a profile.' }),
}

export const ExportQuery = Type.Object(
  {
    format: Type.Enum(['onnx', ...textFormats], {
      title: 'ExportFormat',
      enumDescriptions: { onnx: 'The graph as an ONNX model, without weights unless they are asked for.', ...formatDescriptions },
      description:
        `\`onnx\`: opset ${onnxOpset}. \`json\`: as it can be registered again. \`csv\`: costs, a row a layer. \`dot\`: a picture for Graphviz. ` +
        '`mermaid`: a flowchart. `svg`: the graph, laid out, blocks folded, colored by what the layers cost. `chart`: bars of memory, parameters and flops, SVG too.',
    }),
    weights: Type.Optional(
      Type.Enum(['none', 'seeded', 'file'], {
        title: 'ExportWeights',
        enumDescriptions: {
          none: 'Parameters are nodes that fill a shape with zeros: a small file.',
          seeded: 'Values that a seed determines, as runs use them.',
          file: 'The file that was registered, byte for byte.',
        },
        description:
          'Only for `onnx`. `none`, the default: a small file whose parameters are ConstantOfShape nodes. `seeded`: seeded values, those that runs use where the network has no weights of its own, in the file. `file`: the file that was registered, byte for byte, where it carries its weights.',
      }),
    ),
    data: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1000,
        description:
          'Only with `weights=file`: in place of the model the file beside it that it has this name for, one of `source.file.data` of the architecture.',
      }),
    ),
    seed: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2 ** 31 - 1,
        description: 'Seed of the weights, as in `settings.seed` of a run; only with `weights=seeded`. Default 0.',
      }),
    ),
    ...textOptions,
  },
  { additionalProperties: false },
)
export type ExportQuery = Static<typeof ExportQuery>

export const TextExportQuery = Type.Object(
  {
    format: Type.Enum([...textFormats], {
      title: 'TextFormat',
      description: 'A format that is text.',
      enumDescriptions: formatDescriptions,
    }),
    ...textOptions,
  },
  { additionalProperties: false },
)
export type TextExportQuery = Static<typeof TextExportQuery>

/** What can be registered as it is. */
export const ExportedGraph = Type.Object({ name: Type.String(), ...GraphSchema.properties }, { title: 'ExportedGraph' })
