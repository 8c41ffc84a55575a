/** `node bare-graphql.ts SCHEMA FILE`: mercurius alone on a build's schema, whose root fields answer with what the file holds. */
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import mercurius from 'mercurius'

const [schema, file] = process.argv.slice(2) as [string, string]
const data = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
const app = Fastify()
// The compiled query, as the service has it.
app.register(mercurius, {
  schema: readFileSync(schema, 'utf8'),
  resolvers: { Query: Object.fromEntries(Object.keys(data).map((field) => [field, () => data[field]])) },
  jit: 1,
  path: '/graphql',
})
process.once('SIGTERM', () => app.close())
console.log(`listens on ${await app.listen({ host: '127.0.0.1', port: 0 })}`)
