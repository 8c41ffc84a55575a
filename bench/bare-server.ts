/** The yardstick of bench/http.ts: one Fastify route that sends the bytes of a file. `node bench/bare-server.ts <file>` */
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'

const bytes = readFileSync(process.argv[2] as string, 'utf8')
const app = Fastify()
app.get('/', (_request, reply) => reply.type('application/json; charset=utf-8').send(bytes))
process.once('SIGTERM', () => app.close())
console.log(`listens on ${await app.listen({ host: '127.0.0.1', port: 0 })}`)
