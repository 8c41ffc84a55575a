import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { lineOf } from '../../plugins/audit.ts'
import { answer, errors, json, pageAnswer } from '../../schemas.ts'
import { admissionErrors, RunHeaders } from '../runs/request-schema.ts'
import { NewSweep, SweepPage, SweepParams, SweepQuery, SweepSchema } from './schema.ts'
import type { SweepService } from './service.ts'

const tags = ['sweeps']

export function sweepRoutes(fastify: FastifyInstance, sweeps: SweepService): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  const location = { location: { type: 'string', description: 'Address of the sweep.' } }
  app.post(
    '/v1/sweeps',
    {
      config: { audit: 'createSweep' },
      bodyLimit: Math.min(65_536, fastify.initialConfig.bodyLimit!),
      schema: {
        operationId: 'createSweep',
        tags,
        summary: 'Queue a batch sweep',
        description:
          'Queues a run for each batch, all or none. The sweep shows the latency–throughput curve with its knee. Batches measured ' +
          'before with a valid certificate are reused, unless `fresh` is true.',
        headers: RunHeaders,
        body: NewSweep,
        response: {
          200: answer('The sweep that this key created before.', { 'application/json': SweepSchema }, location),
          202: answer('Queued.', { 'application/json': SweepSchema }, location),
          ...errors(...admissionErrors),
        },
      },
    },
    async (request, reply) => {
      const { sweep, created, notes } = await sweeps.create(request.body, lineOf(request), request.headers['idempotency-key'])
      return reply
        .code(created ? 202 : 200)
        .header('location', sweep.links.self)
        .send({ ...sweep, notes })
    },
  )
  app.get(
    '/v1/sweeps',
    {
      schema: {
        operationId: 'listSweeps',
        tags,
        summary: 'List batch sweeps',
        description: 'Newest first, in pages.',
        querystring: SweepQuery,
        response: { 200: json('A page; its `Link` header leads to the next.', SweepPage), ...errors('INVALID_REQUEST', 'INVALID_CURSOR') },
      },
    },
    async (request, reply) => {
      const { body, headers } = pageAnswer(await sweeps.list(request.query), request.url)
      return reply.headers(headers).send(body)
    },
  )
  app.get(
    '/v1/sweeps/:id',
    {
      schema: {
        operationId: 'getSweep',
        tags,
        summary: 'Read a batch sweep: its curve and its knee',
        params: SweepParams,
        response: { 200: json('The sweep.', SweepSchema), ...errors('SWEEP_NOT_FOUND') },
      },
    },
    async (request, reply) => reply.send(await sweeps.get(request.params.id)),
  )
  app.delete(
    '/v1/sweeps/:id',
    {
      config: { audit: 'cancelSweep' },
      schema: {
        operationId: 'cancelSweep',
        tags,
        summary: 'Cancel what is left of a batch sweep',
        params: SweepParams,
        response: {
          202: json('Its waiting runs are cancelled; a running one is being ended.', SweepSchema),
          ...errors('SWEEP_NOT_FOUND', 'SWEEP_FINISHED'),
        },
      },
    },
    async (request, reply) => reply.code(202).send(await sweeps.cancel(request.params.id, lineOf(request))),
  )
}
