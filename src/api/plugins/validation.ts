import type { FastifySchemaCompiler } from 'fastify'
import fp from 'fastify-plugin'
import { type TObject, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { schemaViolations } from '../../engine/schema-violations.ts'
import { coerceStrings } from '../coerce.ts'
import { rounded } from '../digits.ts'
import { invalidRequest } from '../errors.ts'

const names: Readonly<Record<string, string>> = { body: 'body', querystring: 'query', params: 'address', headers: 'headers' }

/**
 * Checks each part of a request against its TypeBox schema. Bodies are not changed: nothing is stripped or converted. Query,
 * address and headers arrive as strings, so numbers and booleans in them are read strictly. All mismatches are reported,
 * each with what would be right.
 */
const compiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema)
  const where = names[httpPart ?? 'body'] ?? 'request'
  return (value: unknown) => {
    const read =
      httpPart !== 'body' && typeof value === 'object' && value !== null
        ? coerceStrings(schema as TObject, value as Record<string, unknown>)
        : value
    if (validator.Check(read)) return { value: read }
    return { error: invalidRequest(where, schemaViolations(schema, read)) }
  }
}

const NoQuery = Type.Object({}, { additionalProperties: false })

/** Answers are sent as the services made them: the schemas document them, and tests check that both agree. */
export const useValidation = fp(
  async (app) => {
    app.setValidatorCompiler(compiler)
    // A call that takes no query says so, as others do of a key that they do not know.
    app.addHook('onRoute', (route) => {
      if (route.url.startsWith('/v1/') && route.schema && !route.schema.querystring)
        route.schema = { ...route.schema, querystring: NoQuery }
    })
    app.setSerializerCompiler(() => (data) => JSON.stringify(data))
    app.addHook('preSerialization', (request, reply, payload, done) => {
      const { digits } = (request.query ?? {}) as { digits?: unknown }
      done(null, typeof digits === 'number' && reply.statusCode < 300 ? rounded(payload, digits) : payload)
    })
  },
  { name: 'validation', fastify: '5.x' },
)
