/** What the C API is asked for and refuses, and what a session leaves behind: nothing. */
import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { exportOnnx } from '../../../../../src/engine/formats/onnx-export.ts'
import { verifyGraph } from '../../../../../src/engine/verify.ts'
import { seededInput } from '../../../../../src/engine/weights.ts'
import { failureOf } from '../../../../../src/gpu/run-error.ts'
import { decoded, encoded } from '../../../../../src/gpu/runtimes/elements.ts'
import { IoBinding } from '../../../../../src/gpu/runtimes/onnxruntime/c-api/binding.ts'
import { places } from '../../../../../src/gpu/runtimes/onnxruntime/c-api/functions.ts'
import { OnnxRuntime } from '../../../../../src/gpu/runtimes/onnxruntime/c-api/library.ts'
import { InferenceSession, type SessionOptions } from '../../../../../src/gpu/runtimes/onnxruntime/c-api/session.ts'
import { Allocator, Tensor } from '../../../../../src/gpu/runtimes/onnxruntime/c-api/tensor.ts'
import { Terminator } from '../../../../../src/gpu/runtimes/onnxruntime/c-api/terminator.ts'
import { nativeLibrary, version } from '../../../../../src/gpu/runtimes/onnxruntime/package.ts'
import { slowGraph, temporaryFolder, tinyGraph } from '../../../worker/helpers.ts'

const runtime = new OnnxRuntime(nativeLibrary('cpu'), version)
const options: SessionOptions = { intraOpThreads: 1, graphOptimization: 'all' }

/** A session with its one input bound, seeded, and its one output. */
function bound(graph = tinyGraph) {
  const { model, externalData, inputs, outputs } = exportOnnx(graph)
  const session = new InferenceSession(runtime, model, { ...options, externalData })
  const allocator = new Allocator(session, 'cpu')
  const binding = new IoBinding(session)
  const input = Tensor.make(allocator, 'float32', inputs[0]!.shape)
  input.view().set(encoded('float32', seededInput(0, inputs[0]!.name, input.bytes / 4)))
  binding.input(inputs[0]!.name, input)
  const made = [input, binding, allocator, session]
  return {
    binding,
    allocator,
    name: outputs[0]!.name,
    shape: outputs[0]!.shape,
    own: <T extends { release(): void }>(each: T): T => {
      made.unshift(each as never)
      return each
    },
    release: () => {
      for (const each of made) each.release()
    },
  }
}

test('the version that the table was written for is the one that is loaded; another one is refused', () => {
  assert.equal(runtime.version, version)
  assert.throws(() => new OnnxRuntime(nativeLibrary('cpu'), '1.29.0'), /is ONNX Runtime 1\.30\.0, and 1\.29\.0 is needed/)
  const copied = path.join(temporaryFolder(), 'libc.so.6')
  copyFileSync('/proc/self/exe', copied)
  assert.throws(() => new OnnxRuntime(copied, version))
})

/**
 * Places that ONNX Runtime itself holds with static_assert, so that they can never move (onnxruntime_c_api.cc): the last
 * function of versions 1, 14, 15 and 18 of the API, of which three are used here.
 */
test('the table agrees with the places that ONNX Runtime asserts', () => {
  assert.equal(places.GetBuildInfoString[0], 254)
  assert.equal(places.AddExternalInitializersFromFilesInMemory[0], 279)
  // ReleaseCustomOpDomain, the last of version 1, is 101: the one before it is in use.
  assert.equal(places.ReleaseSessionOptions[0], 100)
  assert.equal(new Set(Object.values(places).map(([index]) => index)).size, Object.keys(places).length, 'no place twice')
})

