import type { BackendName } from '../../contract.ts'
import type { TfjsBackend } from './backend.ts'

const backends: Partial<Record<BackendName, () => Promise<TfjsBackend>>> = {
  tensorflow: async () => (await import('./tensorflow.ts')).tensorflow,
  wasm: async () => (await import('./wasm.ts')).wasm,
}

/** Each loads its own libraries, and none of the other's. @throws Error where TF.js has no such back end. */
export async function openBackend(name: BackendName): Promise<TfjsBackend> {
  const open = backends[name]
  if (!open) throw new Error(`tfjs has no back end ${name}: it has ${Object.keys(backends).join(' and ')}`)
  return open()
}
