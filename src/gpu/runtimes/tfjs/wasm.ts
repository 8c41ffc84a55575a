import { createRequire } from 'node:module'
import path from 'node:path'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import { RunError } from '../../run-error.ts'
import type { TfjsBackend } from './backend.ts'

/** 65,536 pages of 64 KiB, the memory that the package's module declares as its maximum. */
const heapBytes = 2 ** 32

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

/** WebAssembly, on a CPU: comes with the project and runs wherever Node does. */
export const wasm: TfjsBackend = {
  name: 'wasm',
  version: tf.version_core,
  // Its threads need the browser's web workers, which Node does not have, so it runs on one thread.
  maxThreads: 1,
  async activate({ device }) {
    if (device.kind !== 'cpu') throw new Error(`the wasm back end of TF.js runs on a CPU alone, not on ${device.name}`)
    const packageJson = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')
    if (tf.getBackend() !== 'wasm') setWasmPaths(`${path.join(path.dirname(packageJson), 'dist')}${path.sep}`)
    if (!(await tf.setBackend('wasm'))) throw new Error('the wasm back end of TF.js did not start')
    refuseFullHeap()
    return {}
  },
  remedy: () => null,
  // Weights in their own layout and in the kernels'. Measured: VGG-16 at batch 1 peaks at 1.8 times its weights;
  // ResNet-50 and DenseNet-121 at batch 8 at 1.7 and 1.4 times this sum.
  leastMemory: (weightBytes, peakActivationBytes) => 1.7 * weightBytes + peakActivationBytes,
  memoryLimitBytes: heapBytes,
}
