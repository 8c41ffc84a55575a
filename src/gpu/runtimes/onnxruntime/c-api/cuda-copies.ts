import { createRequire } from 'node:module'
import { RuntimeError } from './error.ts'
import type { Tensor } from './tensor.ts'

const require = createRequire(import.meta.url)

/** Values of `cudaMemcpyKind`. */
const kinds = { hostToDevice: 1, deviceToHost: 2 } as const

type Memcpy = (to: bigint, from: bigint, bytes: number, kind: number) => number
/** Kept for the life of the process: koffi unloads a library once none of its functions is referenced. */
let memcpy: { copy: Memcpy; says: (code: number) => string } | null = null

/** The CUDA runtime that ONNX Runtime's provider has loaded: the same copy of it, since it is asked for by the same name. */
function cudart(): NonNullable<typeof memcpy> {
  if (memcpy) return memcpy
  const koffi = require('koffi') as typeof import('koffi')
  const library = koffi.load('libcudart.so.13')
  memcpy = {
    copy: library.func('cudaMemcpy', 'int', ['void *', 'void *', 'size_t', 'int']) as unknown as Memcpy,
    says: library.func('cudaGetErrorString', 'str', ['int']) as unknown as (code: number) => string,
  }
  return memcpy
}

/**
 * Copies a tensor into another of the same bytes, one on the host and one on the GPU, and returns when it is done.
 * @throws RuntimeError in CUDA's words.
 */
export function copyTensor(from: Tensor, to: Tensor, kind: keyof typeof kinds): void {
  const { copy, says } = cudart()
  const code = copy(to.address, from.address, from.bytes, kinds[kind])
  if (code !== 0) throw new RuntimeError(`CUDA failure ${code}: ${says(code)}`, 11)
}
