import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { lineOf } from '../../plugins/audit.ts'
import { answer, errors } from '../../schemas.ts'
import type { Services } from '../../services.ts'

export function backupRoutes(app: FastifyInstance, backup: Services['backup']): void {
  app.get(
    '/v1/backup',
    {
      config: { audit: 'getBackup' },
      // HEAD would make a whole backup, to throw it away.
      exposeHeadRoute: false,
      schema: {
        operationId: 'getBackup',
        tags: ['service'],
        summary: 'A backup of the embedded database',
        description:
          'The database, keys included, and the files of networks, as they are at one moment, while the service goes on: a tar archive for ' +
          '`npm run restore`. Statements wait while the files of the database are copied. With a PostgreSQL server the answer says how pg_dump ' +
          'makes one.',
        response: {
          200: answer(
            'The archive.',
            { 'application/x-tar': Type.String({ contentMediaType: 'application/x-tar', description: 'The archive.' }) },
            { 'content-disposition': { type: 'string', description: 'The file’s name (RFC 6266).' } },
          ),
          ...errors('BACKUP_BY_PG_DUMP'),
        },
      },
    },
    async (request, reply) => {
      const { manifest, bytes, stream } = await backup(lineOf(request))
      // It may be gigabytes, which would take a core for long: this is how the plugin is told.
      request.headers['x-no-compression'] = '1'
      const name = `archmeter-${manifest.madeAt.slice(0, 19).replaceAll(':', '')}Z.tar`
      return reply
        .header('content-type', 'application/x-tar')
        .header('content-length', bytes)
        .header('cache-control', 'no-store')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(stream())
    },
  )
}
