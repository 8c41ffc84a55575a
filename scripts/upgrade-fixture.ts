/**
 * `node scripts/upgrade-fixture.ts CHECKOUT NAME`: has the build in another checkout, with its dependencies installed, fill a
 * PostgreSQL database, and writes what that then holds to `test/fixtures/upgrade/NAME.sql`, and what that build itself answered
 * about it to `NAME.json`. `test/store/upgrade.test.ts` opens it with the build of today.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { file, floats, node } from './onnx-file.ts'
import { binaries, noServer, startServer } from './postgres-server.ts'

const [checkout, name] = process.argv.slice(2)
if (!checkout || !name) throw new Error('node scripts/upgrade-fixture.ts CHECKOUT NAME')
const found = binaries()
if (!found) throw new Error(noServer)
const into = resolve(import.meta.dirname, '../test/fixtures/upgrade')

/** Few samples, so that the fixture stays small. */
const settings = { threads: 1, warmupMs: 1, minDurationMs: 5, maxDurationMs: 30, minSamples: 11 }
const small = {
  name: 'small',
  input: { shape: [3, 16, 16] },
  layers: [{ type: 'Conv2d', outChannels: 8, kernelSize: 3 }, { type: 'ReLU' }, { type: 'Flatten' }, { type: 'Linear', outFeatures: 10 }],
}
const model = file({
  nodes: [node('Conv', ['x', 'w'], ['c']), node('Relu', ['c'], ['y'])],
  initializers: [floats('w', [4, 3, 3, 3])],
})

const server = await startServer(found.folder)
const dataDir = mkdtempSync(join(tmpdir(), 'archmeter-upgrade-'))
const service = spawn(process.execPath, ['src/api/server.ts'], {
  cwd: checkout,
  env: { ...process.env, PORT: '0', DATA_DIR: dataDir, DATABASE_URL: server.url, LOG_FORMAT: 'json' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  let log = ''
  service.stdout.on('data', (text) => (log += text))
  const address = () => /listens? on (http:\/\/[^\s"]+)/.exec(log)?.[1]
  while (!address()) {
    if (service.exitCode !== null) throw new Error(`it did not start:\n${log}`)
    await sleep(50)
  }
  const api = `${address()}/v1`
  const ask = async (path: string, body?: object | Uint8Array) => {
    const type = body instanceof Uint8Array ? 'application/octet-stream' : 'application/json'
    const answer = await fetch(api + path, {
      ...(body
        ? { method: 'POST', headers: { 'content-type': type }, body: body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body) }
        : {}),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${text}`)
    return JSON.parse(text)
  }
  const architectures = [
    await ask('/architectures', small),
    await ask('/architectures', { name: 'squeeze', zoo: { preset: 'squeezenet1_1' } }),
    await ask('/architectures?name=own%20weights', model),
  ]
  const [json, zoo, onnx] = architectures.map(({ id }) => id as string) as [string, string, string]
  const ids: string[] = []
  const run = async (body: object) =>
    ids.push((await ask('/runs', { device: 'cpu:0', runtime: 'onnxruntime', settings, fresh: true, ...body })).id)
  await run({ architectureId: json, labels: { of: 'json' } })
  await run({ architectureId: json, runtime: 'tfjs', batch: 4 })
  await run({ architectureId: onnx, weights: 'file' })
  await run({ architectureId: json, against: { batch: 2 }, rounds: 8 })
  await run({ architectureId: json, profile: true })
  const sweep = await ask('/sweeps', { architectureId: json, device: 'cpu:0', runtime: 'onnxruntime', batches: [1, 2, 4], settings })
  const ended = async (path: string, done: (body: any) => boolean) => {
    for (;;) {
      const body = await ask(path)
      if (done(body)) return body
      await sleep(100)
    }
  }
  for (const id of ids) await ended(`/runs/${id}`, ({ finishedAt }) => finishedAt !== null)
  const swept = await ended(`/sweeps/${sweep.id}`, ({ status }) => status !== 'running' && status !== 'queued')
  // One is under way when the service stops, and goes back to the queue, and two wait.
  const endless = { ...settings, minDurationMs: 600_000, maxDurationMs: 600_000 }
  await run({ architectureId: json, settings: endless })
  await run({ architectureId: zoo })
  await run({ architectureId: json, priority: 5 })
  await ended(`/runs/${ids.at(-3)}`, ({ status }) => status === 'running')
  const costs = await Promise.all(architectures.map(async ({ id }) => [id, (await ask(`/architectures/${id}/costs`)).totals]))
  const runs = await Promise.all(ids.map((id) => ask(`/runs/${id}`)))
  const samples = await Promise.all(
    runs.filter(({ result }) => result).map(async ({ id }) => [id, (await ask(`/runs/${id}/samples`)).samples]),
  )
  const exited = new Promise((done) => service.once('exit', done))
  service.kill('SIGTERM')
  await exited
  const dump = execFileSync(
    join(found.folder, 'pg_dump'),
    ['--inserts', '--no-owner', '--no-privileges', '--exclude-schema=information_schema', `--dbname=${server.url}`],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  )
  writeFileSync(join(into, `${name}.sql`), dump.replace(/^\\(un)?restrict .*\n/gm, ''))
  const told = {
    migrations: (dump.match(/^INSERT INTO public\.archmeter_migrations/gm) ?? []).length,
    architectures: architectures.map(({ id, name, digest, counts, source }) => ({ id, name, digest, counts, source })),
    costs: Object.fromEntries(costs),
    runs: runs.map(({ id, status, runtime, batch, weights, labels, priority, result, comparison }) => ({
      ...{ id, status, runtime, batch, weights, labels, priority },
      ...{ latencyMs: result?.latencyMs ?? null, comparison: comparison ?? null },
    })),
    samples: Object.fromEntries(samples),
    sweep: { id: swept.id, status: swept.status, points: swept.points ?? swept.runs ?? null },
  }
  writeFileSync(join(into, `${name}.json`), `${JSON.stringify(told, null, 1)}\n`)
  console.log(`${name}.sql: ${readFileSync(join(into, `${name}.sql`)).length} bytes`)
} finally {
  service.kill('SIGKILL')
  await server.stop()
  rmSync(dataDir, { recursive: true, force: true })
}
