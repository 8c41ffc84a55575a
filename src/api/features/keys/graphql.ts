import { Type } from 'typebox'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { Id } from '../../schemas.ts'
import { KeyList, KeySchema, MadeKey, NewKey, SessionSchema } from './schema.ts'
import { type KeyService, presentSession } from './service.ts'

export function keyGraphql(keys: KeyService): GraphqlFeature {
  return {
    fields: {
      Query: {
        keys: {
          description: 'Every API key ever made, oldest first, without its secret.',
          access: 'admin',
          type: KeyList.properties.items,
          resolve: () => keys.list(),
        },
        session: {
          description: 'Who the service takes you for.',
          type: SessionSchema,
          resolve: (_parent, _args, context) => presentSession(context.caller),
        },
      },
      Mutation: {
        createKey: field({
          audit: 'createKey',
          description: 'Makes an API key, which is shown this once.',
          access: 'admin',
          args: Type.Object({ input: NewKey }),
          type: MadeKey,
          resolve: (_parent, { input }, context) => keys.create(input, context.auditLine),
        }),
        revokeKey: field({
          audit: 'revokeKey',
          description: 'Revokes an API key. Its sessions, event streams and subscriptions end.',
          access: 'admin',
          args: Type.Object({ id: Id }),
          type: KeySchema,
          resolve: (_parent, { id }, context) => keys.revoke(id, context.auditLine),
        }),
      },
    },
  }
}
