import { Type } from 'typebox'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { FamilyParams, FamilySchema } from './schema.ts'
import { allFamilies, getFamily } from './service.ts'

const { links: _rest, ...properties } = FamilySchema.properties

export const zooGraphql: GraphqlFeature = {
  types: { ZooFamily: Type.Object(properties, { title: 'ZooFamily', description: 'A family of networks that ships with the service.' }) },
  fields: {
    Query: {
      zoo: { description: 'The families of the zoo: options, presets, published figures.', type: '[ZooFamily!]!', resolve: allFamilies },
      zooFamily: field({
        description: 'A family of the zoo.',
        args: Type.Object({ name: FamilyParams.properties.family }),
        type: 'ZooFamily',
        resolve: (_parent, { name }) => getFamily(name),
      }),
    },
  },
}
