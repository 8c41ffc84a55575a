/**
 * The folder that `npm run setup:cuda` fills: ONNX Runtime's CUDA provider beside a copy of the npm package that loads it,
 * and the CUDA libraries that both need. It changes nothing in node_modules, where `npm ci` would undo it, and nothing in
 * the system.
 *
 *     onnxruntime-node/   the npm package and onnxruntime-common, with the provider beside libonnxruntime.so.1, which is
 *                         where that looks for it
 *     lib/                CUDA 13's and cuDNN 9's libraries
 *     installed.json      what is in it
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const defaultCudaFolder = fileURLToPath(new URL('../../.cuda', import.meta.url))
export const setupCommand = 'npm run setup:cuda'

/** The contents of the folder; written last, so that an interrupted set-up does not count as one. */
export interface Installed {
  /** Version of onnxruntime-node, and of the wheel the provider is from. */
  onnxruntime: string
  /** The commit that both were built from. */
  commit: string
  /** Wheel files, by the name of their package. */
  wheels: Record<string, string>
}

export const packageFolder = (folder: string): string => path.join(folder, 'onnxruntime-node')
export const libraryFolder = (folder: string): string => path.join(folder, 'lib')
/** Where a platform's native files lie inside the npm package. */
export const nativeFiles = path.join('bin', 'napi-v6', 'linux', 'x64')

/** @returns what is installed, null where nothing is installed completely. */
export function readInstalled(folder: string): Installed | null {
  try {
    return JSON.parse(readFileSync(path.join(folder, 'installed.json'), 'utf8')) as Installed
  } catch {
    return null
  }
}

/** Why the folder does not fit this version of onnxruntime-node; null where it does. */
export function cudaFolderProblem(folder: string, version: string): string | null {
  const installed = readInstalled(folder)
  if (!installed) return `the CUDA provider of ONNX Runtime is not set up: ${folder} does not hold it`
  if (installed.onnxruntime !== version)
    return `the CUDA provider in ${folder} is of version ${installed.onnxruntime}, but onnxruntime-node is ${version}`
  return null
}
