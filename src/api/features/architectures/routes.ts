import { Readable } from 'node:stream'
import multipart from '@fastify/multipart'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { ApiError, invalidRequest } from '../../errors.ts'
import { lineOf } from '../../plugins/audit.ts'
import { answer, empty, errors, json, pageAnswer } from '../../schemas.ts'
import { NewArchitecture } from './new-architecture.ts'
import {
  ArchitecturePage,
  ArchitectureParams,
  ArchitecturePreviewSchema,
  ArchitectureQuery,
  ArchitectureSchema,
  GraphSchema,
  OnnxBytes,
  OnnxForm,
  UploadQuery,
} from './schema.ts'
import type { ArchitectureService } from './service.ts'
import type { Uploads } from './upload.ts'

const tags = ['architectures']
const bodies =
  'send JSON as application/json, or an ONNX file as application/octet-stream with ?name=… or in multipart/form-data with the fields name and file: and say so in Content-Type'
const isFile = (request: FastifyRequest): boolean => request.isMultipart() || request.body instanceof Readable
const location = { location: { type: 'string', description: 'Address of the architecture.' } }

/** Parts of the query that say something of a file: JSON has fields of its own for it. @throws ApiError INVALID_REQUEST */
function requireNoneOfFiles({ preview: _preview, ...ofFiles }: UploadQuery): void {
  const violations = Object.keys(ofFiles).map((key) => ({
    path: `/${key}`,
    message: `${key} in the address goes with an ONNX file alone, and the body is JSON: leave it out, and say in the body what the network is`,
  }))
  if (violations.length > 0) throw invalidRequest('query', violations)
}

export function architectureRoutes(fastify: FastifyInstance, architectures: ArchitectureService, uploads: Uploads): void {
  fastify.register(async (app) => {
    // The body is not parsed here: another process parses and checks it, since it may be large or hostile.
    app.removeContentTypeParser('application/json')
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    // Files are streamed to disk, where another process reads them.
    await app.register(multipart)
    app.addContentTypeParser('application/octet-stream', (_request, body, done) => done(null, body))
    app.addContentTypeParser('*', (_request, _body, done) => done(new ApiError('UNSUPPORTED_MEDIA_TYPE', bodies)))
    const { validatorCompiler } = app
    app.post(
      '/v1/architectures',
      {
        // A file is written to disk for its preview, too: that takes the role that registers.
        config: {
          audit: 'registerArchitecture',
          previews: (request) => (request.query as { preview?: unknown }).preview === 'true' && !isFile(request),
        },
        schema: {
          operationId: 'registerArchitecture',
          tags,
          summary: 'Register an architecture',
          description:
            'A graph of layers, a network of the zoo, or a model of Keras or TensorFlow.js, as JSON; or an ONNX file as the body or in a form. Architectures are immutable; sending the same content and name again answers 200 with the same id. ' +
            'Every problem of a graph is reported at once. With `preview=true` nothing is registered: the answer says what it would be and what it costs.',
          querystring: UploadQuery,
          body: {
            content: {
              'application/json': { schema: NewArchitecture },
              'application/octet-stream': { schema: OnnxBytes },
              'multipart/form-data': { schema: OnnxForm },
            },
          },
          response: {
            200: answer(
              'A preview, or what was registered before.',
              { 'application/json': Type.Union([ArchitectureSchema, ArchitecturePreviewSchema]) },
              location,
            ),
            201: answer('Registered.', { 'application/json': ArchitectureSchema }, location),
            ...errors(
              'MALFORMED_JSON',
              'INVALID_REQUEST',
              'BODY_TOO_LARGE',
              'UNSUPPORTED_MEDIA_TYPE',
              'INVALID_GRAPH',
              'INVALID_KERAS',
              'INVALID_ONNX',
              'LIMIT_EXCEEDED',
              'COST_OVERFLOW',
              'UNKNOWN_ZOO_FAMILY',
              'UNKNOWN_ZOO_PRESET',
              'INVALID_ZOO_OPTIONS',
              'STORAGE_QUOTA_EXCEEDED',
            ),
          },
        },
        validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : validatorCompiler!(part)),
      },
      async (request, reply) => {
        const body = () => (request.body as Buffer | null) ?? Buffer.alloc(0)
        const query = request.query as UploadQuery
        if (!isFile(request)) requireNoneOfFiles(query)
        if (query.preview)
          return isFile(request) ? uploads.take(request, (upload) => architectures.previewOnnx(upload)) : architectures.preview(body())
        const { architecture, created } = isFile(request)
          ? await uploads.take(request, (upload) => architectures.registerOnnx(upload, lineOf(request)))
          : await architectures.register(body(), lineOf(request))
        return reply
          .code(created ? 201 : 200)
          .header('location', architecture.links.self)
          .send(architecture)
      },
    )
  })

  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  app.get(
    '/v1/architectures',
    {
      schema: {
        operationId: 'listArchitectures',
        tags,
        summary: 'List architectures',
        description: 'In pages, newest first unless another order is asked for.',
        querystring: ArchitectureQuery,
        response: {
          200: json('A page; its `Link` header leads to the next.', ArchitecturePage),
          ...errors('INVALID_REQUEST', 'INVALID_CURSOR', 'INVALID_TEXT'),
        },
      },
    },
    async (request, reply) => {
      const { body, headers } = pageAnswer(await architectures.list(request.query), request.url)
      return reply.headers(headers).send(body)
    },
  )
  app.get(
    '/v1/architectures/:id',
    {
      schema: {
        operationId: 'getArchitecture',
        tags,
        summary: 'Read an architecture',
        params: ArchitectureParams,
        response: { 200: json('The architecture.', ArchitectureSchema), ...errors('ARCHITECTURE_NOT_FOUND') },
      },
    },
    async (request, reply) => reply.send(await architectures.get(request.params.id)),
  )
  app.get(
    '/v1/architectures/:id/graph',
    {
      schema: {
        operationId: 'getArchitectureGraph',
        tags,
        summary: 'Read the graph of an architecture',
        params: ArchitectureParams,
        response: { 200: json('The graph.', GraphSchema), ...errors('ARCHITECTURE_NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const graph = await architectures.graph(request.params.id)
      return reply.type('application/json; charset=utf-8').send(graph)
    },
  )
  app.delete(
    '/v1/architectures/:id',
    {
      config: { audit: 'deleteArchitecture' },
      schema: {
        operationId: 'deleteArchitecture',
        tags,
        summary: 'Delete an architecture',
        description: 'Hides the architecture and cancels its queued runs. Finished runs keep their results.',
        params: ArchitectureParams,
        response: { 204: empty('Deleted.'), ...errors('ARCHITECTURE_NOT_FOUND') },
      },
    },
    async (request, reply) => {
      await architectures.delete(request.params.id, lineOf(request))
      return reply.code(204).send()
    },
  )
}
