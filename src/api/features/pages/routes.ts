import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import fp from 'fastify-plugin'
import { scopeAccess } from '../../plugins/access.ts'
import { dashboardPolicy } from '../../plugins/security.ts'

/** What `npm start`, the image's build or `npm run build:web` makes of web/. */
export const builtPages = fileURLToPath(new URL('../../../../web/dist/', import.meta.url))

/**
 * The addresses of the dashboard, which its own router tells apart: each is answered with the same document. A list, and
 * not whatever nothing else takes, so that a misspelt call is still a 404 with its problem. web/src/app.tsx has the same.
 */
export const pages = [
  '/',
  '/architectures',
  '/architectures/:id',
  '/explore',
  '/runs',
  '/runs/:id',
  '/runs/:id/history',
  '/compare',
  '/compare/architectures',
  '/sweeps/:id',
  '/devices',
  '/keys',
  '/audit',
  '/calls',
] as const

/**
 * The dashboard, from `folder`; whoever reaches the service gets its files, which hold no data and ask for a key. Where it has not been built, `/` says how, and nothing else is there.
 */
export const usePages = fp<{ folder: string }>(
  async (app, { folder }) => {
    const index = `${folder}index.html`
    if (!existsSync(index)) {
      app.get('/', { schema: { hide: true }, config: { access: 'public' } }, (_request, reply) =>
        reply.header('content-security-policy', dashboardPolicy).type('text/html; charset=utf-8').send(notBuilt),
      )
      return
    }
    const document = readFileSync(index)
    for (const page of pages)
      app.get(page, { schema: { hide: true }, config: { access: 'public' } }, (_request, reply) =>
        reply
          .header('content-security-policy', dashboardPolicy)
          // It names the files of this build: kept, it would ask a newer service for files that are gone.
          .header('cache-control', 'no-cache')
          .type('text/html; charset=utf-8')
          .send(document),
      )
    await app.register(async (files) => {
      scopeAccess(files, 'public')
      files.addHook('onRoute', (route) => {
        route.schema = { ...route.schema, hide: true }
      })
      // `wildcard: false`: a route for each file there is, and none that takes whatever follows.
      await files.register(fastifyStatic, {
        root: `${folder}assets/`,
        prefix: '/assets/',
        wildcard: false,
        index: false,
        decorateReply: false,
        preCompressed: true,
        cacheControl: false,
        setHeaders: (reply, path) => {
          // A hash of what it holds stands in the name of every file but those of web/public.
          const hashed = /-[\w-]{8}\.\w+(\.br|\.gz)?$/.test(path)
          reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
        },
      })
    })
  },
  { name: 'pages', fastify: '5.x' },
)

const notBuilt = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Archmeter</title>
</head>
<body>
<h1>Archmeter</h1>
<p>The service works; its pages have not been built. <code>npm start</code> builds them, and <code>npm run build:web</code> does it alone.</p>
<ul>
  <li><a href="/docs/">HTTP API, every call</a> (<a href="/openapi.json">OpenAPI 3.1</a>)</li>
  <li><a href="/graphiql">GraphQL, to try out</a></li>
  <li><a href="/v1/architectures">Architectures</a>, <a href="/v1/zoo">zoo</a>, <a href="/v1/conventions">conventions</a>,
    <a href="/v1/devices">devices</a>, <a href="/v1/runs">runs</a>, <a href="/v1/queue">queue</a></li>
  <li><a href="/readyz">Readiness</a>, <a href="/metrics">metrics</a></li>
</ul>
</body>
</html>
`
