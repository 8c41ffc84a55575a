import fp from 'fastify-plugin'
import { turns } from '../../store/index.ts'
import { overloaded } from '../errors.ts'

/** A request that finds the first in line waiting for longer than this, ms, is refused: more comes than can be answered. */
const mostBehindMs = 5000

/**
 * Thousands of requests that arrive at once are begun in turn, so that health, and answers under way, come between. Only their
 * headers are read before.
 */
export const useTurns = fp(
  async (app) => {
    app.addHook('onRequest', (request, _reply, done) => {
      if ((request.routeOptions.config as { always?: boolean }).always) return done()
      if (turns.behindMs > mostBehindMs) return done(overloaded())
      turns.run(done)
    })
  },
  { name: 'turns', fastify: '5.x', dependencies: ['connections', 'problems'] },
)
