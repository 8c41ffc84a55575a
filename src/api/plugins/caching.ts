import { createHash } from 'node:crypto'
import { constants } from 'node:zlib'
import compress from '@fastify/compress'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Names an answer by its bytes before they are compressed. Weak (RFC 9110, 8.8.1): the same name stands for every
 * encoding of them.
 */
export const etagOf = (bytes: string | Buffer): string => `W/"${createHash('sha1').update(bytes).digest('base64url')}"`

/** Whether `If-None-Match` names this answer: one of a list, or `*`, compared weakly (RFC 9110, 13.1.2). */
export function isKnown({ headers }: FastifyRequest, etag: string): boolean {
  const known = headers['if-none-match']
  if (known === undefined) return false
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '')
  return known.trim() === '*' || known.split(',').some((tag) => opaque(tag) === opaque(etag))
}

/** What may be kept for so long without asking: it changes with the service's version alone. */
export const keptAwhile = 'public, max-age=300'
/** What never changes. */
export const keptForever = 'private, max-age=31536000, immutable'

/** Answers 304 where the client has what `etag` names, which then need not be made. Null where it does not. */
export function notModified(request: FastifyRequest, reply: FastifyReply, etag: string): FastifyReply | null {
  reply.header('etag', etag)
  return isKnown(request, etag) ? reply.code(304).send() : null
}

/**
 * Reads are named by an ETag and asked again with it: 304 without a body where nothing changed. What says nothing else is
 * kept only to be asked about. Answers are compressed for who takes that; streams of events, models and what a reverse proxy or the
 * build compressed already are not.
 */
export const useCaching = fp(
  async (app) => {
    // Before compression, which is a hook of each route and runs after those of the app.
    app.addHook('onSend', (request, reply, payload, done) => {
      const { method, url } = request
      if (method !== 'GET' && method !== 'HEAD') return done(null, payload)
      if (reply.statusCode >= 400) reply.header('cache-control', 'no-store')
      if (reply.statusCode !== 200) return done(null, payload)
      if (url.startsWith('/v1/') && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-cache')
      if (String(reply.getHeader('cache-control')).includes('no-store')) return done(null, payload)
      const etag = reply.getHeader('etag')
      if (etag !== undefined || (typeof payload !== 'string' && !Buffer.isBuffer(payload))) return done(null, payload)
      const own = etagOf(payload)
      reply.header('etag', own)
      if (!isKnown(request, own)) return done(null, payload)
      reply.code(304).removeHeader('content-length')
      done(null, '')
    })
    await app.register(compress, {
      encodings: ['br', 'gzip'],
      // What clients send is bounded by its bytes as they come: nothing is unpacked here.
      globalDecompression: false,
      customTypes: /^text\/(?!event-stream)|[+/](json|javascript|xml)(;|$)/,
      brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
    })
  },
  { name: 'caching', fastify: '5.x' },
)
