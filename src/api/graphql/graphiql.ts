import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import fp from 'fastify-plugin'
import { pagePolicy } from '../plugins/security.ts'

const packageFolder = (name: string, folder = ''): string =>
  fileURLToPath(new URL(`./${folder}`, import.meta.resolve(`${name}/package.json`)))
const ownFolder = fileURLToPath(new URL('./graphiql/', import.meta.url))

/** What the page loads, and nothing else of those packages. */
const files = [
  'page.js',
  'page.css',
  'graphiql.min.js',
  'graphiql.min.css',
  'react.production.min.js',
  'react-dom.production.min.js',
  'graphql-ws.min.js',
]

/** GraphiQL at `/graphiql`, from the installed packages: mercurius' own page loads React from a CDN, and stays blank without it. */
export const useGraphiql = fp(
  async (app) => {
    const page = readFileSync(`${ownFolder}/index.html`)
    await app.register(async (pages) => {
      pages.addHook('onRequest', async (_request, reply) => {
        reply.header('content-security-policy', pagePolicy)
      })
      pages.get('/graphiql', { schema: { hide: true } }, (_request, reply) => reply.type('text/html; charset=utf-8').send(page))
      await pages.register(fastifyStatic, {
        root: [
          ownFolder,
          packageFolder('graphiql'),
          packageFolder('react', 'umd/'),
          packageFolder('react-dom', 'umd/'),
          packageFolder('graphql-ws', 'umd/'),
        ],
        prefix: '/graphiql/',
        index: false,
        decorateReply: false,
        maxAge: '1h',
        allowedPath: (path) => files.includes(path.slice(1)),
        schemaHide: true,
      })
    })
  },
  { name: 'graphiql', fastify: '5.x' },
)
