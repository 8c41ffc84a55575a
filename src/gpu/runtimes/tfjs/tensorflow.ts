import { createRequire } from 'node:module'
import os from 'node:os'
import util from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import type { RunJob } from '../../contract.ts'
import {
  bindingFile,
  readTensorflow,
  setupCommand,
  tensorflowFolder,
  tensorflowProblem,
  tfjsNodeGpuVersion,
} from '../../tensorflow-folder.ts'
import type { TfjsBackend } from './backend.ts'

/**
 * TensorFlow itself, on a CPU or a GPU, by the kernels of @tensorflow/tfjs-node-gpu on a binding that
 * `npm run setup:tensorflow` builds. The package's own entry looks for a binding inside node_modules and is passed by:
 * its kernels and its back end are loaded one by one.
 */

interface Binding {
  TF_Version: string
}
type NodeBackend = tf.KernelBackend & { isUsingGpuDevice: boolean }

const require = createRequire(import.meta.url)
/** Fixed when the worker process loads this; a later set-up gets a new process. */
const installed = readTensorflow(tensorflowFolder())
/** Threads that TensorFlow of this process was started with; it reads them once. */
let started: { threads: number; version: string } | null = null

/** TensorFlow reads its options from the environment, when the binding is loaded. */
function start(threads: number): void {
  const problem = tensorflowProblem()
  if (problem) throw new Error(problem)
  process.env.TF_NUM_INTRAOP_THREADS = String(threads)
  // One kernel runs at a time, in the order of the layers.
  process.env.TF_NUM_INTEROP_THREADS = '1'
  // Otherwise it would take all of a GPU's memory at once, including that of other processes.
  process.env.TF_FORCE_GPU_ALLOW_GROWTH = 'true'
  // The package calls functions that Node 23 removed and that Node 24 warns about.
  const isNullOrUndefined = (value: unknown): boolean => value === undefined || value === null
  Object.assign(util, { isNullOrUndefined, isArray: Array.isArray })
  require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js')
  const { NodeJSKernelBackend } = require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js') as {
    NodeJSKernelBackend: new (binding: Binding, packageName: string) => NodeBackend
  }
  const binding = require(bindingFile(tensorflowFolder())) as Binding
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu'), 0)
  started = { threads, version: binding.TF_Version }
}

/**
 * Only `isUsingGpuDevice` tells where TensorFlow computes: it falls back to the CPU without an error.
 * @throws Error where that is not the device that was asked for.
 */
function refuseOtherDevice(device: RunJob['device'], version: string): void {
  const { isUsingGpuDevice } = tf.backend() as NodeBackend
  if (isUsingGpuDevice === (device.kind === 'cuda')) return
  if (isUsingGpuDevice)
    throw new Error(`TensorFlow ${version} took a GPU where ${device.name} was asked for: start it with CUDA_VISIBLE_DEVICES set and empty`)
  const why =
    installed?.variant === 'cpu'
      ? 'it was set up without CUDA'
      : 'it found no GPU that it can use, or not all of its CUDA libraries, which its own messages name (they are in the log at level debug)'
  throw new Error(`TensorFlow ${version} would run on the CPU in place of ${device.name}: ${why}`)
}

export const tensorflow: TfjsBackend = {
  name: 'tensorflow',
  version: `tfjs-node-gpu ${tfjsNodeGpuVersion()}, ${installed ? `binding built on TensorFlow ${installed.tensorflow}` : 'without its binding'}`,
  maxThreads: os.availableParallelism(),
  async activate({ device, threads }) {
    if (!started) start(threads)
    const { threads: own, version } = started!
    if (own !== threads)
      throw new Error(`TensorFlow of this process was started with ${own} threads and cannot take ${threads}: that takes another process`)
    if (!(await tf.setBackend('tensorflow'))) throw new Error('the TensorFlow back end of TF.js did not start')
    refuseOtherDevice(device, version)
    return {
      TF_NUM_INTRAOP_THREADS: threads,
      TF_NUM_INTEROP_THREADS: 1,
      isUsingGpuDevice: device.kind === 'cuda',
      ...(device.kind === 'cuda' ? { TF_FORCE_GPU_ALLOW_GROWTH: true } : {}),
    }
  },
  remedy: (kind) => (tensorflowProblem() !== null || (kind === 'cuda' && installed?.variant === 'cpu') ? setupCommand : null),
  // Weights as they are made and as TensorFlow holds them. Measured on a CPU, without the 340 MB of the library itself:
  // VGG-16 at batch 1 peaks at 2.6 times its weights; ResNet-50 and DenseNet-121 at batch 8 at 1.6 and 2.0 times weights
  // and activations together.
  leastMemory: (weightBytes, peakActivationBytes) => 2 * weightBytes + peakActivationBytes,
  memoryLimitBytes: null,
}
