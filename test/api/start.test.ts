import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkWorkers } from '../../src/api/start.ts'
import type { RuntimeSupport } from '../../src/gpu/contract.ts'

const tried = (...runtimes: RuntimeSupport[]) => [{ name: 'cpu:0', runtimes }]
const broken = (runtime: 'onnxruntime' | 'tfjs', backend: 'cpu' | 'wasm', reason: string): RuntimeSupport => ({
  ...{ runtime, backend, usable: false, reason, command: null },
})
const working = { runtime: 'tfjs', usable: true, version: '1', backend: 'wasm' } as RuntimeSupport

test('not ready where a device has no runtime that works, with the reasons; ready while they are tried, or where one works', () => {
  assert.throws(() => checkWorkers(tried(broken('onnxruntime', 'cpu', 'no library'), broken('tfjs', 'wasm', 'no wasm'))), {
    message: 'no runtime works on cpu:0: onnxruntime (cpu): no library; tfjs (wasm): no wasm',
  })
  checkWorkers(tried(broken('onnxruntime', 'cpu', 'no library'), working))
  checkWorkers([])
})
