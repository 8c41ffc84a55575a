import { createRequire } from 'node:module'
import path from 'node:path'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import type { DeviceKind } from '../../contract.ts'
import { RunError } from '../../run-error.ts'

/**
 * A back end of TF.js: where its kernels come from and how it is made active. Which one serves a kind of device is
 * decided here and nowhere else.
 */
export interface TfjsBackend {
  name: string
  maxThreads: number
  /** What the back end was told; recorded with the run. */
  options: Record<string, string | number | boolean>
  /** Makes it the active back end. @throws Error with the reason where it does not work on this host. */
  activate(): Promise<void>
}

/** 65,536 pages of 64 KiB, the memory that the package's module declares as its maximum. */
export const wasmHeapBytes = 2 ** 32

/**
 * The back end takes what `_malloc` gives without a look, and that is 0 where the heap is full: it would go on to write
 * over its own data and answer wrong numbers in silence. So a 0 is made an error.
 */
function refuseFullHeap(): void {
  const { wasm: module } = tf.backend() as unknown as { wasm: { _malloc(bytes: number): number; guarded?: boolean } }
  if (module.guarded) return
  const malloc = module._malloc
  module._malloc = (bytes) => {
    const offset = malloc(bytes)
    if (offset === 0 && bytes > 0)
      throw new RunError('OUT_OF_MEMORY', `the wasm heap of TF.js is full: ${bytes} bytes do not fit into what is left of its 4 GiB`)
    return offset
  }
  module.guarded = true
}

const wasm: TfjsBackend = {
  name: 'wasm',
  // Its threads need web workers under the browser's name, which Node does not have: it runs on one.
  maxThreads: 1,
  options: {},
  async activate() {
    const packageJson = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')
    if (tf.getBackend() !== 'wasm') setWasmPaths(`${path.join(path.dirname(packageJson), 'dist')}${path.sep}`)
    if (!(await tf.setBackend('wasm'))) throw new Error('the wasm back end of TF.js did not start')
    refuseFullHeap()
  },
}

/** The back end for a kind of device, or why there is none. */
export function backendFor(kind: DeviceKind): TfjsBackend | { reason: string; command: string | null } {
  if (kind === 'cpu') return wasm
  return { reason: 'TF.js runs on a GPU through @tensorflow/tfjs-node-gpu, which is not installed here', command: null }
}
