/** Everything as one archive: unpacked by tar and checked by sha256sum, registered again elsewhere, of one moment, in bounded memory. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { streamOnnx } from '../../../src/engine/formats/onnx-stream.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { sql } from '../../../src/store/drizzle.ts'
import { archmeter } from '../../cli/command.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

let api: TestApi
const home = mkdtempSync(join(tmpdir(), 'archmeter-test-'))
before(async () => {
  api = await openTestApi()
})
after(async () => {
  await api?.close()
  rmSync(home, { recursive: true, force: true })
})

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/onnx-cases/${name}`, import.meta.url))
/** An ONNX file with weights of its own. */
const weighted = (outChannels: number) =>
  Buffer.concat([
    ...streamOnnx(verifyGraph({ input: { shape: [3, 9, 9] }, layers: [{ type: 'Conv2d', outChannels, kernelSize: 3 }] }), { seed: 3 })
      .pieces,
  ])
const ownWeights = weighted(7)

const get = async (of: TestApi, path: string) => (await of.request.get(path).expect(200)).body
/** Uploads a model and the files beside it. */
async function upload(to: TestApi, name: string, model: Uint8Array, beside: readonly (readonly [string, Uint8Array])[] = []) {
  const form = new FormData()
  form.append('name', name)
  form.append('file', new Blob([model as Uint8Array<ArrayBuffer>]), 'model.onnx')
  for (const [file, bytes] of beside) form.append('data', new Blob([bytes as Uint8Array<ArrayBuffer>]), file)
  const response = await fetch(`${to.url}/v1/architectures`, { method: 'POST', body: form })
  const body: any = await response.json()
  assert.equal(response.status, 201, JSON.stringify(body))
  return body
}
const register = async (to: TestApi, body: object) => (await to.request.post('/v1/architectures').send(body).expect(201)).body
async function run(request: object): Promise<string> {
  const { id } = (
    await api.request
      .post('/v1/runs')
      .send({ device: 'cpu:0', runtime: 'onnxruntime', fresh: true, ...request })
      .expect(202)
  ).body
  assert.equal((await get(api, `/v1/runs/${id}?wait=30`)).status, 'succeeded')
  return id
}

/** Unpacks with the system's tar and compares with its sha256sum. */
function unpacked(archive: string, to: string): any {
  execFileSync('mkdir', ['-p', to])
  execFileSync('tar', ['-xf', archive, '-C', to])
  execFileSync('sha256sum', ['--check', '--quiet', '--strict', 'SHA256SUMS'], { cwd: to })
  const manifest = JSON.parse(readFileSync(join(to, 'manifest.json'), 'utf8'))
  assert.equal(execFileSync('sha256sum', ['SHA256SUMS'], { cwd: to, encoding: 'utf8' }).slice(0, 64), manifest.sums)
  const files = execFileSync('find', ['.', '-type', 'f'], { cwd: to, encoding: 'utf8' }).trim().split('\n')
  assert.equal(readFileSync(join(to, 'SHA256SUMS'), 'utf8').trim().split('\n').length, files.length - 2, 'all but the two last are in it')
  return manifest
}
const json = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'))

