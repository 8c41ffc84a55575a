import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
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
 * The npm package for a kind of device, as `require` takes it: for CUDA the copy that has the provider beside it, where
 * that is set up; else the package as it is, beside which somebody may have put a provider of their own. A process loads
 * one of them, since a worker has one device.
 */
export const packageFor = (kind: DeviceKind): string =>
  kind === 'cuda' && cudaProblem() === null ? packageFolder(cudaFolder()) : 'onnxruntime-node'

/** The package's native library, which its own binding loads too. @throws Error where it has none for this platform. */
export function nativeLibrary(kind: DeviceKind): string {
  const folder = path.join(
    path.dirname(require.resolve(`${packageFor(kind)}/package.json`)),
    'bin',
    'napi-v6',
    process.platform,
    process.arch,
  )
  let names: string[] = []
  try {
    names = readdirSync(folder)
  } catch {
    // Told below.
  }
  const name = names.find((each) => /^(libonnxruntime\.so\.1|libonnxruntime[\d.]*\.dylib)$/.test(each))
  if (!name)
    throw new Error(`onnxruntime-node ${version} has no library for ${process.platform} on ${process.arch}: there is none in ${folder}`)
  return path.join(folder, name)
}
