/**
 * `npm run test:postgres [-- files]`: the suites of store, queue and API once more, on a PostgreSQL server that this
 * script starts for itself and removes again. Where there are no binaries it says so and passes. With
 * ARCHMETER_TEST_DATABASE_URL set it uses that server, and starts none.
 */
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { binaries, noServer, startServer } from './postgres-server.ts'

const suites = ['test/store/**/*.test.ts', 'test/gpu/queue/*.test.ts', 'test/api/**/*.test.ts']
/** Start programs of their own, on the embedded store or on none. */
const ownPrograms = new Set(['test/api/server.test.ts', 'test/api/pool.test.ts'])
/** Whether a file's tests open a store, which is by a helper; the others were run by `npm test`. */
const opensStore = (file: string): boolean => !ownPrograms.has(file) && /helper\.ts'/.test(readFileSync(file, 'utf8'))

async function runSuites(url: string): Promise<number> {
  const asked = process.argv.slice(2)
  const files =
    asked.length > 0
      ? asked
      : suites
          .flatMap((suite) => globSync(suite))
          .filter(opensStore)
          .sort()
  // Two at a time, as in `npm test`.
  const args = ['--test', '--test-concurrency=2', '--test-timeout=120000', '--test-reporter=spec', ...files]
  const tests = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ARCHMETER_TEST_DATABASE_URL: url } })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => tests.kill(signal))
  return new Promise((resolve) => tests.once('exit', (code) => resolve(code ?? 1)))
}

const given = process.env.ARCHMETER_TEST_DATABASE_URL
const found = given ? null : binaries()
if (given) {
  process.exitCode = await runSuites(given)
} else if (!found) {
  console.log(`skipped: ${noServer} Or set ARCHMETER_TEST_DATABASE_URL to a server where databases may be created.`)
} else {
  console.log(`PostgreSQL ${found.version} from ${found.folder}`)
  const server = await startServer(found.folder)
  try {
    process.exitCode = await runSuites(server.url)
  } finally {
    await server.stop()
  }
}
