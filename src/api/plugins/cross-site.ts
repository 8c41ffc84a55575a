import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import { ApiError } from '../errors.ts'

/** Methods that change nothing (RFC 9110, 9.2.1). A page of another origin cannot read their answers. */
const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
/** Host headers already found valid, which need not be parsed again. Clients choose them, so their number is bounded. */
const mostKnown = 100

/**
 * Refuses requests that only a browser can be tricked into sending: those under a host name that is not this service's,
 * which is how DNS rebinding reaches a local service, and those from pages of other origins that need no CORS preflight,
 * such as forms. Tools other than browsers send neither Origin nor Sec-Fetch-Site and are not affected.
 */
export const useCrossSite = fp<Pick<Config, 'HOST' | 'ALLOWED_HOSTS' | 'CORS_ORIGIN'>>(
  async (app, config) => {
    const isOurs = hostCheck(config)
    const known = new Set<string>()
    app.addHook('onRequest', (request, _reply, done) => {
      // Not request.host: a rebound page may send any X-Forwarded-Host.
      const { host } = request.headers
      if (host !== undefined && !known.has(host)) {
        if (!isOurs(host))
          return done(
            new ApiError(
              'FORBIDDEN_HOST',
              `this service does not answer to the name ${host.slice(0, 200)}: use localhost or an IP address, or add the name to ALLOWED_HOSTS`,
            ),
          )
        if (known.size < mostKnown) known.add(host)
      }
      const concerned = !safe.has(request.method) || request.headers.upgrade !== undefined
      done(concerned && isCrossSite(request, config.CORS_ORIGIN) ? refusal(request) : undefined)
    })
  },
  { name: 'cross-site', fastify: '5.x', dependencies: ['problems'] },
)

/**
 * Whether a Host header names this service: any IP address and localhost, since no page can rebind them; the name of this
 * machine and that in HOST; those of ALLOWED_HOSTS. The port is ignored.
 */
function hostCheck({ HOST, ALLOWED_HOSTS }: Pick<Config, 'HOST' | 'ALLOWED_HOSTS'>): (header: string) => boolean {
  const names = new Set([HOST, hostname(), ...(ALLOWED_HOSTS?.split(',') ?? [])].map((name) => name.trim().toLowerCase()))
  if (names.has('*')) return () => true
  return (header) => {
    if (/[@/?#\\]/.test(header)) return false
    const name = urlOf(`http://${header}`)?.hostname.replace(/\.$/, '')
    if (!name) return false
    return isIP(name.replace(/^\[|\]$/g, '')) > 0 || name === 'localhost' || name.endsWith('.localhost') || names.has(name)
  }
}

/**
 * Uses Sec-Fetch-Site where the browser sends it, as it does to https and to localhost, otherwise Origin. A page's origin is
 * compared without its scheme, since TLS may end before this service.
 */
function isCrossSite({ headers, host }: FastifyRequest, allowed: string | undefined): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (allowed === '*' || (origin !== undefined && origin === allowed)) return false
  if (site === 'same-origin' || site === 'none') return false
  if (origin === undefined) return site !== undefined
  return !isOfHost(origin, host)
}

/**
 * Whether a page of this very service sent the request, as its browser says. Stricter than the check above: a tool that says
 * nothing of its origin is no page, and neither is one of CORS_ORIGIN.
 */
export function isOwnPage({ headers, host }: FastifyRequest): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (site !== undefined) return site === 'same-origin'
  return origin !== undefined && isOfHost(origin, host)
}

function isOfHost(origin: string, host: string): boolean {
  const from = urlOf(origin)
  return from !== null && from.host !== '' && urlOf(`${from.protocol}//${host}`)?.host === from.host
}

const urlOf = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null)

function refusal({ headers }: FastifyRequest): ApiError {
  const from = headers.origin === undefined ? 'other sites' : headers.origin.slice(0, 200)
  return new ApiError(
    'FORBIDDEN_ORIGIN',
    `pages of ${from} may neither change anything here nor open websockets: set CORS_ORIGIN to allow one origin`,
  )
}
