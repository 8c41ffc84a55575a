import { type Static, Type } from 'typebox'

const PublishedFigureSchema = Type.Object(
  {
    quantity: Type.String({ description: '`params`, `macs`, `flops`, `memoryMiB`, `top1` or `top5`.' }),
    value: Type.Number(),
    rounding: Type.Optional(Type.Number({ description: 'The last digit published, as a power of ten of the unit; 1: exact.' })),
    source: Type.String(),
    note: Type.Optional(Type.String({ description: 'Why our figure is another one, where it is.' })),
  },
  { title: 'PublishedFigure', description: 'A figure that somebody else published.' },
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

export const FamilyList = Type.Object(
  { items: Type.Array(Type.Object({ ...common, presets: Type.Array(Type.String()), links: self })) },
  { title: 'ZooFamilyList' },
)
export const FamilyParams = Type.Object({ family: Type.String({ description: 'Name of a family.' }) })
