import { type Context, context, propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { quiet } from './requests.ts'

/**
 * A span for each request, within the caller's trace where it sends `traceparent`; by OpenTelemetry's conventions for HTTP. What
 * machines poll has none, and neither have websockets, which end when nobody knows.
 */
export const useTracing = fp(
  async (app) => {
    const tracer = trace.getTracer('archmeter')
    const traced = new WeakMap<FastifyRequest, { span: Span; inside: Context }>()
    app.addHook('onRequest', (request, _reply, done) => {
      const { method, routeOptions, ip, headers, id } = request
      const route = routeOptions.url
      if ((route !== undefined && quiet.has(route)) || headers.upgrade !== undefined) return done()
      const from = propagation.extract(ROOT_CONTEXT, headers)
      const attributes = {
        'http.request.method': method,
        'url.scheme': request.protocol,
        // Without the query, which may hold anything.
        'url.path': request.url.split('?', 1)[0]!,
        'client.address': ip,
        'archmeter.request.id': id,
        ...(route === undefined ? {} : { 'http.route': route }),
        ...(headers['user-agent'] === undefined ? {} : { 'user_agent.original': headers['user-agent'] }),
      }
      const span = tracer.startSpan(route === undefined ? method : `${method} ${route}`, { kind: SpanKind.SERVER, attributes }, from)
      const inside = trace.setSpan(from, span)
      traced.set(request, { span, inside })
      context.with(inside, done)
    })
    // Reading a body goes on in the context of its connection.
    app.addHook('preValidation', (request, _reply, done) => {
      const found = traced.get(request)
      if (found) context.with(found.inside, done)
      else done()
    })
    app.addHook('onResponse', (request, { statusCode }, done) => {
      const span = traced.get(request)?.span
      if (span) {
        span.setAttribute('http.response.status_code', statusCode)
        const { caller } = request
        if (caller?.key) span.setAttributes({ 'archmeter.key.id': caller.key.id, 'archmeter.role': caller.role })
        if (statusCode >= 500) {
          span.setAttribute('error.type', String(statusCode))
          span.setStatus({ code: SpanStatusCode.ERROR })
        }
        span.end()
      }
      done()
    })
  },
  { name: 'tracing', fastify: '5.x' },
)
