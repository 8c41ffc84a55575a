/** The dashboard's files as the service hands them out; what they do in a browser is `npm run test:browser`. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import Fastify, { type FastifyInstance } from 'fastify'
import { pages, usePages } from '../../../src/api/features/pages/routes.ts'

let folder: string
let app: FastifyInstance
const program = 'console.log("the program")'
before(async () => {
  folder = `${mkdtempSync(join(tmpdir(), 'archmeter-pages-'))}/`
  mkdirSync(`${folder}assets`)
  writeFileSync(`${folder}index.html`, '<!doctype html><title>built</title>')
  writeFileSync(`${folder}assets/index-Ab_3-x9Q.js`, program)
  writeFileSync(`${folder}assets/index-Ab_3-x9Q.js.br`, brotliCompressSync(program))
  writeFileSync(`${folder}assets/scheme.js`, '')
  writeFileSync(`${folder}secret.txt`, 'not an asset')
  app = Fastify()
  await app.register(usePages, { folder })
})
after(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

test('every address of the dashboard is answered with the one document, which no cache keeps and which runs no inline script', async () => {
  for (const page of pages) {
    const answer = await app.inject(page.replace(':id', 'x'))
    assert.equal(answer.statusCode, 200, page)
    assert.match(answer.body, /built/)
    assert.equal(answer.headers['cache-control'], 'no-cache')
    const policy = String(answer.headers['content-security-policy'])
    assert.match(policy, /script-src 'self';/)
    assert.match(policy, /connect-src 'self'/)
  }
})

test('files whose name holds their hash are kept for a year, others are asked for again; compressed ones go out as they are', async () => {
  const plain = await app.inject('/assets/index-Ab_3-x9Q.js')
  assert.equal(plain.body, program)
  assert.match(String(plain.headers['cache-control']), /immutable/)
  assert.match(String(plain.headers['content-type']), /javascript/)
  const small = await app.inject({ url: '/assets/index-Ab_3-x9Q.js', headers: { 'accept-encoding': 'gzip, br' } })
  assert.equal(small.headers['content-encoding'], 'br')
  assert.equal(brotliDecompressSync(small.rawPayload).toString(), program)
  assert.equal((await app.inject('/assets/scheme.js')).headers['cache-control'], 'no-cache')
})

test('nothing else is there', async () => {
  for (const path of [
    '/secret.txt',
    '/assets/',
    '/assets/../secret.txt',
    '/assets/..%2fsecret.txt',
    '/assets/none.js',
    '/index.html',
    '/v2',
    '/runs/x/y',
  ])
    assert.equal((await app.inject(path)).statusCode, 404, path)
})

test('where the pages were not built, the first says how, and where the calls are', async () => {
  const bare = Fastify()
  await bare.register(usePages, { folder: `${folder}none/` })
  const { body, headers } = await bare.inject('/')
  for (const link of ['/docs/', '/graphiql', '/openapi.json', '/v1/zoo']) assert.ok(body.includes(`href="${link}"`), link)
  assert.match(body, /npm run build:web/)
  assert.match(String(headers['content-security-policy']), /script-src 'self';/)
  assert.equal((await bare.inject('/runs')).statusCode, 404)
  await bare.close()
})
