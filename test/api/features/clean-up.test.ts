/** What is done stays done where the files that it took cannot be removed: the disk may have become read-only meanwhile. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { streamOnnx } from '../../../src/engine/formats/onnx-stream.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import type { RunJob } from '../../../src/gpu/contract.ts'
import { type RunContext, withDevice } from '../../../src/gpu/worker/child/run.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

const { rm } = fs.promises
let failures = 0
let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api.close())

beforeEach(() => {
  failures = 0
  fs.promises.rm = async () => {
    failures++
    throw Object.assign(new Error('EROFS: read-only file system, rm'), { code: 'EROFS', syscall: 'rm' })
  }
  syncBuiltinESMExports()
})
const mend = () => {
  fs.promises.rm = rm
  syncBuiltinESMExports()
}
afterEach(mend)

test('an upload is registered, and an export is sent', async () => {
  const { name: _name, ...network } = smallNetwork(6)
  const file = Buffer.concat([...streamOnnx(verifyGraph(network), { seed: 1 }).pieces])
  const response = await fetch(`${api.url}/v1/architectures?name=kept`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: file,
  })
  assert.equal(response.status, 201)
  assert.ok(failures > 0, 'nothing was removed')
  const { id } = (await response.json()) as { id: string }
  for (const weights of ['seeded', 'file']) {
    failures = 0
    const sent = await fetch(`${api.url}/v1/architectures/${id}/export?format=onnx&weights=${weights}`)
    assert.equal(sent.status, 200)
    assert.ok((await sent.arrayBuffer()).byteLength > 0)
    assert.ok(failures > 0, 'nothing was removed')
  }
})

test('what was measured is answered, and the device is free', async () => {
  mend()
  const scratch = await mkdtemp(path.join(tmpdir(), 'archmeter-test-'))
  const job = { device: { uuid: `CPU-${path.basename(scratch)}` } } as RunJob
  const context = { scratch, emit() {} } as unknown as RunContext
  fs.promises.rm = async () => Promise.reject(new Error('EROFS: read-only file system, rm'))
  syncBuiltinESMExports()
  assert.equal(await withDevice(job, context, async () => 'measured'), 'measured')
  mend()
  assert.equal(await withDevice(job, context, async () => 'again'), 'again')
  await rm(scratch, { recursive: true })
})
