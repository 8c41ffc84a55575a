import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { type Installed, libraryFolder, nativeFiles, packageFolder, readInstalled } from '../../src/gpu/cuda-folder.ts'
import { findPython, removePython, SetupError, unpackWheel } from '../wheels.ts'

/** A PyPI package whose libraries are brought, and about what it takes, MB: as a wheel and unpacked. */
export interface CudaPackage {
  name: string
  /** In pip's words. */
  versions: string
  downloadMB: number
  unpackedMB: number
}

/** The CUDA libraries that the provider needs: the first three when it loads, the others when it runs. */
export const cudaPackages: readonly CudaPackage[] = [
  { name: 'nvidia-cuda-runtime', versions: '~=13.0', downloadMB: 3, unpackedMB: 1 },
  { name: 'nvidia-curand', versions: '~=10.0', downloadMB: 77, unpackedMB: 105 },
  { name: 'nvidia-cublas', versions: '~=13.0', downloadMB: 444, unpackedMB: 610 },
  { name: 'nvidia-cuda-nvrtc', versions: '~=13.0', downloadMB: 58, unpackedMB: 150 },
  { name: 'nvidia-nvjitlink', versions: '~=13.0', downloadMB: 47, unpackedMB: 117 },
  { name: 'nvidia-cufft', versions: '~=12.0', downloadMB: 165, unpackedMB: 240 },
  { name: 'nvidia-cudnn-cu13', versions: '~=9.0', downloadMB: 517, unpackedMB: 940 },
]
const provider = { name: 'onnxruntime-gpu', downloadMB: 247, unpackedMB: 365 }

const require = createRequire(import.meta.url)
/** Folder of an npm package; its package.json may not be exported, so it is told by its name. */
function npmPackage(name: string): string {
  const file = require.resolve(name)
  return file.slice(0, file.lastIndexOf(path.join('node_modules', name)) + path.join('node_modules', name).length)
}

/**
 * Fills the folder: each package apart, and one that is there already is not brought again, so that a set-up that was
 * cut off goes on where it stopped.
 * @throws SetupError with what would be right.
 */
export async function installCuda(folder: string, say: (line: string) => void, packages = cudaPackages): Promise<Installed> {
  const npm = npmPackage('onnxruntime-node')
  const { version } = JSON.parse(readFileSync(path.join(npm, 'package.json'), 'utf8')) as { version: string }
  const library = path.join(npm, nativeFiles, 'libonnxruntime.so.1')
  if (!existsSync(library))
    throw new SetupError(`onnxruntime-node ${version} has no library for Linux on x64: it was looked for at ${library}`)
  const whole = readInstalled(folder)
  if (whole && whole.onnxruntime === version && packages.every(({ name }) => name in whole.wheels)) {
    say(`everything is in ${folder} already, for onnxruntime-node ${version}`)
    return whole
  }
  const progress = path.join(folder, 'progress.json')
  mkdirSync(folder, { recursive: true })
  const python = findPython(folder, 'CUDA')
  rmSync(path.join(folder, 'installed.json'), { force: true })
  const wheels = readWheels(progress)
  const required = [{ ...provider, versions: `==${version}` }, ...packages]
  const missing = required.filter(({ name, versions }) => !isThere(wheels, name, versions))
  checkSpace(folder, missing)
  const own = path.join(folder, 'provider')
  for (const [i, { name, versions, downloadMB }] of missing.entries()) {
    say(`${i + 1} of ${missing.length}: ${name}${versions}, about ${downloadMB} MB`)
    const ofProvider = name === provider.name
    const libraries = ofProvider ? 'capi/libonnxruntime(_providers_(cuda|shared)\\.so|\\.so\\.[0-9.]+)$' : '\\.so[0-9.]*$'
    const unpacked = path.join(folder, 'unpacked')
    rmSync(unpacked, { recursive: true, force: true })
    wheels[name] = await unpackWheel(python, `${name}${versions}`, libraries, unpacked, path.join(folder, 'download'))
    moveFlat(unpacked, ofProvider ? own : libraryFolder(folder), `${wheels[name]} has no library that matches ${libraries}`)
    writeFileSync(progress, JSON.stringify(wheels))
  }
  const commit = sameCommit(library, path.join(own, `libonnxruntime.so.${version}`), version)
  copyPackage(npm, folder, own)
  const installed: Installed = { onnxruntime: version, commit, wheels }
  writeFileSync(path.join(folder, 'installed.json.part'), `${JSON.stringify(installed, null, 2)}\n`)
  renameSync(path.join(folder, 'installed.json.part'), path.join(folder, 'installed.json'))
  removePython(folder)
  return installed
}

