/**
 * Renders the pages of `/docs` and ends. It is a thread of its own because the page's program comes as a text of 5 MB inside a
 * module, which takes 20 MB for as long as whoever imported it lives.
 */
import { parentPort } from 'node:worker_threads'
import scalar from '@scalar/fastify-api-reference'
import Fastify from 'fastify'
import type { ReferencePages } from './reference.ts'

const app = Fastify()
await app.register(scalar, {
  routePrefix: '/docs',
  configuration: {
    pageTitle: 'Archmeter API',
    url: '/openapi.json',
    // Everything that contacts another host, or offers to, is off: the page must work without one.
    withDefaultFonts: false,
    telemetry: false,
    showDeveloperTools: 'never',
    hideClientButton: true,
    agent: { disabled: true },
    mcp: { disabled: true },
  } as Record<string, unknown>,
})
const bytesOf = async (url: string): Promise<Uint8Array> => {
  const { statusCode, rawPayload } = await app.inject(url)
  if (statusCode !== 200) throw new Error(`${url} was answered ${statusCode}`)
  return new Uint8Array(rawPayload)
}
const pages: ReferencePages = { page: await bytesOf('/docs/'), program: await bytesOf('/docs/js/scalar.js') }
await app.close()
parentPort!.postMessage(pages, [pages.page.buffer as ArrayBuffer, pages.program.buffer as ArrayBuffer])
