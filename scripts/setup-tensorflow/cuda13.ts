/**
 * CUDA 13's libraries for TensorFlow, which is built for CUDA 12: under the names that it opens. They have kept the
 * interfaces that it uses (measured on an H200: six networks agree with ONNX Runtime), which nobody promises, so the
 * set-up ends with a check that outputs agree, and takes the wheels of CUDA 12 where they do not. It saves some 4 GB
 * beside the CUDA folder.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { libraryFolder, readInstalled } from '../../src/gpu/cuda-folder.ts'
import { type CudaLibraries, cuda13Folder, sitePackages } from '../../src/gpu/tensorflow-folder.ts'
import { SetupError } from '../wheels.ts'

/** What the CUDA folder does not have: cuSOLVER and cuSPARSE of CUDA 13, and CUDA 12's runtime, which TensorFlow is linked with. */
export const cuda13Packages = ['nvidia-cusolver~=12.0', 'nvidia-cusparse~=12.6', 'nvidia-cuda-runtime-cu12~=12.5']

/** The name that TensorFlow opens, and the library of CUDA 13 that answers to it. */
const names: readonly [opened: string, library: string][] = [
  ['libcublas.so.12', 'libcublas.so.13'],
  ['libcublasLt.so.12', 'libcublasLt.so.13'],
  ['libcufft.so.11', 'libcufft.so.12'],
  ['libcusolver.so.11', 'libcusolver.so.12'],
  ['libcusparse.so.12', 'libcusparse.so.12'],
  ['libcudart.so.12', 'libcudart.so.12'],
  ['libcudnn.so.9', 'libcudnn.so.9'],
]

/** 13 where `npm run setup:cuda` has brought it, else the wheels of 12. */
export const defaultCuda = (cudaFolder: string): CudaLibraries => (readInstalled(cudaFolder) ? '13' : '12')

/**
 * Makes the folder of names: relative links, so that both folders can be moved together.
 * @throws SetupError naming the library that is missing.
 */
export function linkCuda13(folder: string, cudaFolder: string): void {
  const into = path.resolve(cuda13Folder(folder))
  rmSync(into, { recursive: true, force: true })
  mkdirSync(into, { recursive: true })
  const places = [path.resolve(libraryFolder(cudaFolder)), ...nvidiaFolders(path.resolve(sitePackages(folder)))]
  const link = (opened: string, library: string) => {
    const place = places.find((each) => existsSync(path.join(each, library)))
    if (!place)
      throw new SetupError(
        `${library} is in none of ${places.join(', ')}: npm run setup:cuda first, or npm run setup:tensorflow -- --cuda 12`,
      )
    symlinkSync(path.relative(into, path.join(place, library)), path.join(into, opened))
  }
  for (const [opened, library] of names) link(opened, library)
  // cuSOLVER opens the newer name as well.
  link('libcusolver.so.12', 'libcusolver.so.12')
}

/** Where wheels of NVIDIA put their libraries: nvidia/<what>/lib. */
function nvidiaFolders(site: string): string[] {
  const nvidia = path.join(site, 'nvidia')
  return existsSync(nvidia) ? readdirSync(nvidia).map((each) => path.join(nvidia, each, 'lib')) : []
}
