/** The samples of a run: every one, thinned, or as a histogram. */
import { Readable } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { mediaType } from '../../accept.ts'
import { invalidRequest } from '../../errors.ts'
import { keptForever, notModified } from '../../plugins/caching.ts'
import { answer, errors, json } from '../../schemas.ts'
import { HistogramQuery, HistogramSchema, SamplesQuery, ThinnedSchema } from './distribution-schema.ts'
import { csvOf, jsonOf } from './sample-text.ts'
import { RunParams, SamplesSchema } from './schema.ts'
import type { RunService } from './service.ts'

const tags = ['runs']
const formats = ['application/json', 'text/csv'] as const

export function sampleRoutes(fastify: FastifyInstance, runs: RunService): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  app.get(
    '/v1/runs/:id/samples',
    {
      schema: {
        operationId: 'getSamples',
        tags,
        summary: 'Every timed sample of a run',
        description: 'JSON, or CSV with one row per sample (`Accept: text/csv`). With `points`, fewer samples with their places.',
        params: RunParams,
        querystring: SamplesQuery,
        response: {
          200: answer('The samples.', { 'application/json': Type.Union([SamplesSchema, ThinnedSchema]), 'text/csv': Type.String() }),
          ...errors('INVALID_REQUEST', 'RUN_NOT_FOUND', 'NOT_ACCEPTABLE', 'NO_SAMPLES', 'SAMPLES_EXPIRED'),
        },
      },
    },
    async (request, reply) => {
      const type = mediaType(request.headers.accept, formats)
      const { id } = request.params
      const { points, digits } = request.query
      if (type === 'application/json' && (points !== undefined || digits !== undefined)) {
        reply.header('vary', 'accept').header('cache-control', keptForever)
        return reply.send(await runs.thinned(id, points ?? Number.POSITIVE_INFINITY))
      }
      if (points !== undefined || digits !== undefined)
        throw invalidRequest('query', [
          { path: points === undefined ? '/digits' : '/points', message: 'CSV has every sample as it is: ask for JSON' },
        ])
      const samples = await runs.samples(id)
      // They are stored with the end of the run, and never change.
      reply.header('vary', 'accept').header('cache-control', keptForever)
      const known = notModified(request, reply, `W/"${id.toLowerCase()}-${type}"`)
      if (known) return known
      reply.type(`${type}; charset=utf-8`)
      if (type === 'text/csv') reply.header('content-disposition', `attachment; filename="${id}-samples.csv"`)
      return reply.send(Readable.from(type === 'text/csv' ? csvOf(samples) : jsonOf(id, samples)))
    },
  )
  app.get(
    '/v1/runs/:id/histogram',
    {
      schema: {
        operationId: 'getHistogram',
        tags,
        summary: 'The samples of a run by their size, with quantiles',
        description:
          'Bins of one width over all samples, or between `from` and `to`, which keeps a few outliers from squeezing the rest into one bin. Of samples that ' +
          'were dropped for their age the usual bins and quantiles are left, and nothing else can be asked.',
        params: RunParams,
        querystring: HistogramQuery,
        response: {
          200: json('The histogram.', HistogramSchema),
          ...errors('INVALID_REQUEST', 'RUN_NOT_FOUND', 'NO_SAMPLES', 'SAMPLES_EXPIRED'),
        },
      },
    },
    async (request, reply) => {
      const histogram = await runs.histogram(request.params.id, request.query)
      return reply.header('cache-control', keptForever).send(histogram)
    },
  )
}
