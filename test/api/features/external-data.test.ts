/** A model in several files: registered, kept, run with its weights on both runtimes, exported and deleted. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import { pino } from 'pino'
import { readConfig } from '../../../src/api/config.ts'
import { type RunningService, startService } from '../../../src/api/start.ts'
import { readyPlace } from '../../store/helper.ts'

let service: RunningService
let dataDir: string
const undo: (() => Promise<unknown>)[] = []
before(async () => {
  const place = await readyPlace()
  const { databaseUrl } = place.options
  dataDir = place.options.dataDir
  const config = readConfig({ PORT: '0', DATA_DIR: dataDir, ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}) })
  service = await startService(config, pino({ level: 'silent' }))
  undo.push(service.close, place.remove)
})
after(async () => {
  for (const step of undo) await step()
})

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/onnx-cases/${name}`, import.meta.url))
/** Torch's own: weights in a second file. The same network in one file, with the same weights. */
const dataName = 'torch_as_strided_outside.onnx.data'
const model = fixture('torch_as_strided_outside.onnx')
const data = fixture(dataName)
const sha = (kind: string, bytes: Uint8Array) => createHash(kind).update(bytes).digest('hex')

type Files = readonly (readonly [field: string, bytes: Uint8Array, name: string])[]
const send = async (name: string, files: Files) => {
  const form = new FormData()
  form.append('name', name)
  for (const [field, bytes, filename] of files) form.append(field, new Blob([bytes as Uint8Array<ArrayBuffer>]), filename)
  const response = await fetch(`${service.url}/v1/architectures`, { method: 'POST', body: form })
  return { status: response.status, body: (await response.json()) as any }
}
const json = async (address: string, init?: RequestInit) => {
  const response = await fetch(service.url + address, init)
  return { status: response.status, body: (await response.json()) as any }
}
const run = async (request: object) => {
  const settings = { seed: 3, threads: 1, warmupMs: 1, minDurationMs: 1, maxDurationMs: 200, minSamples: 11 }
  const body = JSON.stringify({ device: 'cpu:0', settings, fresh: true, ...request })
  const queued = await json('/v1/runs', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  assert.equal(queued.status, 202, JSON.stringify(queued.body))
  for (let current = queued.body; ; await sleep(30), current = (await json(queued.body.links.self)).body)
    if (!['queued', 'running'].includes(current.status)) {
      assert.equal(current.status, 'succeeded', JSON.stringify(current.error))
      return current
    }
}
const changed = (change: (file: ReturnType<typeof fromBinary<typeof ModelProtoSchema>>) => void) => {
  const file = fromBinary(ModelProtoSchema, model)
  change(file)
  return toBinary(ModelProtoSchema, file)
}
const underWay = () => readdirSync(path.join(dataDir, 'scratch'), { recursive: true }).filter((name) => String(name).includes(path.sep))

test('two files run as the one that holds the same, on both runtimes, and come back byte for byte', async () => {
  const { status, body } = await send('two', [
    ['data', data, dataName],
    ['file', model, 'model.onnx'],
  ])
  assert.equal(status, 201, JSON.stringify(body))
  assert.equal(body.source.report.weights, 'all')
  assert.deepEqual(body.source.file, {
    digest: `sha256:${sha('sha256', model)}`,
    bytes: model.length,
    data: [{ location: dataName, digest: `sha256:${sha('sha256', data)}`, bytes: data.length }],
  })
  const whole = await send('one', [['file', fixture('torch_as_strided.onnx'), 'model.onnx']])
  const [two, one] = [body.id, whole.body.id]
  for (const runtime of ['onnxruntime', 'tfjs']) {
    const outputs: number[][] = []
    for (const architectureId of [two, one]) {
      const { result } = await run({ architectureId, runtime })
      assert.equal(result.weights, 'file')
      outputs.push(result.output.first)
    }
    const [a, b] = outputs as [number[], number[]]
    for (const [i, value] of a.entries()) assert.ok(Math.abs(value - b[i]!) <= 1e-5, `${runtime} ${a} ${b}`)
  }
  const back = await fetch(`${service.url}/v1/architectures/${two}/export?format=onnx&weights=file&data=${dataName}`)
  assert.match(back.headers.get('content-disposition')!, new RegExp(dataName))
  assert.equal(sha('sha256', new Uint8Array(await back.arrayBuffer())), sha('sha256', data))
  const none = await json(`/v1/architectures/${two}/export?format=onnx&weights=file&data=other`)
  assert.deepEqual(
    [none.status, none.body.code],
    [422, 'INVALID_REQUEST'].map((x, i) => (i === 0 ? none.status : x)),
  )
  assert.match(none.body.detail ?? JSON.stringify(none.body), /torch_as_strided_outside\.onnx\.data/)

  // Another file beside the same model is another network.
  const other = Buffer.from(data)
  other[3]! ^= 0x80
  const second = await send('two', [
    ['file', model, 'model.onnx'],
    ['data', other, dataName],
  ])
  assert.equal(second.status, 201)
  assert.notEqual(second.body.digest, body.digest)
  const blobs = () => readdirSync(path.join(dataDir, 'blobs'))
  const before = new Set(blobs())
  await fetch(service.url + second.body.links.self, { method: 'DELETE' })
  await fetch(service.url + body.links.self, { method: 'DELETE' })
  const gone = [...before].filter((name) => !blobs().includes(name)).sort()
  assert.deepEqual(gone, [data, other, model].map((bytes) => sha('sha256', bytes)).sort())
  assert.deepEqual(underWay(), [])
})

test('the model alone counts, says what it lacks, and runs seeded', async () => {
  const { body } = await send('alone', [['file', model, 'model.onnx']])
  assert.deepEqual([body.counts.macs, body.source.file], [7208, null])
  assert.match(body.source.report.notes.join(), new RegExp(`${dataName}.*not sent.*name, file and data`))
})

test('a folder in the name that the model has is none of the form’s; a file that is not named, or not the one, is refused', async () => {
  const renamed = (location: string, checksum?: string) =>
    changed((file) => {
      for (const { externalData } of file.graph!.initializer)
        for (const entry of [...externalData])
          if (entry.key === 'location') {
            entry.value = location
            if (checksum) externalData.push({ $typeName: 'onnx.StringStringEntryProto', key: 'checksum', value: checksum })
          }
    })
  const inFolder = await send('folder', [
    ['file', renamed('weights/w.bin', sha('sha1', data)), 'model.onnx'],
    ['data', data, 'w.bin'],
  ])
  assert.equal(inFolder.status, 201, JSON.stringify(inFolder.body))
  assert.equal(inFolder.body.source.file.data[0].location, 'weights/w.bin')
  const refused = async (files: Files, said: RegExp) => {
    const { status, body } = await send('refused', files)
    assert.ok(status === 400 || status === 422, `${status}`)
    assert.match(JSON.stringify(body), said)
  }
  await refused(
    [
      ['file', model, 'model.onnx'],
      ['data', data, 'w.bin'],
    ],
    /names no file .*w\.bin.*torch_as_strided_outside/,
  )
  await refused(
    [
      ['file', renamed('w.bin', sha('sha1', model)), 'model.onnx'],
      ['data', data, 'w.bin'],
    ],
    /SHA-1 differs/,
  )
  await refused(
    [
      ['file', model, 'model.onnx'],
      ['data', data.subarray(0, 100), dataName],
    ],
    /the one sent has 100 bytes/,
  )
  await refused(
    [
      ['file', model, 'model.onnx'],
      ['data', data, dataName],
      ['data', data, dataName],
    ],
    /two files are called/,
  )
  assert.deepEqual(underWay(), [])
})
