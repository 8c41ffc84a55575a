import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { mediaType } from '../../accept.ts'
import { frameOf } from '../../event-stream.ts'
import { lineOf } from '../../plugins/audit.ts'
import { answer, empty, errors, json, pageAnswer } from '../../schemas.ts'
import { CompareQuery, RunComparisonSchema } from './comparison-schema.ts'
import { EventHeaders, type RunEventAnswer, RunEventMessage } from './event-schema.ts'
import { profileCsv } from './profile.ts'
import { LayerProfileSchema } from './profile-schema.ts'
import { admissionErrors, NewRun, RunHeaders } from './request-schema.ts'
import { sampleRoutes } from './sample-routes.ts'
import {
  CancelledRuns,
  ReadRunQuery,
  type RunAnswer,
  RunPage,
  RunParams,
  RunPriority,
  RunQuery,
  RunSchema,
  RunsToCancel,
} from './schema.ts'
import type { RunService } from './service.ts'

const tags = ['runs']
const formats = ['application/json', 'text/csv'] as const

export function runRoutes(fastify: FastifyInstance, runs: RunService): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  const location = { location: { type: 'string', description: 'Address of the run.' } }
  const shown = async ({ caller }: Pick<FastifyRequest, 'caller'>, run: RunAnswer): Promise<RunAnswer> =>
    (await runs.named(caller, [run]))[0]!
  /** Requests that wait for the end of a run are answered when the service stops. */
  const waiting = new Set<() => void>()
  fastify.addHook('preClose', async () => {
    for (const end of waiting) end()
  })
  app.post(
    '/v1/runs',
    {
      config: { audit: 'createRun' },
      // More than any run needs, yet small enough to parse on the event loop.
      bodyLimit: Math.min(65_536, fastify.initialConfig.bodyLimit!),
      schema: {
        operationId: 'createRun',
        tags,
        summary: 'Queue a timed inference run',
        description:
          'Runs are executed one at a time on each device, so that none disturbs another. No other device or runtime is substituted. ' +
          'With an Idempotency-Key that was used before for the same body, the answer is 200 with the run created then. So it is for an earlier run ' +
          'with a valid certificate that measured the same, unless `fresh` is true.',
        headers: RunHeaders,
        body: NewRun,
        response: {
          200: answer('The run that this key created before, or one that measured the same.', { 'application/json': RunSchema }, location),
          202: answer('Queued.', { 'application/json': RunSchema }, location),
          ...errors(...admissionErrors),
        },
      },
    },
    async (request, reply) => {
      const { run, created, notes } = await runs.create(request.body, lineOf(request), request.headers['idempotency-key'])
      return reply
        .code(created ? 202 : 200)
        .header('location', run.links.self)
        .send({ ...(await shown(request, run)), notes })
    },
  )
  app.get(
    '/v1/runs',
    {
      schema: {
        operationId: 'listRuns',
        tags,
        summary: 'List runs',
        description: 'A page at a time, the newest first where nothing else is asked for.',
        querystring: RunQuery,
        response: {
          200: json('A page; its `Link` header leads to the next.', RunPage),
          ...errors('INVALID_REQUEST', 'INVALID_CURSOR', 'INVALID_TEXT'),
        },
      },
    },
    async (request, reply) => {
      const { items, ...page } = await runs.list(request.query)
      const { body, headers } = pageAnswer({ ...page, items: await runs.named(request.caller, items) }, request.url)
      return reply.headers(headers).send(body)
    },
  )
  app.get(
    '/v1/runs/:id',
    {
      schema: {
        operationId: 'getRun',
        tags,
        summary: 'Read a run',
        description: 'As it is, or, with `wait`, when it has ended.',
        params: RunParams,
        querystring: ReadRunQuery,
        response: { 200: json('The run.', RunSchema), ...errors('INVALID_REQUEST', 'RUN_NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { wait = 0 } = request.query
      if (wait === 0) return reply.send(await shown(request, await runs.get(id)))
      const controller = new AbortController()
      const end = () => controller.abort()
      const timer = setTimeout(end, 1000 * wait)
      waiting.add(end)
      // A client that has gone waits for nothing.
      reply.raw.once('close', end)
      try {
        return await reply.send(await shown(request, await runs.ended(id, controller.signal)))
      } finally {
        clearTimeout(timer)
        waiting.delete(end)
      }
    },
  )
  app.delete(
    '/v1/runs/:id',
    {
      config: { audit: 'cancelRun' },
      schema: {
        operationId: 'cancelRun',
        tags,
        summary: 'Cancel a run',
        params: RunParams,
        response: {
          200: json('The run was waiting and is cancelled.', RunSchema),
          202: json('The run is being stopped; its last event tells when it has.', RunSchema),
          ...errors('RUN_NOT_FOUND', 'RUN_FINISHED'),
        },
      },
    },
    async (request, reply) => {
      const { run, effect } = await runs.cancel(request.params.id, lineOf(request))
      return reply.code(effect === 'cancelled' ? 200 : 202).send(await shown(request, run))
    },
  )
  app.patch(
    '/v1/runs/:id',
    {
      config: { audit: 'setRunPriority' },
      schema: {
        operationId: 'setRunPriority',
        tags,
        summary: 'Change the priority of a waiting run',
        params: RunParams,
        body: RunPriority,
        response: {
          200: json('The run, in its new place.', RunSchema),
          ...errors('MALFORMED_JSON', 'INVALID_REQUEST', 'RUN_NOT_FOUND', 'RUN_NOT_WAITING'),
        },
      },
    },
    async (request, reply) =>
      reply.send(await shown(request, await runs.setPriority(request.params.id, request.body.priority, lineOf(request)))),
  )
  app.post(
    '/v1/runs/cancel',
    {
      config: { audit: 'cancelRuns' },
      schema: {
        operationId: 'cancelRuns',
        tags,
        summary: 'Cancel runs by a filter',
        description:
          'Every run that fits, of those queued before the request: one that waits at once, one in progress soon. Runs that have ended stay as they are.',
        body: RunsToCancel,
        response: {
          200: json('How many there were.', CancelledRuns),
          ...errors('MALFORMED_JSON', 'INVALID_REQUEST', 'INVALID_TEXT'),
        },
      },
    },
    async (request, reply) => reply.send(await runs.cancelMany(request.body, lineOf(request))),
  )
  app.get(
    '/v1/runs/:id/compare',
    {
      schema: {
        operationId: 'compareRuns',
        tags,
        summary: 'Compare two finished runs',
        description:
          'The time per image of the run in `with` (b) over this one’s (a), with an interval and a verdict. The interval includes how far identical runs ' +
          'vary on that device, so two separate runs show only large differences; a run with `against` times both in turns and shows small ones.',
        params: RunParams,
        querystring: CompareQuery,
        response: { 200: json('b against a.', RunComparisonSchema), ...errors('INVALID_REQUEST', 'RUN_NOT_FOUND', 'NOT_COMPARABLE') },
      },
    },
    async (request, reply) => reply.send(await runs.compare(request.params.id, request.query.with)),
  )
  app.get(
    '/v1/runs/:id/profile',
    {
      schema: {
        operationId: 'getProfile',
        tags,
        summary: 'The layers of a profiled run beside the roofline',
        description:
          'Time, rates, share of the roofline and the ceiling that limits it, for each layer; only for a run with `"profile": true`. JSON, or CSV with one ' +
          'line per row and one without layers for time that belongs to none (`Accept: text/csv`).',
        params: RunParams,
        response: {
          200: answer('The profile.', { 'application/json': LayerProfileSchema, 'text/csv': Type.String() }),
          ...errors('RUN_NOT_FOUND', 'NOT_ACCEPTABLE', 'NO_PROFILE', 'LIMIT_EXCEEDED'),
        },
      },
    },
    async (request, reply) => {
      const type = mediaType(request.headers.accept, formats)
      const { id } = request.params
      const profile = await runs.layerProfile(id)
      reply.header('vary', 'accept').type(`${type}; charset=utf-8`)
      if (type === 'application/json') return reply.send(profile)
      return reply.header('content-disposition', `attachment; filename="${id}-profile.csv"`).send(profileCsv(profile))
    },
  )
  sampleRoutes(fastify, runs)
  eventRoute(fastify, runs)
}

function eventRoute(fastify: FastifyInstance, runs: RunService): void {
  fastify.withTypeProvider<TypeBoxTypeProvider>().get(
    '/v1/runs/:id/events',
    {
      // A HEAD would wait for the end of the run and answer nothing.
      exposeHeadRoute: false,
      schema: {
        operationId: 'watchRun',
        tags,
        summary: 'Watch a run',
        description:
          'Server-sent events, from the first, or after `Last-Event-ID` where that is given. Each has its number as id, its type as event name, ' +
          'and a RunEvent as data. The stream ends with the run; reconnecting after the last event answers 204.',
        params: RunParams,
        headers: EventHeaders,
        response: {
          200: answer('The events.', { 'text/event-stream': RunEventMessage }),
          204: empty('The run has ended and its last event was already delivered.'),
          ...errors('INVALID_REQUEST', 'RUN_NOT_FOUND', 'NOT_ACCEPTABLE'),
        },
      },
    },
    async (request, reply) => {
      mediaType(request.headers.accept, ['text/event-stream'])
      const controller = new AbortController()
      const events = await runs.events(request.params.id, Number(request.headers['last-event-id'] ?? 0), controller.signal)
      if (!events) return reply.code(204).send()
      return fastify.sendEvents(reply, controller, framesOf(events))
    },
  )
}

async function* framesOf(events: AsyncIterable<RunEventAnswer>): AsyncGenerator<Uint8Array, void, void> {
  for await (const event of events) yield frameOf(event.seq, event.type, event)
}