test('all that was made is in it, each answer as the API gives it, and every network can be registered again elsewhere', async (t) => {
  const made = [
    await register(api, {
      name: 'of the zoo',
      zoo: { family: 'resnet', options: { block: 'basic', depths: [1, 1], baseChannels: 8, resolution: 32, classes: 7 } },
    }),
    await register(api, smallNetwork(6)),
    await upload(api, 'own weights', ownWeights),
    await upload(api, 'two files', fixture('torch_as_strided_outside.onnx'), [
      ['torch_as_strided_outside.onnx.data', fixture('torch_as_strided_outside.onnx.data')],
    ]),
  ]
  const small = made[1].id
  const gone = await register(api, { ...smallNetwork(7), name: 'deleted since' })
  const runs = [
    await run({ architectureId: small }),
    await run({ architectureId: gone.id }),
    await run({ architectureId: small, batch: 2 }),
  ]
  await api.request.delete(`/v1/architectures/${gone.id}`).expect(204)
  // More than are written at once, and one whose samples were dropped.
  const many = Float64Array.from({ length: 60_001 }, (_, i) => 1 + i / 7)
  await api.store.db.execute(sql`UPDATE run_samples SET samples = ${Buffer.from(many.buffer)} WHERE run_id = ${runs[0]}::uuid`)
  await api.store.db.execute(sql`UPDATE run_samples SET stored_at = now() - interval '9 days' WHERE run_id = ${runs[1]}::uuid`)
  const summarize = async () => ({ count: 4, min: 1, max: 2, bins: [1, 3], quantiles: [[0.5, 1.5]] })
  assert.equal((await api.store.runs.expireSamples({ days: 8, mostRuns: 9, mostSamples: 99, summarize }))?.runs, 1)
  const sweepRequest = { architectureId: small, device: 'cpu:0', runtime: 'onnxruntime', batches: [3, 5] }
  const sweep = (await api.request.post('/v1/sweeps').send(sweepRequest).expect(202)).body
  for (const { runId } of sweep.points) runs.push((await get(api, `/v1/runs/${runId}?wait=30`)).id)

  const file = join(home, 'all.tar')
  const { body } = await fetch(`${api.url}/v1/export`)
  await pipeline(Readable.fromWeb(body as any), createWriteStream(file))
  const folder = join(home, 'all')
  const manifest = unpacked(file, folder)
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  assert.deepEqual([manifest.format, manifest.version, manifest.archmeter, manifest.missing], ['archmeter-export', 1, version, []])
  assert.ok(Math.abs(Date.parse(manifest.at) - Date.now()) < 60_000, manifest.at)
  assert.deepEqual(manifest.counts, {
    ...{ architectures: 4, files: 3, runs: 5, comparisons: 0, samplesExpired: 1, sweeps: 1 },
    samples: 60_001 + 3 * 12,
  })

  for (const id of runs) assert.deepEqual(json(folder, `runs/${id}/run.json`), await get(api, `/v1/runs/${id}`))
  for (const id of [runs[0], runs[2]]) {
    const { text } = await api.request.get(`/v1/runs/${id}/samples`).set('accept', 'text/csv').expect(200)
    assert.equal(readFileSync(join(folder, `runs/${id}/samples.csv`), 'utf8'), text)
  }
  assert.deepEqual(json(folder, `runs/${runs[1]}/histogram.json`), await get(api, `/v1/runs/${runs[1]}/histogram`))
  assert.ok(!existsSync(join(folder, `runs/${runs[1]}/samples.csv`)))
  assert.deepEqual(json(folder, `sweeps/${sweep.id}.json`), await get(api, `/v1/sweeps/${sweep.id}`))

  const elsewhere = await openTestApi()
  t.after(() => elsewhere.close())
  assert.deepEqual(readdirSync(join(folder, 'architectures')).sort(), made.map(({ id }) => id).sort())
  for (const { id, name, digest } of made) {
    const at = join(folder, 'architectures', id)
    assert.deepEqual(json(at, 'architecture.json'), await get(api, `/v1/architectures/${id}`))
    const model = join(at, 'model')
    const again = existsSync(model)
      ? await upload(
          elsewhere,
          name,
          readFileSync(join(model, 'model.onnx')),
          readdirSync(model).flatMap((each) => (each === 'model.onnx' ? [] : [[each, readFileSync(join(model, each))] as const])),
        )
      : await register(elsewhere, json(at, 'graph.json'))
    assert.equal(again.digest, digest, name)
    const costs = async (of: TestApi, which: string) => {
      const { architectureId: _, links: __, ...figures } = await get(of, `/v1/architectures/${which}/costs?convention=full&batch=2`)
      return figures
    }
    assert.deepEqual(await costs(elsewhere, again.id), await costs(api, id), name)
  }
  assert.equal(Buffer.compare(readFileSync(join(folder, 'architectures', made[2].id, 'model/model.onnx')), ownWeights), 0)
})

test('it is of one moment: what is deleted, registered and run while it is read changes nothing in it', async () => {
  const kept = await upload(api, 'deleted meanwhile', weighted(31))
  const before = await get(api, '/v1/runs?limit=1&total=true')
  const response = await fetch(`${api.url}/v1/export`)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-disposition')!, /^attachment; filename="archmeter-export-.*Z\.tar"$/)
  // Its first bytes are there, so the moment has passed.
  await api.request.delete(`/v1/architectures/${kept.id}`).expect(204)
  const late = await register(api, { ...smallNetwork(32), name: 'too late' })
  await run({ architectureId: late.id })
  const file = join(home, 'moment.tar')
  await pipeline(Readable.fromWeb(response.body as any), createWriteStream(file))
  const folder = join(home, 'moment')
  const { counts, missing } = unpacked(file, folder)
  assert.equal(counts.runs, before.total)
  assert.ok(existsSync(join(folder, 'architectures', kept.id, 'model/model.onnx')))
  assert.ok(!existsSync(join(folder, 'architectures', late.id)))
  assert.deepEqual(missing, [])
})

