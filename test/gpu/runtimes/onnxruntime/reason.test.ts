/** What ONNX Runtime throws on CUDA, and what is made of it: the words, whatever stands before them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureOf } from '../../../../src/gpu/run-error.ts'
import { reasonOf } from '../../../../src/gpu/runtimes/onnxruntime/reason.ts'

/** As ONNX Runtime 1.30 threw it on a stand-in for the driver: where a call of CUDA failed, twice, then what failed. */
const signature = (line: number, type: string, none: string) =>
  `/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:${line} std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, const char*, const char*, SUCCTYPE, const char*, const char*, int) [with ERRTYPE = ${type}; bool THRW = true; SUCCTYPE = ${none}; std::conditional_t<THRW, void, common::Status> = void] `
const thrown = (type: string, words: string) => `${signature(154, type, type)}${signature(146, type, type)}${words}`
const where = ' ; GPU=-1 ; hostname=h ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider.cc ; line=352 ; '

const failures: [code: string, type: string, words: string, reason: RegExp][] = [
  [
    'DEVICE_LOST',
    'cudaError',
    'CUDA failure 100: no CUDA-capable device is detected',
    /and CUDA refuses: CUDA failure 100: no CUDA-capable/,
  ],
  ['OUT_OF_MEMORY', 'cudaError', 'CUDA failure 2: out of memory', /and CUDA refuses: CUDA failure 2: out of memory$/],
  [
    'OUT_OF_MEMORY',
    'cudnnStatus_t',
    'CUDNN failure 2002: CUDNN_STATUS_ALLOC_FAILED',
    /a library of CUDA refuses: CUDNN failure 2002: CUDNN_STATUS_/,
  ],
  ['OUT_OF_MEMORY', 'cublasStatus_t', 'CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED', /a library of CUDA refuses: CUBLAS failure 3: /],
  [
    'NOT_SUPPORTED_BY_DEVICE',
    'cudnnStatus_t',
    'CUDNN failure 3000: CUDNN_STATUS_NOT_SUPPORTED',
    /CUDNN failure 3000: CUDNN_STATUS_NOT_SUPPORTED$/,
  ],
]

test('the number and the words of CUDA and its libraries are found behind the source that threw them', () => {
  for (const [code, type, words, expected] of failures) {
    const message = thrown(type, `${words}${where}`)
    assert.ok(message.indexOf(words) > 600, 'far behind')
    const { reason, command } = reasonOf(message, 'cuda')
    assert.match(reason, expected)
    assert.deepEqual([failureOf(new Error(reason)).code, command], [code, null])
  }
})

test('other words are kept to their end, and short ones whole', () => {
  const limit = 'Available memory of 1048576 is smaller than requested bytes of 9437184'
  const { reason } = reasonOf(`Exception during initialization: ${'void* onnxruntime::f(size_t) '.repeat(60)}${limit}`, 'cuda')
  assert.ok(reason.startsWith('…') && reason.endsWith(limit))
  assert.equal(failureOf(new Error(reason)).code, 'OUT_OF_MEMORY')
  assert.equal(reasonOf('  No such\n file ', 'cpu').reason, 'No such file')
})

test('a run that fails says so in the node and the words, without the source between them', () => {
  const node = "Non-zero status code returned while running Conv node. Name:'conv1' Status Message: "
  const { code, message } = failureOf(new Error(node + thrown('cudnnStatus_t', `CUDNN failure 3000: CUDNN_STATUS_NOT_SUPPORTED${where}`)))
  assert.equal(code, 'NOT_SUPPORTED_BY_DEVICE')
  assert.ok(message.includes(`Name:'conv1' Status Message: CUDNN failure 3000: CUDNN_STATUS_NOT_SUPPORTED ; GPU=-1`), message)
  assert.doesNotMatch(message, /CudaCall/)
})
