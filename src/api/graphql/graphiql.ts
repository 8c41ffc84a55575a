import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import fp from 'fastify-plugin'
import { scopeAccess } from '../plugins/access.ts'
import { pagePolicy } from '../plugins/security.ts'

const packageFolder = (name: string, folder = ''): string =>
  fileURLToPath(new URL(`./${folder}`, import.meta.resolve(`${name}/package.json`)))
const ownFolder = fileURLToPath(new URL('./graphiql/', import.meta.url))

/** The files that the page loads, and no others of those packages: file → folder. */
const files: Readonly<Record<string, string>> = {
  'page.js': ownFolder,
  'page.css': ownFolder,
  'graphiql.min.js': packageFolder('graphiql'),
  'graphiql.min.css': packageFolder('graphiql'),
  'react.production.min.js': packageFolder('react', 'umd/'),
  'react-dom.production.min.js': packageFolder('react-dom', 'umd/'),
  'graphql-ws.min.js': packageFolder('graphql-ws', 'umd/'),
}

/** GraphiQL at `/graphiql`, from the installed packages: mercurius' own page loads React from a CDN, and stays blank without it. */
export const useGraphiql = fp(
  async (app) => {
    const page = readFileSync(`${ownFolder}/index.html`)
    await app.register(async (pages) => {
      scopeAccess(pages, 'reader')
      pages.addHook('onRequest', async (_request, reply) => {
        reply.header('content-security-policy', pagePolicy)
      })
      pages.get('/graphiql', { schema: { hide: true } }, (_request, reply) => reply.type('text/html; charset=utf-8').send(page))
      await pages.register(fastifyStatic, { root: ownFolder, serve: false })
      // One route for each and no wildcard, so that the router itself answers 404.
      for (const [file, folder] of Object.entries(files))
        pages.get(`/graphiql/${file}`, { schema: { hide: true } }, (_request, reply) => reply.sendFile(file, folder, { maxAge: '1h' }))
    })
  },
  { name: 'graphiql', fastify: '5.x' },
)
