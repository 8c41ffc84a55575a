/** More than the process manages: requests are refused with 503 before it stalls or ends; health and metrics go on. */
import assert from 'node:assert/strict'
import perfHooks from 'node:perf_hooks'
import { test } from 'node:test'
import { getHeapStatistics } from 'node:v8'

/** What the event loop is said to be late by, ms. */
let lateMs = 0
const { monitorEventLoopDelay } = perfHooks
// A histogram of the system's, but for its mean; replaced before anything takes it.
perfHooks.monitorEventLoopDelay = (options) =>
  Object.defineProperty(monitorEventLoopDelay(options), 'mean', { get: () => (10 + lateMs) * 1e6 })
const { openBareApp } = await import('../helper.ts')

/** As often as the service measures itself, ms. */
const sampleMs = 5000
const { heap_size_limit: mostHeap } = getHeapStatistics()

const cases: [what: string, heapUsed: number, lateMs: number, refused: boolean][] = [
  ['much of both', 0.8 * mostHeap, 800, false],
  ['a heap that is nearly full', 0.95 * mostHeap, 0, true],
  ['an event loop that is late by more than a second', 0.1 * mostHeap, 1200, true],
]

for (const [what, heapUsed, late, refused] of cases)
  test(`under pressure: ${what} is answered ${refused ? 'with 503, and when to come back' : 'as ever'}`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const memoryUsage = process.memoryUsage()
    t.mock.method(process, 'memoryUsage', () => ({ ...memoryUsage, heapUsed }))
    lateMs = late
    const app = await openBareApp()
    t.after(() => app.close())
    t.mock.timers.tick(sampleMs)
    // There is no such address on an app without services: whoever is let in hears that.
    const { statusCode, headers, body } = await app.inject('/v1/runs')
    const expected = refused ? [503, '2', 'OVERLOADED'] : [404, undefined, 'ROUTE_NOT_FOUND']
    assert.deepEqual([statusCode, headers['retry-after'], JSON.parse(body).code], expected)
    for (const url of ['/healthz', '/metrics']) assert.equal((await app.inject(url)).statusCode, 200)
  })
