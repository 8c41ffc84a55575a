import { Type } from 'typebox'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import type { PresetFigures } from './figures.ts'
import { FamilyParams, FamilySchema, presetFigures, type ZooFamily } from './schema.ts'
import { top1Of, type ZooService } from './service.ts'

const { links: _rest, ...properties } = FamilySchema.properties

export const zooGraphql = (zoo: ZooService): GraphqlFeature => ({
  types: { ZooFamily: Type.Object(properties, { title: 'ZooFamily', description: 'A family of networks that ships with the service.' }) },
  fields: {
    Query: {
      zoo: {
        description: 'The families of the zoo: options, presets, published figures.',
        type: '[ZooFamily!]!',
        resolve: () => zoo.all(),
      },
      zooFamily: field({
        description: 'A family of the zoo.',
        args: Type.Object({ name: FamilyParams.properties.family }),
        type: 'ZooFamily',
        resolve: (_parent, { name }) => zoo.get(name),
      }),
    },
    ZooPreset: Object.fromEntries(
      Object.entries(presetFigures).map(([name, type]) => [
        name,
        {
          description: descriptionOf(type as Described),
          type,
          resolve: async (preset: ZooFamily['presets'][number]) =>
            name === 'top1' ? top1Of(preset) : (await zoo.figures())[preset.name]![name as keyof PresetFigures],
        },
      ]),
    ),
  },
})

interface Described {
  description?: string
  anyOf?: { description?: string }[]
}
const descriptionOf = (schema: Described): string => (schema.description ?? schema.anyOf?.[0]?.description)!
