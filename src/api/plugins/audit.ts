import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { AuditAction, AuditLine } from '../../store/index.ts'
import { type AuditTrail, auditLine } from '../access/audit-trail.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The change that the route makes; null where it makes none, or something behind it has lines of its own. */
    audit?: AuditAction | null
  }
  interface FastifyInstance {
    /** What each route that may change something writes into the audit log, by `METHOD /address`. */
    auditByRoute: ReadonlyMap<string, AuditAction | null>
  }
  interface FastifyRequest {
    auditLine: AuditLine | null
  }
}

/** The audit line of the change that a request asks for; its route states which one. */
export function lineOf(request: FastifyRequest): AuditLine {
  const { audit } = request.routeOptions.config
  if (!audit) throw new Error(`${request.method} ${request.routeOptions.url} states no audit`)
  return (request.auditLine ??= auditLine(audit, request.caller, request.id, (request.params as { id?: unknown } | null)?.id))
}

/**
 * Sees to it that every change leaves a line in the audit log. A route that is not public and takes another method than GET must state
 * what it changes: one that does not is a mistake, met at the start.
 */
export const useAudit = fp<{ trail: AuditTrail | null }>(
  async (app, { trail }) => {
    const auditByRoute = new Map<string, AuditAction | null>()
    app.decorate('auditByRoute', auditByRoute)
    app.decorateRequest('auditLine', null)
    app.addHook('onRoute', ({ method, url, config }) => {
      for (const each of [method].flat()) {
        if (each === 'GET' || each === 'HEAD' || each === 'OPTIONS' || config?.access === 'public') continue
        if (config?.audit === undefined)
          throw new Error(`${each} ${url} states no audit: say in its config which change it makes, or null for none`)
        auditByRoute.set(`${each} ${url}`, config.audit)
      }
    })
    if (!trail) return
    app.addHook('onResponse', (request, _reply, done) => {
      // Nobody was asked who they are where there is no caller.
      if (request.routeOptions.config.audit && request.caller) {
        if (request.refusal) trail.refused(lineOf(request), request.refusal)
        else if (request.auditLine) trail.answered(request.auditLine)
      }
      done()
    })
  },
  { name: 'audit', fastify: '5.x', dependencies: ['access', 'problems'] },
)
