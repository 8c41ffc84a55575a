/**
 * Every runtime, one line each. Loaded on demand and in the worker process only: a native binding that crashes at load
 * takes the worker with it, not the service.
 */
import type { Runtime, RuntimeName } from '../contract.ts'

const runtimes: Record<RuntimeName, () => Promise<Runtime>> = {
  onnxruntime: async () => (await import('./onnxruntime/index.ts')).onnxruntime,
  tfjs: async () => (await import('./tfjs/index.ts')).tfjs,
}

/** @throws what its binding throws where it does not load. */
export const loadRuntime = (name: RuntimeName): Promise<Runtime> => runtimes[name]()
