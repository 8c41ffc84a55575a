import { connection, connectionArgs, connectionResolvers, connectionTypes } from '../../graphql/connection.ts'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { AuditEntrySchema, type AuditFilterQuery, AuditQuery } from './schema.ts'
import type { AuditService } from './service.ts'

const { after: _after, limit: _limit, total: _total, ...filters } = AuditQuery.properties

export function auditGraphql(audit: AuditService): GraphqlFeature {
  return {
    types: { AuditEntry: AuditEntrySchema, ...connectionTypes('AuditEntry') },
    fields: {
      Query: {
        audit: field({
          description: 'Who changed what, newest first.',
          access: 'admin',
          args: connectionArgs(filters),
          type: 'AuditEntryConnection!',
          resolve: (_parent, args, context) =>
            connection(
              context,
              args,
              (query) => audit.list(query as AuditQuery),
              ({ after: _, ...filter }) => audit.count(filter as AuditFilterQuery),
            ),
        }),
      },
    },
    resolvers: connectionResolvers('AuditEntry'),
  }
}
