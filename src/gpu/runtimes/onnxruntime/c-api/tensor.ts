import { createRequire } from 'node:module'
import { type ElementType, elements, elementType } from '../../elements.ts'
import type { Handle, OnnxRuntime } from './library.ts'
import type { InferenceSession } from './session.ts'

const require = createRequire(import.meta.url)

/**
 * Where a tensor lies, as `CreateMemoryInfo` takes it: name, kind of allocator (1: the session's arena), device and kind
 * of memory (0: the device's own, -1: memory of the host that the device reaches).
 */
const places = {
  cpu: ['Cpu', 1, 0, 0],
  cuda: ['Cuda', 1, 0, 0],
  /** Memory of the host that is locked for the GPU's copies. */
  pinned: ['CudaPinned', 1, 0, -1],
} as const
export type TensorPlace = keyof typeof places

/** An allocator of a session for one kind of memory. */
export class Allocator {
  readonly runtime: OnnxRuntime
  readonly handle: Handle
  /** The kind of memory, for outputs whose size only the runtime knows. */
  readonly memory: Handle

  constructor({ runtime, handle: session }: InferenceSession, place: TensorPlace) {
    const { api } = runtime
    const [name, allocator, device, kind] = places[place]
    this.runtime = runtime
    this.memory = runtime.made((out) => api.CreateMemoryInfo(name, allocator, device, kind, out))
    try {
      this.handle = runtime.made((out) => api.CreateAllocator(session, this.memory, out))
    } catch (error) {
      api.ReleaseMemoryInfo(this.memory)
      throw error
    }
  }

  release(): void {
    const { api } = this.runtime
    api.ReleaseAllocator(this.handle)
    api.ReleaseMemoryInfo(this.memory)
  }
}

/** A tensor in memory that ONNX Runtime owns and nothing moves, so that it can be bound once and run many times. */
export class Tensor {
  readonly handle: Handle
  readonly address: bigint
  readonly type: ElementType
  readonly shape: readonly number[]
  readonly bytes: number
  readonly #runtime: OnnxRuntime

  /** @param handle An `OrtValue` of that type and shape, which is the tensor's to release. */
  private constructor(runtime: OnnxRuntime, handle: Handle, type: ElementType, shape: readonly number[]) {
    this.#runtime = runtime
    this.handle = handle
    this.type = type
    this.shape = shape
    this.bytes = shape.reduce((product, size) => product * size, elements[type].bytes)
    this.address = runtime.made((out) => runtime.api.GetTensorMutableData(handle, out))
  }

  /** Allocates one, its numbers undefined. @throws RuntimeError where memory runs out. */
  static make({ runtime, handle: allocator }: Allocator, type: ElementType, shape: readonly number[]): Tensor {
    const sizes = BigInt64Array.from(shape, BigInt)
    const { code } = elements[type]
    const handle = runtime.made((out) => runtime.api.CreateTensorAsOrtValue(allocator, sizes, sizes.length, code, out))
    return new Tensor(runtime, handle, type, shape)
  }

  /** The tensor that a run made. @throws Error where it holds text or complex numbers. */
  static of(runtime: OnnxRuntime, handle: Handle): Tensor {
    const { api } = runtime
    const info = runtime.made((out) => api.GetTensorTypeAndShape(handle, out))
    try {
      const code = new Int32Array(1)
      runtime.check(api.GetTensorElementType(info, code))
      const type = elementType(code[0]!)
      const sizes = new BigInt64Array(Number(runtime.made((out) => api.GetDimensionsCount(info, out))))
      runtime.check(api.GetDimensions(info, sizes, sizes.length))
      return new Tensor(runtime, handle, type, Array.from(sizes, Number))
    } finally {
      api.ReleaseTensorTypeAndShapeInfo(info)
    }
  }

  /**
   * Its bytes as they lie on the host, float16 as its bits. They are ONNX Runtime's: not to be used after `release`, and
   * not there where the tensor lies on the device.
   */
  view(): Uint8Array<ArrayBuffer> {
    return new Uint8Array((require('koffi') as typeof import('koffi')).view(this.address, this.bytes))
  }

  release(): void {
    this.#runtime.api.ReleaseValue(this.handle)
  }
}
