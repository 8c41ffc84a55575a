import { Type } from 'typebox'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { Id } from '../../schemas.ts'
import { KeyList, KeySchema, KeyWeight, MadeKey, NewKey, NewQuotas, SessionSchema, UsageSchema } from './schema.ts'
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
        keyUsage: field({
          description: 'What a key uses, and may use.',
          access: 'admin',
          args: Type.Object({ id: Id }),
          type: UsageSchema,
          resolve: (_parent, { id }) => keys.usage(id),
        }),
        usage: {
          description: 'What your own key uses, and may use; an error without one.',
          type: UsageSchema,
          resolve: (_parent, _args, context) => keys.ownUsage(context.caller),
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
        setQuotas: field({
          audit: 'setQuotas',
          description: 'Sets what a key may use, all three quotas at once; null lifts one. What was used already counts.',
          access: 'admin',
          args: Type.Object({ id: Id, quotas: NewQuotas }),
          type: KeySchema,
          resolve: (_parent, { id, quotas }, context) => keys.setQuotas(id, quotas, context.auditLine),
        }),
        setKeyWeight: field({
          audit: 'setKeyWeight',
          description: 'Sets the share of a device that a key gets while runs of other keys wait for it as well.',
          access: 'admin',
          args: Type.Object({ id: Id, input: KeyWeight }),
          type: KeySchema,
          resolve: (_parent, { id, input }, context) => keys.setWeight(id, input.weight, context.auditLine),
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