/** Moves every file of a tree into one folder, where the loader finds it. @throws SetupError where there is none. */
function moveFlat(tree: string, into: string, none: string): void {
  const files = existsSync(tree) ? readdirSync(tree, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()) : []
  if (files.length === 0) throw new SetupError(none)
  mkdirSync(into, { recursive: true })
  for (const { parentPath, name } of files) renameSync(path.join(parentPath, name), path.join(into, name))
  rmSync(tree, { recursive: true, force: true })
}

function readWheels(progress: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(progress, 'utf8')) as Record<string, string>
  } catch {
    return {}
  }
}

/** Of the provider the very version; of CUDA any that was brought. */
const isThere = (wheels: Record<string, string>, name: string, versions: string): boolean =>
  name in wheels && (!versions.startsWith('==') || wheels[name]!.split('-')[1] === versions.slice(2))

function checkSpace(folder: string, missing: readonly { downloadMB: number; unpackedMB: number }[]): void {
  if (missing.length === 0) return
  const { bavail, bsize } = statfsSync(folder)
  const largest = Math.max(...missing.map(({ downloadMB }) => downloadMB))
  const needed = missing.reduce((sum, { unpackedMB }) => sum + unpackedMB, largest + 350)
  const free = Math.floor((bavail * bsize) / 1e6)
  if (free < needed)
    throw new SetupError(
      `about ${needed} MB are needed in ${folder}, and ${free} MB are free: make room, or set CUDA_DIR to a folder elsewhere`,
    )
}

/** The commit an ONNX Runtime library says it was built from. */
export function commitOf(library: Uint8Array): string | null {
  const bytes = Buffer.from(library.buffer, library.byteOffset, library.byteLength)
  const at = bytes.indexOf('git-commit-id=')
  return at < 0 ? null : (/^git-commit-id=([0-9a-f]+)/.exec(bytes.subarray(at, at + 64).toString('latin1'))?.[1] ?? null)
}

/**
 * A provider works with the library of its own build alone: the interface between them has no version.
 * @throws SetupError where the two differ, or one does not say.
 */
function sameCommit(npmLibrary: string, wheelLibrary: string, version: string): string {
  const [ours, theirs] = [npmLibrary, wheelLibrary].map((file) => commitOf(readFileSync(file)))
  if (!ours || ours !== theirs)
    throw new SetupError(
      `onnxruntime-node ${version} was built from commit ${ours ?? 'unknown'} and the wheel of the same version from ${theirs ?? 'unknown'}: the provider would not fit. Install a version of onnxruntime-node that matches.`,
    )
  return ours
}

/** The npm package as it is, with the provider beside its library, by a link: 272 MB that lie there once. */
function copyPackage(npm: string, folder: string, providerFolder: string): void {
  const copy = packageFolder(folder)
  const part = `${copy}.part`
  rmSync(part, { recursive: true, force: true })
  for (const name of ['package.json', 'dist', nativeFiles]) cpSync(path.join(npm, name), path.join(part, name), { recursive: true })
  cpSync(npmPackage('onnxruntime-common'), path.join(part, 'node_modules', 'onnxruntime-common'), { recursive: true })
  for (const name of ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'])
    linkSync(path.join(providerFolder, name), path.join(part, nativeFiles, name))
  rmSync(copy, { recursive: true, force: true })
  renameSync(part, copy)
}