test('what ONNX Runtime refuses is thrown in its words, with its status, and the next call works', () => {
  const bad = Uint8Array.of(1, 2, 3)
  assert.throws(() => new InferenceSession(runtime, bad, options), { name: 'RuntimeError', status: 'INVALID_PROTOBUF' })
  assert.throws(() => new InferenceSession(runtime, '/no/such/model.onnx', options), { status: 'NO_SUCHFILE' })
  const tiny = bound()
  try {
    assert.throws(() => tiny.binding.run(), { name: 'RuntimeError', status: 'INVALID_ARGUMENT' }, 'no output is bound')
    tiny.binding.output(tiny.name, tiny.own(Tensor.make(tiny.allocator, 'float32', [1, 3])))
    assert.throws(() => tiny.binding.run(), /invalid dimensions for output: fc/)
    assert.throws(
      () => Tensor.make(tiny.allocator, 'float32', [2 ** 40, 2 ** 10]),
      (error) => failureOf(error).code === 'OUT_OF_MEMORY',
    )
  } finally {
    tiny.release()
  }
})

test('an output whose size is not known is made by the run, and can be bound for the next ones', () => {
  const tiny = bound()
  try {
    tiny.binding.outputTo(tiny.name, tiny.allocator)
    tiny.binding.run()
    const [made] = tiny.binding.outputs().map((value) => tiny.own(Tensor.of(runtime, value)))
    assert.deepEqual([made!.type, made!.shape], ['float32', tiny.shape])
    const first = decoded('float32', made!.view())
    assert.ok(first.some((value) => value !== 0))
    tiny.binding.output(tiny.name, made!)
    made!.view().fill(0)
    tiny.binding.run()
    assert.deepEqual(decoded('float32', made!.view()), first, 'written where it was bound')
  } finally {
    tiny.release()
  }
})

test('weights of a few bytes outside the model are found too', () => {
  const graph = verifyGraph({ input: { shape: [1] }, layers: [{ id: 'fc', type: 'Linear', outFeatures: 2 }] })
  const one = bound(graph)
  try {
    const output = one.own(Tensor.make(one.allocator, 'float32', one.shape))
    one.binding.output(one.name, output)
    one.binding.run()
    assert.ok(decoded('float32', output.view()).every((value) => Number.isFinite(value) && value !== 0))
  } finally {
    one.release()
  }
})

test('another thread ends a run, which throws; the session then runs to its end', async (t) => {
  const slow = bound(slowGraph)
  const output = slow.own(Tensor.make(slow.allocator, 'float32', slow.shape))
  slow.binding.output(slow.name, output)
  const terminator = new Terminator(runtime)
  after(() => terminator.close())
  try {
    await terminator.ready()
    const time = (run: () => void) => {
      const start = performance.now()
      run()
      return performance.now() - start
    }
    const whole = time(() => slow.binding.run())
    const expected = decoded('float32', output.view())
    const cut = time(() => assert.throws(() => terminator.run(slow.binding, whole / 10), /terminate flag/))
    t.diagnostic(`${whole.toFixed(0)} ms whole, ${cut.toFixed(0)} ms until it ended`)
    assert.ok(cut < whole, `${cut} of ${whole} ms`)
    output.view().fill(0)
    terminator.run(slow.binding, 600_000)
    assert.deepEqual(decoded('float32', output.view()), expected)
  } finally {
    slow.release()
  }
})

test('failures are told apart: memory, what is not supported, a device that is gone', () => {
  for (const [message, code] of [
    ['CUDA failure 2: out of memory ; GPU=0', 'OUT_OF_MEMORY'],
    ['Failed to allocate memory for requested buffer of size 4096', 'OUT_OF_MEMORY'],
    ['CUDNN failure 3000: CUDNN_STATUS_NOT_SUPPORTED ; GPU=0', 'NOT_SUPPORTED_BY_DEVICE'],
    ['Could not find an implementation for Foo(1) node with name', 'NOT_SUPPORTED_BY_DEVICE'],
    ['CUDA failure 700: an illegal memory access was encountered', 'DEVICE_LOST'],
    ['CUDA failure 999: unknown error', 'DEVICE_LOST'],
    ['CUDA failure 1: invalid argument', 'RUNTIME_ERROR'],
  ] as const)
    assert.equal(failureOf(new Error(message)).code, code, message)
  const status = (name: string) => failureOf(Object.assign(new Error('no'), { status: name })).code
  assert.deepEqual(['NOT_IMPLEMENTED', 'DEVICE_RESET', 'FAIL'].map(status), ['NOT_SUPPORTED_BY_DEVICE', 'DEVICE_LOST', 'RUNTIME_ERROR'])
})
