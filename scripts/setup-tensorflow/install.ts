import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Device } from '../../src/gpu/devices/device.ts'
import {
  bindingFile,
  type CudaLibraries,
  type InstalledTensorflow,
  readTensorflow,
  sitePackages,
  type TensorflowVariant,
  tensorflowProblem,
  tfjsNodeGpuVersion,
} from '../../src/gpu/tensorflow-folder.ts'
import { findPython, removePython, run, SetupError, unpackWheel, works } from '../wheels.ts'
import { cuda13Packages, defaultCuda, linkCuda13 } from './cuda13.ts'

export const tensorflowVersion = '2.21.0'

/** PyPI's package of each variant, and what it takes with all that it brings, MB: the folder, and the largest wheel beside it. */
const variants: Record<TensorflowVariant, { name: string; unpackedMB: number; wheelMB: number }> = {
  cpu: { name: 'tensorflow-cpu', unpackedMB: 880, wheelMB: 280 },
  cuda: { name: 'tensorflow', unpackedMB: 6500, wheelMB: 750 },
}
/** What of the variant `cuda` is left to bring where CUDA 13 is there: TensorFlow itself and three libraries. */
const besideCuda13 = { unpackedMB: 2400, wheelMB: 750 }
/** The libraries, the headers that the binding includes, and the list of what the wheel needs. */
const ofTensorflow =
  '^tensorflow/libtensorflow_(cc|framework)\\.so|^tensorflow/include/(tensorflow/c|tensorflow/core/platform|tsl/platform|xla/tsl/c)/|\\.dist-info/METADATA$'
/** Libraries, and the programs that TensorFlow calls; no headers. */
const ofCuda = '^nvidia/(?!.*/include/).*(?<!\\.py)$'

/**
 * Fills the folder: wheel by wheel, and one that is there already is not brought again, so that a set-up that was cut
 * off goes on where it stopped.
 * @param asked null: with CUDA where the host has a GPU, and on others what is there already, or without.
 * @param libraries whose CUDA; null: what is there already, else 13 where the CUDA folder holds it, else the wheels of 12.
 * @throws SetupError with what would be right.
 */
export async function installTensorflow(
  folder: string,
  asked: TensorflowVariant | null,
  devices: readonly Device[],
  libraries: { asked: CudaLibraries | null; cudaFolder: string },
  say: (line: string) => void,
): Promise<InstalledTensorflow> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new SetupError(
      `TensorFlow ${tensorflowVersion} is set up on Linux on x64 alone, and this is ${process.platform} on ${process.arch}: the back end wasm of tfjs works here`,
    )
  const tfjsNodeGpu = tfjsNodeGpuVersion()
  if (tfjsNodeGpu === null) throw new SetupError('the npm package @tensorflow/tfjs-node-gpu is missing: run npm ci first')
  const whole = tensorflowProblem(folder) === null ? readTensorflow(folder) : null
  const hasGpu = devices.some(({ kind }) => kind === 'cuda')
  const variant = asked ?? (hasGpu ? 'cuda' : (whole?.variant ?? 'cpu'))
  const cuda =
    variant === 'cpu' ? null : (libraries.asked ?? (whole?.variant === 'cuda' ? (whole.cuda ?? '12') : defaultCuda(libraries.cudaFolder)))
  if (whole?.variant === variant && whole.tensorflow === tensorflowVersion && (cuda === null || cuda === (whole.cuda ?? '12'))) {
    say(`everything is in ${folder} already`)
    return whole
  }
  const compiler = findCompiler()
  mkdirSync(folder, { recursive: true })
  const python = findPython(folder, 'TensorFlow')
  rmSync(path.join(folder, 'installed.json'), { force: true })
  const wheels = await bring(folder, variant, cuda, python, say)
  if (cuda === '13') linkCuda13(folder, libraries.cudaFolder)
  say('building the binding, which takes about half a minute')
  await build(compiler, folder)
  const installed: InstalledTensorflow = { tfjsNodeGpu, tensorflow: tensorflowVersion, variant, ...(cuda ? { cuda } : {}), wheels }
  writeWhole(path.join(folder, 'installed.json'), installed)
  removePython(folder)
  rmSync(path.join(folder, 'progress.json'), { force: true })
  return installed
}

