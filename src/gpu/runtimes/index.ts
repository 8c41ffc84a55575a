/**
 * Every runtime, one line each. Loaded on demand and in the worker process only: a native binding that crashes at load
 * takes the worker with it, not the service.
 */
import type { BackendName, RuntimeName } from '../contract.ts'
import type { Runtime } from './contract.ts'

const runtimes: Record<RuntimeName, (backend: BackendName) => Promise<Runtime>> = {
  onnxruntime: async (backend) => (await import('./onnxruntime/index.ts')).onnxruntimeOn(backend),
  tfjs: async (backend) => (await import('./tfjs/index.ts')).tfjsOn(backend),
}

/** @throws Error where the runtime has no such back end; what its binding throws where it does not load. */
export const loadRuntime = (name: RuntimeName, backend: BackendName): Promise<Runtime> => runtimes[name](backend)
