import { type Static, Type } from 'typebox'
import { nullable } from '../../schemas.ts'

const PublishedFigureSchema = Type.Object(
  {
    quantity: Type.String({ description: '`params`, `macs`, `flops`, `memoryMiB`, `top1` or `top5`.' }),
    value: Type.Number(),
    rounding: Type.Optional(Type.Number({ description: 'The last digit published, as a power of ten of the unit; 1: exact.' })),
    source: Type.String(),
    note: Type.Optional(Type.String({ description: 'Why our figure differs, where it does.' })),
    testSet: Type.Optional(
      Type.String({ description: 'What an accuracy was measured on, where that is not the validation set of ImageNet-1K (ILSVRC-2012).' }),
    ),
  },
  { title: 'PublishedFigure', description: 'A figure published elsewhere.' },
)

const PresetSchema = Type.Object(
  {
    name: Type.String(),
    summary: Type.String(),
    options: Type.Object({}, { additionalProperties: true, description: 'Those that differ from the family’s defaults.' }),
    published: Type.Array(PublishedFigureSchema),
  },
  { title: 'ZooPreset' },
)

const count = Type.Integer({ minimum: 0 })
/** What `?expand=presets` adds to a preset. */
export const presetFigures = {
  layers: Type.Integer({ ...count, description: 'Layers of its graph.' }),
  params: Type.Integer({ ...count, description: 'Parameters, worked out by this service.' }),
  macs: Type.Integer({ ...count, description: 'Multiply-accumulates for one image at its own resolution, worked out by this service.' }),
  peakActivationBytes: Type.Integer({ ...count, description: 'Activations alive at once for one such image in float32, at most.' }),
  digest: Type.String({ description: 'Of its graph: an architecture registered from this preset has the same.' }),
  top1: nullable(
    Type.Number({
      minimum: 0,
      maximum: 100,
      description: 'Published top-1 accuracy, %; `published` names its source. Null where none is known.',
    }),
  ),
}
const ExpandedPresetSchema = Type.Object({ ...PresetSchema.properties, ...presetFigures }, { title: 'ExpandedZooPreset' })
export type ExpandedPreset = Static<typeof ExpandedPresetSchema>

const common = { name: Type.String(), summary: Type.String(), source: Type.String({ description: 'The paper.' }) }
const self = Type.Object({ self: Type.String() })

export const FamilySchema = Type.Object(
  {
    ...common,
    options: Type.Object({}, { additionalProperties: true, description: 'JSON Schema (2020-12) of the options, defaults included.' }),
    presets: Type.Array(PresetSchema),
    links: self,
  },
  { title: 'ZooFamily' },
)
export type ZooFamily = Static<typeof FamilySchema>

export const ZooQuery = Type.Object(
  {
    expand: Type.Optional(Type.Literal('presets', { description: '`presets`: each preset with its figures in place of its name alone.' })),
  },
  { additionalProperties: false },
)

export const FamilyList = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        ...common,
        presets: Type.Union([Type.Array(Type.String()), Type.Array(ExpandedPresetSchema)], {
          description: 'Names of the presets; with `expand=presets` the presets themselves, with their figures.',
        }),
        links: self,
      }),
    ),
  },
  { title: 'ZooFamilyList' },
)
export const FamilyParams = Type.Object({ family: Type.String({ description: 'Name of a family.' }) })
