import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, failureOf, RunError } from '../../src/gpu/run-error.ts'

/** What the libraries say: seen on an H200 or in their own sources, as named. */
const said: [code: string | null, words: string, source: string][] = [
  ['OUT_OF_MEMORY', 'Failed to allocate memory for requested buffer of size 1073741824', 'ONNX Runtime, bfc_arena.cc'],
  ['OUT_OF_MEMORY', 'Available memory of 100 is smaller than requested bytes of 200', 'ONNX Runtime, bfc_arena.cc'],
  ['OUT_OF_MEMORY', 'CUDA failure 2: out of memory ; GPU=0 ; hostname=h ; file=cuda_allocator.cc', 'ONNX Runtime, cuda_call.cc'],
  ['OUT_OF_MEMORY', 'CUDNN failure 2002: CUDNN_STATUS_ALLOC_FAILED ; GPU=0', 'ONNX Runtime, cuda_call.cc'],
  ['OUT_OF_MEMORY', 'CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0', 'ONNX Runtime, cuda_call.cc'],
  ['OUT_OF_MEMORY', 'OOM when allocating tensor with shape[64,64,112,112] and type float', 'TensorFlow, op_kernel.cc'],
  ['OUT_OF_MEMORY', 'RESOURCE_EXHAUSTED: failed to allocate', 'TensorFlow, status'],
  ['OUT_OF_MEMORY', 'std::bad_alloc', 'C++'],
  [
    'NOT_SUPPORTED_BY_DEVICE',
    'CUDNN failure 3000: CUDNN_STATUS_NOT_SUPPORTED ; GPU=0 ; expr=cudnnSetTensorNdDescriptor',
    'seen on an H200',
  ],
  ['NOT_SUPPORTED_BY_DEVICE', 'CUDA failure 209: no kernel image is available for execution on the device ; GPU=0', 'driver_types.h'],
  ['NOT_SUPPORTED_BY_DEVICE', 'No algorithm worked! Error messages: Profiling failure on CUDNN engine', 'TensorFlow, conv_ops'],
  ['DEVICE_LOST', 'CUDA failure 700: an illegal memory access was encountered ; GPU=0', 'driver_types.h'],
  ['DEVICE_LOST', 'CUDA failure 719: unspecified launch failure ; GPU=0', 'driver_types.h'],
  ['DEVICE_LOST', 'CUDA failure 100: no CUDA-capable device is detected ; GPU=-1', 'seen without a device'],
  ['DEVICE_LOST', 'could not synchronize on CUDA context: CUDA_ERROR_ILLEGAL_ADDRESS', 'TensorFlow, cuda_driver'],
  [null, 'Non-zero status code returned while running Reshape node', 'ONNX Runtime'],
  [null, 'CUDA failure 1: invalid argument ; GPU=0', 'driver_types.h'],
]

test('what runtimes and CUDA’s libraries say is told apart: out of memory, not supported, device lost', () => {
  for (const [code, words, source] of said) assert.equal(codeOf(words), code, `${words} (${source})`)
})

test('a failure keeps the words and says what helps; errors of our own keep their code', () => {
  const { code, message } = failureOf(new Error('CUDA failure 2: out of memory'))
  assert.equal(code, 'OUT_OF_MEMORY')
  assert.match(message, /^memory ran out: CUDA failure 2: out of memory; use a smaller batch/)
  assert.deepEqual(failureOf(new RunError('TENSOR_TOO_LARGE', 'out of memory it is not')), {
    code: 'TENSOR_TOO_LARGE',
    message: 'out of memory it is not',
  })
  assert.equal(failureOf('anything').code, 'RUNTIME_ERROR')
})
