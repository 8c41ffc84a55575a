import { createRequire } from 'node:module'
import type ort from 'onnxruntime-node'
import { cudaFolderProblem, defaultCudaFolder, packageFolder } from '../../cuda-folder.ts'
import type { DeviceKind } from '../../devices/device.ts'

/**
 * ONNX Runtime's own builds send usage events from 1.30 on, on Linux too, and keep an identifier and a log in the
 * temporary folder. This is read at the first session, and turns all of it off.
 */
process.env.ORT_DISABLE_TELEMETRY = '1'

const require = createRequire(import.meta.url)

export const { version } = require('onnxruntime-node/package.json') as { version: string }

/** Folder of the CUDA provider: the worker process is told by its environment. */
const cudaFolder = (): string => process.env.CUDA_DIR || defaultCudaFolder

/** Why there is no provider from the set-up; null where there is one. */
export const cudaProblem = (): string | null => cudaFolderProblem(cudaFolder(), version)

/**
 * The binding for a kind of device: for CUDA the copy that has the provider beside it, where that is set up; else the
 * npm package as it is, beside which somebody may have put a provider of their own. A process loads one of them, since a
 * worker has one device.
 */
export function bindingFor(kind: DeviceKind): typeof ort {
  return require(kind === 'cuda' && cudaProblem() === null ? packageFolder(cudaFolder()) : 'onnxruntime-node') as typeof ort
}
