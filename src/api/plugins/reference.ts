import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { FastifyInstance } from 'fastify'
import { scopeAccess } from './access.ts'
import { pagePolicy } from './security.ts'

/** What `/docs` sends: the page, and the program that it loads. */
export interface ReferencePages {
  page: Uint8Array
  program: Uint8Array
}

async function render(): Promise<ReferencePages> {
  const thread = new Worker(new URL('./reference-thread.ts', import.meta.url), { name: 'reference', execArgv: [] })
  const [pages] = (await once(thread, 'message')) as [ReferencePages]
  return pages
}

/** Pages for people at `/docs`, made of `/openapi.json`. They are rendered when somebody first asks for them. */
export async function referenceRoutes(app: FastifyInstance): Promise<void> {
  let rendered: Promise<ReferencePages> | null = null
  const pages = (): Promise<ReferencePages> => {
    rendered ??= render().catch((cause) => {
      rendered = null
      throw cause
    })
    return rendered
  }
  scopeAccess(app, 'reader')
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('content-security-policy', pagePolicy)
  })
  const hidden = { schema: { hide: true }, logLevel: 'warn' } as const
  app.get('/docs', hidden, (_request, reply) => reply.redirect('/docs/', 301))
  app.get('/docs/', hidden, async (_request, reply) => reply.type('text/html; charset=utf-8').send(Buffer.from((await pages()).page)))
  app.get('/docs/js/scalar.js', hidden, async (_request, reply) =>
    reply.type('application/javascript; charset=utf-8').send(Buffer.from((await pages()).program)),
  )
}
