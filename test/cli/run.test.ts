/** A service's runs from a terminal; a stand-in for the worker makes the times. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { auditLine } from '../../src/api/access/audit-trail.ts'
import { exportOnnx, onnxWeightsPath } from '../../src/engine/formats/onnx-export.ts'
import { openTestApi, type TestApi } from '../api/helper.ts'
import { presetGraph } from '../engine/zoo-graphs.ts'
import { archmeter, bin } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'archmeter-run-'))
let api: TestApi
before(async () => {
  api = await openTestApi()
})
afterEach(() => {
  api.worker.autoMs = 1
})
after(async () => {
  await api.close()
  rmSync(folder, { recursive: true, force: true })
})

const run = (model: string, ...args: string[]) =>
  archmeter(['run', model, '--device', 'cpu', '--runtime', 'onnxruntime', ...args], { env: { ARCHMETER_SERVER: api.url } })

test('a preset is registered, queued, followed to its end; median and verdict are those of the service', async () => {
  const { code, out, err } = await run('squeezenet1_1', '--batch', '2', '--label', 'commit=abc', '-f', 'json')
  assert.equal(code, 0, err)
  const answer = JSON.parse(out)
  const { body } = await api.request.get(`/v1/runs/${answer.id}`)
  assert.deepEqual(answer.result.latencyMs, body.result.latencyMs)
  assert.deepEqual([body.batch, body.labels, body.architectureName], [2, { commit: 'abc' }, 'squeezenet1_1'])
  assert.match(err, /is architecture .*\n[\s\S]*run .* succeeded on cpu:0 by onnxruntime/)
  // The stand-in's median.
  assert.match((await run('squeezenet1_1', '--batch', '2')).out, /median +1\.688 ms[\s\S]*Certificate: suspect\nNOT_MEASURED/)
})

test('a file that leaves sizes open is registered and run at those asked for', async () => {
  const file = resolve(import.meta.dirname, '../fixtures/onnx-cases/dynamic_hw.onnx')
  const { code, out, err } = await run(file, '--dims', 'H:64,Wd:48', '-f', 'json')
  assert.equal(code, 0, err)
  const { body } = await api.request.get(`/v1/runs/${JSON.parse(out).id}`)
  assert.deepEqual(body.sizes, { dims: { H: 64, Wd: 48 } })
  const { body: architecture } = await api.request.get(`/v1/architectures/${body.architectureId}`)
  assert.deepEqual(architecture.source.sizes, { dims: { H: 64, Wd: 48 } })
})

test('files are uploaded: JSON under its own name, ONNX with the weights beside it', async () => {
  const json = JSON.parse((await run(resolve(import.meta.dirname, '../../examples/alexnet-lecture.json'), '-f', 'json')).out)
  assert.equal(json.architectureName, 'alexnet-lecture')
  const { model, externalData } = exportOnnx(presetGraph('squeezenet1_1'), { seed: 3 })
  const file = join(folder, 'squeeze.onnx')
  writeFileSync(file, model)
  writeFileSync(join(folder, onnxWeightsPath), externalData[0]!.data)
  const { code, out, err } = await run(file, '-f', 'json')
  assert.equal(code, 0, err)
  const { body } = await api.request.get(`/v1/architectures/${JSON.parse(out).architectureId}`)
  assert.deepEqual([body.name, body.source.kind, body.source.file.data.length], ['squeeze.onnx', 'onnx', 1])
  assert.equal(JSON.parse(out).weights, 'file')
})

test('a run that fails, or whose certificate is invalid, ends with 1; a suspect one where a valid one is required', async () => {
  api.worker.autoMs = null
  const ending = async (model: string, end: (id: string) => void, ...args: string[]) => {
    const waiting = run(model, '--fresh', '-f', 'csv', ...args)
    const started = api.worker.jobs.length
    for (let i = 0; i < 2000 && api.worker.jobs.length === started; i++) await sleep(10)
    end(api.worker.jobs.at(-1)!.runId)
    return waiting
  }
  const failed = await ending('squeezenet1_0', (id) =>
    api.worker.finish(id, { outcome: 'failed', error: { code: 'RUN_FAILED', message: 'on purpose' } } as never),
  )
  assert.equal(failed.code, 1, failed.err)
  for (const [verdict, args, code] of [
    ['invalid', [], 1],
    ['suspect', [], 0],
    ['suspect', ['--require-valid'], 1],
  ] as const) {
    const certificate = { verdict, reasons: [{ code: 'CPU_BUSY', message: 'on purpose' }] } as never
    const { code: got, out } = await ending(
      'squeezenet1_0',
      (id) => api.worker.finish(id, (success) => ({ ...success, certificate })),
      ...args,
    )
    assert.equal(got, code, verdict)
    assert.match(out, new RegExp(`${verdict},CPU_BUSY`))
  }
})

test('interrupted, it cancels the run that it queued', async () => {
  api.worker.autoMs = null
  const child = spawn(process.execPath, [
    bin,
    'run',
    'squeezenet1_0',
    '--server',
    api.url,
    '--device',
    'cpu',
    '--runtime',
    'onnxruntime',
    '--fresh',
  ])
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    const before = said
    said += text
    if (!/ is running/.test(before) && / is running/.test(said)) child.kill('SIGINT')
  })
  const code = await new Promise((done) => child.on('close', done))
  assert.equal(code, 130)
  const id = /run ([0-9a-f-]{36}) is running/.exec(said)![1]
  const { body } = await api.request.get(`/v1/runs/${id}?wait=5`)
  assert.equal(body.status, 'cancelled')
})

test('what the service refuses, and what is no service, ends with 2 and its own words', async () => {
  const refused = await archmeter(['run', 'resnet18', '--server', api.url, '--device', 'cuda:7', '--runtime', 'onnxruntime'])
  assert.deepEqual([refused.code, refused.out], [2, ''])
  assert.match(refused.err, /refuses \(404 DEVICE_NOT_FOUND\)/)
  const without = await archmeter(['run', 'resnet18'], { env: { ARCHMETER_SERVER: undefined } })
  assert.match(without.err, /--server http/)
  const other = createServer((_request, response) => response.end('<html>')).listen(0)
  const { port } = other.address() as { port: number }
  const strange = await archmeter(['run', 'resnet18', '--server', `localhost:${port}`])
  other.close()
  assert.equal(strange.code, 2)
  assert.match(strange.err, /is .* an Archmeter service\?/)
  const nobody = await archmeter(['run', 'resnet18', '--server', `localhost:${port}`])
  assert.equal(nobody.code, 2)
  assert.match(nobody.err, /nothing listens there/)
  assert.match((await archmeter(['run', 'nothing.onnx', '--server', api.url])).err, /nothing\.onnx: there is no such file/)
})

test('a service that asks for a key gets the one of ARCHMETER_KEY, and a refusal does not repeat it', async () => {
  const make = (role: string) =>
    api.services.keys.create({ name: role, role } as never, auditLine('createKey', { role: 'admin', key: null }, null))
  await make('admin')
  const { key } = await make('runner')
  const { key: low } = await make('reader')
  const keyed = (ARCHMETER_KEY: string | undefined) =>
    archmeter(['run', 'squeezenet1_1', '--device', 'cpu', '--runtime', 'onnxruntime'], {
      env: { ARCHMETER_SERVER: api.url, ARCHMETER_KEY },
    })
  for (const [given, said] of [
    [undefined, /refuses \(401 UNAUTHENTICATED\)[\s\S]*the variable ARCHMETER_KEY/],
    [low, /refuses \(403 FORBIDDEN\): .*role runner/],
    [`${key}\nx`, /ARCHMETER_KEY does not hold a key/],
  ] as const) {
    const { code, err } = await keyed(given)
    assert.equal(code, 2)
    assert.match(err, said)
    if (given) assert.ok(!err.includes(given.slice(13, 70)))
  }
  const { code, err } = await keyed(` ${key}\n`)
  assert.equal(code, 0, err)
})
