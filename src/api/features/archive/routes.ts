import { Readable } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { invalidRequest } from '../../errors.ts'
import { answer, errors } from '../../schemas.ts'
import { ArchiveQuery } from './manifest.ts'
import type { ArchiveService } from './service.ts'

export const archivePath = '/v1/export'

export function archiveRoutes(fastify: FastifyInstance, archives: ArchiveService): void {
  fastify.withTypeProvider<TypeBoxTypeProvider>().get(
    archivePath,
    {
      schema: {
        operationId: 'exportEverything',
        tags: ['service'],
        summary: 'Everything that was made here, as one archive',
        description:
          'Networks with the files they were registered from, runs with samples, and sweeps, as they are at one moment, while the service goes on: a ' +
          'tar archive of the answers of this API, with every file’s SHA-256 and, last, a manifest. Networks can be registered again from it. Without ' +
          'keys and the audit log: a backup has those.',
        querystring: ArchiveQuery,
        response: {
          200: answer(
            'The archive.',
            { 'application/x-tar': Type.String({ contentMediaType: 'application/x-tar', description: 'The archive.' }) },
            { 'content-disposition': { type: 'string', description: 'The file’s name (RFC 6266).' } },
          ),
          ...errors('INVALID_REQUEST', 'OVERLOADED', 'DISK_FULL'),
        },
      },
    },
    async (request, reply) => {
      const keyId = request.caller.key?.id ?? null
      if (request.query.by === 'me' && keyId === null)
        throw invalidRequest('query', [{ path: '/by', message: 'by=me is for who calls with a key: leave it out' }])
      const key = request.query.by === 'me' ? keyId : null
      // What HEAD asks for is known without an archive, which Fastify would read to its end for nothing.
      const { at, stream } =
        request.method === 'HEAD' ? { at: new Date(), stream: Readable.from([]) } : await archives.archive(request.ip, key)
      // It may be gigabytes, which would take a core for long: this is how the plugin is told.
      request.headers['x-no-compression'] = '1'
      const name = `archmeter-export-${at.toISOString().slice(0, 19).replaceAll(':', '')}Z.tar`
      return reply
        .header('content-type', 'application/x-tar')
        .header('cache-control', 'no-store')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(stream)
    },
  )
}
