/**
 * The folder that `npm run setup:tensorflow` fills: TensorFlow's libraries, laid out as pip lays them out, since they find
 * CUDA's by their place beside them, and the binding of tfjs-node-gpu built on them. It changes nothing in node_modules,
 * where `npm ci` would undo it, and nothing in the system.
 *
 *     site-packages/      tensorflow/ (libraries and headers) and, for GPUs without the next line, nvidia/ (CUDA 12, cuDNN 9)
 *     cuda13/             CUDA 13's libraries of the CUDA folder under the names that TensorFlow opens, and those it has not
 *     tfjs_binding.node   the binding; it knows where site-packages is, so the folder is not moved
 *     installed.json      what is in it
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { libraryFolder } from './cuda-folder.ts'

export const defaultTensorflowFolder = fileURLToPath(new URL('../../.tensorflow', import.meta.url))
export const setupCommand = 'npm run setup:tensorflow'

/** PyPI's package of TensorFlow: `cuda` for hosts with a GPU (it runs on the CPU as well), `cpu` for others. */
export const tensorflowVariants = ['cpu', 'cuda'] as const
export type TensorflowVariant = (typeof tensorflowVariants)[number]

export const cudaLibraries = ['12', '13'] as const
export type CudaLibraries = (typeof cudaLibraries)[number]

/** The contents of the folder; written last, so that an interrupted set-up does not count as one. */
export interface InstalledTensorflow {
  /** Version of @tensorflow/tfjs-node-gpu whose binding was built. */
  tfjsNodeGpu: string
  /** Version of TensorFlow it was built on. */
  tensorflow: string
  variant: TensorflowVariant
  /**
   * Which CUDA libraries it runs on: its own wheels of CUDA 12, or CUDA 13's of the CUDA folder under the names of 12.
   * Absent without CUDA, and in folders that were set up before there was a choice, which have their own.
   */
  cuda?: CudaLibraries
  /** Wheel files, by the name of their package. */
  wheels: Record<string, string>
}

/** The environment tells the worker processes, as it tells the service. */
export const tensorflowFolder = (): string => process.env.TENSORFLOW_DIR || defaultTensorflowFolder
export const sitePackages = (folder: string): string => path.join(folder, 'site-packages')
/** Where CUDA 13's libraries stand under the names of CUDA 12. */
export const cuda13Folder = (folder: string): string => path.join(folder, 'cuda13')
export const bindingFile = (folder: string): string => path.join(folder, 'tfjs_binding.node')

/** @returns what is installed, null where nothing is installed completely. */
export function readTensorflow(folder: string): InstalledTensorflow | null {
  try {
    return JSON.parse(readFileSync(path.join(folder, 'installed.json'), 'utf8')) as InstalledTensorflow
  } catch {
    return null
  }
}

const require = createRequire(import.meta.url)

/** Version of the npm package @tensorflow/tfjs-node-gpu; null where it is not there. */
export function tfjsNodeGpuVersion(): string | null {
  try {
    return (require('@tensorflow/tfjs-node-gpu/package.json') as { version: string }).version
  } catch {
    return null
  }
}

/** Why there is no back end tensorflow from the set-up; null where there is one. */
export function tensorflowProblem(folder = tensorflowFolder()): string | null {
  const installed = readTensorflow(folder)
  if (!installed) return `TensorFlow is not set up: ${folder} does not hold it`
  const version = tfjsNodeGpuVersion()
  if (version === null) return 'the npm package @tensorflow/tfjs-node-gpu is missing, which npm ci installs'
  return installed.tfjsNodeGpu === version
    ? null
    : `the binding in ${folder} was built for tfjs-node-gpu ${installed.tfjsNodeGpu}, which is ${version} now`
}

/** Folders in which TensorFlow's process looks for CUDA's libraries first; none where it brings its own. */
export const tensorflowLibraryFolders = (folder: string, cudaFolder: string): string[] =>
  readTensorflow(folder)?.cuda === '13' ? [cuda13Folder(folder), libraryFolder(cudaFolder)] : []