/** A C++ compiler. @throws SetupError where there is none. */
function findCompiler(): string {
  const compiler = process.env.CXX || 'g++'
  if (works(compiler, ['--version'])) return compiler
  throw new SetupError(
    `${compiler} is missing, which builds the binding: on Debian or Ubuntu, apt-get install g++; another compiler goes into CXX`,
  )
}

/** Every wheel of the variant. @returns their files by package. */
async function bring(
  folder: string,
  variant: TensorflowVariant,
  cuda: CudaLibraries | null,
  python: string,
  say: (line: string) => void,
): Promise<Record<string, string>> {
  const { name } = variants[variant]
  const progress = path.join(folder, 'progress.json')
  const own = `${name}==${tensorflowVersion}`
  let wheels = readProgress(progress, own)
  if (Object.keys(wheels).length === 0) {
    wheels = {}
    rmSync(sitePackages(folder), { recursive: true, force: true })
  }
  checkSpace(folder, cuda === '13' ? besideCuda13 : variants[variant])
  const fetch = async (requirement: string, members: string, place: string) => {
    if (requirement in wheels) return
    say(`${place}: ${requirement}`)
    wheels[requirement] = await unpackWheel(python, requirement, members, sitePackages(folder), path.join(folder, 'download'))
    writeWhole(progress, wheels)
  }
  await fetch(own, ofTensorflow, variant === 'cpu' ? 'TensorFlow, the one wheel' : 'TensorFlow, the first wheel')
  const needed = cuda === '13' ? cuda13Packages : cuda === '12' ? cudaRequirements(folder, name) : []
  for (const [i, requirement] of needed.entries())
    await fetch(requirement, cuda === '13' ? '\\.so[0-9.]*$' : ofCuda, `CUDA, ${i + 1} of ${needed.length}`)
  return wheels
}

/** What was brought before; nothing where that was of another version or variant. */
function readProgress(file: string, own: string): Record<string, string> {
  try {
    const wheels = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
    return own in wheels ? wheels : {}
  } catch {
    return {}
  }
}

/** NVIDIA's packages, as TensorFlow's own metadata ask for them. */
function cudaRequirements(folder: string, name: string): string[] {
  const info = readdirSync(sitePackages(folder)).find((each) => each === `${name}-${tensorflowVersion}.dist-info`)
  const metadata = info ? readFileSync(path.join(sitePackages(folder), info, 'METADATA'), 'utf8') : ''
  const needed = [...metadata.matchAll(/^Requires-Dist: (nvidia-[^;]+?)\s*;\s*extra == ["']and-cuda["']\s*$/gm)].map((match) => match[1]!)
  if (needed.length === 0) throw new SetupError(`the metadata of ${name} ${tensorflowVersion} name no CUDA packages`)
  return needed
}

function checkSpace(folder: string, { unpackedMB, wheelMB }: { unpackedMB: number; wheelMB: number }): void {
  const { bavail, bsize } = statfsSync(folder)
  const free = Math.floor((bavail * bsize) / 1e6)
  const needed = unpackedMB + wheelMB
  if (free < needed)
    throw new SetupError(
      `up to ${needed} MB are needed in ${folder}, and ${free} MB are free: make room, or set TENSORFLOW_DIR to a folder elsewhere`,
    )
}

/** The package's own sources, unchanged, linked with the libraries where they are: they look for CUDA's beside themselves. */
async function build(compiler: string, folder: string): Promise<void> {
  const require = createRequire(import.meta.url)
  const sources = path.join(path.dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json')), 'binding')
  const headers = path.join(path.dirname(require.resolve('node-api-headers/package.json')), 'include')
  const tensorflow = path.join(sitePackages(path.resolve(folder)), 'tensorflow')
  const part = `${bindingFile(folder)}.part`
  const flags = ['-shared', '-fPIC', '-O2', '-std=c++17', '-DNAPI_VERSION=8', '-I', headers, '-I', path.join(tensorflow, 'include')]
  const files = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => path.join(sources, name))
  const libraries = ['-L', tensorflow, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', `-Wl,-rpath,${tensorflow}`]
  await run(compiler, [...flags, '-o', part, ...files, ...libraries])
  renameSync(part, bindingFile(folder))
}

function writeWhole(file: string, content: object): void {
  writeFileSync(`${file}.part`, `${JSON.stringify(content, null, 2)}\n`)
  renameSync(`${file}.part`, file)
}