test('what lies on disk for it goes when nobody reads any more, and the next one begins', async () => {
  const folder = join(api.dataDir, 'scratch')
  const held = async () => {
    const files = readdirSync(folder).flatMap((own) => readdirSync(join(folder, own)))
    const sessions = sql`SELECT pid FROM pg_stat_activity WHERE application_name = 'archmeter-moment' AND datname = current_database()`
    return files.length + (await api.store.db.execute(sessions)).rows.length
  }
  const gone = async () => {
    for (let tries = 0; (await held()) > 0; tries++) {
      assert.ok(tries < 200, 'it stays')
      await sleep(50)
    }
  }
  // Of the test before.
  await gone()
  const head = await fetch(`${api.url}/v1/export`, { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-type'), head.headers.get('content-length')], [200, 'application/x-tar', null])
  assert.equal(await held(), 0, 'HEAD makes none')
  for (let i = 0; i < 3; i++) {
    const stop = new AbortController()
    const response = await fetch(`${api.url}/v1/export`, { signal: stop.signal })
    assert.equal(response.status, 200)
    stop.abort()
    await gone()
  }
})

test('as many as may are made at a time, and the next is told so', async (t) => {
  const { store } = api
  const moment = store.moment
  const gate = Promise.withResolvers<void>()
  let asked = 0
  t.mock.method(store, 'moment', async () => {
    asked += 1
    await gate.promise
    return moment()
  })
  const two = [fetch(`${api.url}/v1/export`), fetch(`${api.url}/v1/export`)]
  while (asked < 2) await sleep(5)
  const { status, body } = await api.request.get('/v1/export')
  assert.deepEqual([status, body.code], [503, 'OVERLOADED'])
  assert.match(body.detail, /^2 archives of everything are being sent/)
  gate.resolve()
  for (const answer of await Promise.all(two)) assert.ok((await answer.arrayBuffer()).byteLength > 1000)
})

test('a kept file that is gone is named', async () => {
  const lost = await upload(api, 'lost', weighted(33))
  const { digest } = lost.source.file
  if (api.store.kind === 'pglite') rmSync(join(api.dataDir, 'blobs', digest.replace('sha256:', '')))
  else await api.store.db.execute(sql`DELETE FROM blob_chunks WHERE digest = ${digest}`)
  const file = join(home, 'lost.tar')
  const { body } = await fetch(`${api.url}/v1/export`)
  await pipeline(Readable.fromWeb(body as any), createWriteStream(file))
  const { missing, counts } = unpacked(file, join(home, 'lost'))
  assert.deepEqual(missing, [digest])
  assert.equal(counts.architectures, readdirSync(join(home, 'lost', 'architectures')).length)
})

test('GraphQL says where it is read', async () => {
  const { data } = (await api.request.post('/graphql').send({ query: '{ exportUrl }' }).expect(200)).body
  assert.equal(data.exportUrl, '/v1/export')
})

test('by=me: what the key that asks registered, timed and queued, and nothing else', async () => {
  await api.request.get('/v1/export?by=me').expect(400)
  const ada = (await api.request.post('/v1/keys').send({ name: 'ada', role: 'admin' }).expect(201)).body.key
  const of = (key: string) => ({ authorization: `Bearer ${key}` })
  const bob = (await api.request.post('/v1/keys').set(of(ada)).send({ name: 'bob', role: 'runner' }).expect(201)).body
  const made = async (key: string, network: object) =>
    (await api.request.post('/v1/architectures').set(of(key)).send(network).expect(201)).body.id
  const [adas, timed, bobs] = [await made(ada, smallNetwork(41)), await made(ada, smallNetwork(42)), await made(bob.key, smallNetwork(43))]
  const queue = async (key: string, path: string, request: object) =>
    (
      await api.request
        .post(path)
        .set(of(key))
        .send({ device: 'cpu:0', runtime: 'onnxruntime', fresh: true, ...request })
        .expect(202)
    ).body
  const others = [
    await queue(ada, '/v1/runs', { architectureId: adas }),
    await queue(ada, '/v1/sweeps', { architectureId: adas, batches: [1, 2] }),
  ]
  const own = await queue(bob.key, '/v1/runs', { architectureId: timed })
  const sweep = await queue(bob.key, '/v1/sweeps', { architectureId: bobs, batches: [4] })
  const file = join(home, 'mine.tar')
  const answer = await archmeter(['export-all', file, '--mine', '--server', api.url], { env: { ARCHMETER_KEY: bob.key } })
  assert.equal(answer.code, 0, answer.err)
  const folder = join(home, 'mine')
  const { keyId, counts } = unpacked(file, folder)
  assert.deepEqual([keyId, counts.architectures, counts.runs, counts.sweeps], [bob.id, 2, 2, 1])
  assert.deepEqual(readdirSync(join(folder, 'architectures')).sort(), [timed, bobs].sort())
  assert.deepEqual(readdirSync(join(folder, 'runs')).sort(), [own.id, sweep.points[0].runId].sort())
  assert.deepEqual(readdirSync(join(folder, 'sweeps')), [`${sweep.id}.json`])
  assert.equal(others.length, 2)
})
