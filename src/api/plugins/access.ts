import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type Keyring, type Presented, watchStaleMs } from '../access/keyring.ts'
import { type Access, type Caller, requireRole } from '../access/roles.ts'
import { isOwnPage } from './cross-site.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The role that the route takes; that of its scope if left out. */
    access?: Access
    /** Says of a request whose body is read but not yet checked that it would only show something: then the role of reads is enough. */
    previews?: (request: FastifyRequest) => boolean
    /** Answered even under load, and to keys that were read before the database went. */
    always?: boolean
  }
  interface FastifyInstance {
    /** What each route takes, by `METHOD /address`. */
    accessByRoute: ReadonlyMap<string, Access>
    /** What a preview takes on the routes that have one, by the same. */
    previewByRoute: ReadonlyMap<string, Access>
  }
  interface FastifyRequest {
    /** Who sent it; on a public route whoever it was, without having been asked. */
    caller: Caller
  }
}

/** What the routes of a scope take: `read` for GET and HEAD, `write` for every other method. */
export interface ScopeRule {
  read: Access
  write: Access
}

const rule = Symbol('access')
type Scope = FastifyInstance & { [rule]?: ScopeRule }

/** States the rule of a scope, and of those within it; a route may state another one in its config. */
export function scopeAccess(scope: FastifyInstance, read: Access, write: Access = read): void {
  ;(scope as Scope)[rule] = { read, write }
}

export const sessionCookie = 'archmeter_session'

/** What a request presents. The cookie counts for pages of this service alone where anything may change. */
export function presentedBy(request: FastifyRequest): Presented {
  const { authorization, cookie } = request.headers
  const [, token] = (authorization === undefined && cookie !== undefined && /(?:^|; *)archmeter_session=([^;]*)/.exec(cookie)) || []
  const reads = (request.method === 'GET' || request.method === 'HEAD') && request.headers.upgrade === undefined
  return { authorization, session: token !== undefined && (reads || isOwnPage(request)) ? token : null }
}

/**
 * Asks every request who sent it, and refuses it where its route takes more. A route that neither states a rule nor stands in
 * a scope that does is a mistake, met at the start. Registered before the routes, after what refuses without asking.
 */
export const useAccess = fp<{ keyring: Keyring | null }>(
  async (app, { keyring }) => {
    const everyone: Caller = keyring?.anonymous ?? { role: 'admin', key: null }
    const accessByRoute = new Map<string, Access>()
    const previewByRoute = new Map<string, Access>()
    app.decorate('accessByRoute', accessByRoute)
    app.decorate('previewByRoute', previewByRoute)
    app.decorateRequest('caller', null as unknown as Caller)
    app.addHook('onRoute', function (route) {
      const scope = (this as Scope)[rule]
      const read = [route.method].flat().every((method) => method === 'GET' || method === 'HEAD' || method === 'OPTIONS')
      const access = route.config?.access ?? (read ? scope?.read : scope?.write)
      if (access === undefined) throw new Error(`${route.method} ${route.url} states no access: register it in a scope that does`)
      route.config = { ...route.config, access }
      for (const method of [route.method].flat()) {
        accessByRoute.set(`${method} ${route.url}`, access)
        if (!route.config.previews) continue
        if (!scope) throw new Error(`${route.method} ${route.url} has previews, but its scope does not say what reading takes`)
        previewByRoute.set(`${method} ${route.url}`, scope.read)
      }
    })
    const requireRoleOf = (request: FastifyRequest, access: Access) =>
      requireRole(request.caller, access, `${request.method} ${request.routeOptions.url}`)
    app.addHook('onRequest', (request, _reply, done) => {
      const { config } = request.routeOptions
      // Whether it is a preview may stand in its body.
      const access = config.previews ? previewByRoute.get(`${request.method} ${request.routeOptions.url}`) : config.access
      request.caller = everyone
      // Unknown addresses have none: they are answered with 404.
      if (!keyring || access === undefined || access === 'public') return done()
      const admit = (caller: Caller) => {
        request.caller = caller
        requireRoleOf(request, access)
      }
      try {
        const caller = keyring.identify(presentedBy(request), config.always ? watchStaleMs : undefined)
        if (!(caller instanceof Promise)) {
          admit(caller)
          return done()
        }
        caller.then(admit).then(
          () => done(),
          (error) => done(error),
        )
      } catch (error) {
        done(error as Error)
      }
    })
    // Before the body is checked: what is wrong with it concerns those alone who may send it.
    app.addHook('preValidation', (request, _reply, done) => {
      const { access, previews } = request.routeOptions.config
      try {
        if (keyring && previews && !previews(request)) requireRoleOf(request, access!)
        done()
      } catch (error) {
        done(error as Error)
      }
    })
  },
  { name: 'access', fastify: '5.x' },
)
