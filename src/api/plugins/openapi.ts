import swagger from '@fastify/swagger'
import fp from 'fastify-plugin'
import { toJsonSchema } from '../json-schema.ts'
import { referenceRoutes } from './reference.ts'

type Json = Record<string, any>

/** Moves every schema with a title to `components`, so that client generators get one named type for it. */
export function finishDocument(document: Json): Json {
  const named = new Map<string, { seen: string; schema: Json }>()
  const { info, components, ...rest } = document
  // Parameters carry the description of their schema themselves, so the rest is not the named type.
  for (const path of Object.values(document.paths as Json))
    for (const operation of Object.values(path as Json))
      for (const parameter of (operation as Json).parameters ?? []) {
        delete parameter.schema.title
        // The page sends any example that it finds, even of an optional filter.
        if (!parameter.required)
          for (const part of [parameter, parameter.schema]) for (const key of ['example', 'examples']) delete part[key]
      }
  const finished = toJsonSchema(rest, (schema) => {
    const { title } = schema
    if (typeof title !== 'string' || !('type' in schema || 'anyOf' in schema || 'enum' in schema)) return schema
    const seen = JSON.stringify(schema)
    const known = named.get(title)
    if (known && known.seen !== seen) throw new Error(`two schemas are called ${title}: a title is the name of one type`)
    named.set(title, { seen, schema })
    return { $ref: `#/components/schemas/${title}` }
  }) as Json
  return {
    openapi: document.openapi,
    info,
    ...finished,
    components: {
      ...components,
      schemas: Object.fromEntries([...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { schema }]) => [name, schema])),
    },
  }
}

/**
 * Collects the routes that follow into OpenAPI 3.1: `/openapi.json`, and pages for people at `/docs` that load nothing from elsewhere.
 * `webhooks` are the requests that the service itself sends.
 */
export const useOpenApi = fp<{ version: string; webhooks: Json }>(
  async (app, { version, webhooks }) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Archmeter',
          version,
          description:
            'What a convolutional network costs, on paper and on a GPU. Register an architecture, read its analytic costs layer by layer, ' +
            'queue timed inference runs, read their percentiles beside the costs.\n\n' +
            'Every GET but streams of events answers with an `ETag`, and 304 without a body where `If-None-Match` names what it would send. Answers are ' +
            'compressed for who sends `Accept-Encoding: br` or `gzip`.\n\n' +
            'Once an API key has been made, every call needs one, as `Authorization: Bearer amk_…`, but for health and for signing in. A `reader` ' +
            'reads, a `runner` also registers, runs, cancels and deletes, an `admin` also makes and revokes keys.',
          license: { name: 'MIT', identifier: 'MIT' },
        },
        servers: [{ url: '/' }],
        webhooks,
        components: {
          securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key, `amk_…`. Needed once one has been made.' } },
        },
        security: [{ key: [] }, {}],
        tags: [
          { name: 'architectures', description: 'Registered networks. They are immutable and found by id or digest.' },
          { name: 'costs', description: 'What a network costs on paper, each figure under a named convention.' },
          { name: 'rewrites', description: 'What-if changes of a network, shown or registered.' },
          { name: 'zoo', description: 'Families of networks that ship with the service.' },
          { name: 'runs', description: 'Timed inference, one at a time on each device.' },
          { name: 'devices', description: 'What runs can be timed on, and their queues.' },
          { name: 'keys', description: 'API keys, and the sessions of browsers.' },
          { name: 'webhooks', description: 'Events of runs, sent to addresses of choice.' },
          { name: 'service', description: 'Health.' },
        ],
      },
      hideUntagged: true,
      // Fastify's plugin types its document loosely; `finishDocument` keeps its shape.
      transformObject: (document) => finishDocument((document as Json).openapiObject) as any,
    })
    app.get('/openapi.json', { schema: { hide: true }, config: { access: 'reader' } }, (_request, reply) => reply.send(app.swagger()))
    await app.register(referenceRoutes)
  },
  { name: 'openapi', fastify: '5.x', dependencies: ['security'] },
)
