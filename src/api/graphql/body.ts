/**
 * Bodies of GraphQL requests. They are parsed on the event loop, and their variables are then visited value by value,
 * recursively. So the values of a body are counted first, from its bytes alone, which takes a few ms for the largest.
 */
import type { FastifyInstance } from 'fastify'
import { ApiError } from '../errors.ts'
import { limits } from './limits.ts'

/** Parses JSON bodies of the routes of `app` within the limits on depth and on the number of values. */
export function useBoundedJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      checkSize(body as Buffer)
    } catch (error) {
      return done(error as Error)
    }
    parse(request, body.toString('utf8'), done)
  })
}

function checkSize(body: Uint8Array): void {
  const { depth, values, members } = measureJson(body, limits.bodyDepth)
  const refuse = (what: string) =>
    new ApiError('QUERY_TOO_COMPLEX', `the body ${what}; a graph of this size is registered by POST /v1/architectures`)
  if (depth > limits.bodyDepth) throw refuse(`nests more than ${limits.bodyDepth} lists and objects`)
  if (values > limits.bodyValues) throw refuse(`holds ${values} values, the limit is ${limits.bodyValues}`)
  if (members > limits.bodyMembers) throw refuse(`has an object of ${members} members, the limit is ${limits.bodyMembers}`)
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

export interface JsonSize {
  /** Lists and objects inside each other. */
  depth: number
  /** The text's value, and the items and members of all lists and objects; an empty one counts as if it had one. */
  values: number
  /** Of the largest object. */
  members: number
}

/**
 * The size of a JSON text; for any other bytes, at least what a parser would read of them.
 * @param mostDepth beyond it, the rest is not read.
 */
export function measureJson(body: Uint8Array, mostDepth = Number.POSITIVE_INFINITY): JsonSize {
  const size = { depth: 0, values: 1, members: 0 }
  /** Members so far of the open objects; NaN for lists. */
  const open: number[] = []
  for (let i = 0; i < body.length && size.depth <= mostDepth; i++) {
    const byte = body[i]
    if (byte === quote) {
      for (i++; i < body.length && body[i] !== quote; i++) if (body[i] === backslash) i++
    } else if (byte === comma) {
      size.values += 1
      const members = (open[open.length - 1]! += 1)
      if (members > size.members) size.members = members
    } else if (byte === openList || byte === openObject) {
      size.values += 1
      open.push(byte === openObject ? 1 : Number.NaN)
      if (open.length > size.depth) size.depth = open.length
    } else if (byte === closeList || byte === closeObject) open.pop()
  }
  return size
}
