/**
 * `node scripts/gpu/pack.ts --into FOLDER [--architecture 90] [--part 30] [--program-only]`: packs the check of ONNX
 * Runtime's C API for a GPU host without a network. `libraries.tar.xz.*`: Node.js and ONNX Runtime with its CUDA provider
 * (`npm run setup:cuda` first), of whose machine code one architecture is kept (90 is Hopper: H100, H200); packing them
 * takes minutes. `program.tar.gz`: this program and the npm packages that it needs. The parts go to the host in whatever
 * order, `check.sh` beside them; there: `sh check.sh`.
 */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { defaultCudaFolder, nativeFiles, packageFolder } from '../../src/gpu/cuda-folder.ts'
import { keepArchitecture } from './fatbin.ts'

const { values: given } = parseArgs({
  options: {
    into: { type: 'string' },
    architecture: { type: 'string', default: '90' },
    part: { type: 'string', default: '30' },
    'program-only': { type: 'boolean', default: false },
    cuda: { type: 'string', default: process.env.CUDA_DIR || defaultCudaFolder },
  },
})
if (!given.into) throw new Error('name a folder for the parts: --into FOLDER')
const into = path.resolve(given.into)
mkdirSync(into, { recursive: true })

/** What `c-api-check.ts` loads. */
const packages = ['@bufbuild/protobuf', '@koromix/koffi-linux-x64', 'fastest-levenshtein', 'koffi', 'onnx-buf', 'typebox']
const root = path.resolve(import.meta.dirname, '..', '..')

function program(staged: string): void {
  const copy = (from: string) => cpSync(path.join(root, from), path.join(staged, from), { recursive: true, dereference: true })
  for (const each of ['src/engine', 'src/gpu', 'scripts/gpu', 'package.json']) copy(each)
  for (const each of packages) copy(`node_modules/${each}`)
  // koffi brings its source, which nothing here compiles, and a build for another C library.
  for (const each of ['koffi/vendor', 'koffi/doc', '@koromix/koffi-linux-x64/musl_x64'])
    rmSync(path.join(staged, 'node_modules', each), { recursive: true, force: true })
  execFileSync('tar', ['-C', staged, '-czf', path.join(into, 'program.tar.gz'), '.'])
}

function libraries(staged: string): void {
  mkdirSync(path.join(staged, 'bin'))
  copyFileSync(realpathSync(process.execPath), path.join(staged, 'bin/node'))
  const library = path.join(staged, 'onnxruntime')
  mkdirSync(library)
  const native = path.join(packageFolder(given.cuda), nativeFiles)
  for (const each of ['libonnxruntime.so.1', 'libonnxruntime_providers_shared.so'])
    copyFileSync(path.join(native, each), path.join(library, each))
  const provider = readFileSync(path.join(native, 'libonnxruntime_providers_cuda.so'))
  const { kept, blanked } = keepArchitecture(provider, Number(given.architecture))
  console.log(`machine code: ${Math.round(kept / 2 ** 20)} MiB kept, ${Math.round(blanked / 2 ** 20)} MiB blanked`)
  writeFileSync(path.join(library, 'libonnxruntime_providers_cuda.so'), provider)
  const stem = path.join(into, 'libraries.tar.xz.')
  execFileSync('sh', ['-c', 'tar -C "$1" -c . | xz -T0 -3 | split -d -b "$3m" - "$2"', 'sh', staged, stem, given.part])
}

copyFileSync(path.join(import.meta.dirname, 'check.sh'), path.join(into, 'check.sh'))
for (const stage of given['program-only'] ? [program] : [program, libraries]) {
  const staged = mkdtempSync(path.join(os.tmpdir(), 'archmeter-pack-'))
  try {
    stage(staged)
  } finally {
    rmSync(staged, { recursive: true, force: true })
  }
}
for (const name of readdirSync(into)) console.log(`${name}: ${(statSync(path.join(into, name)).size / 2 ** 20).toFixed(1)} MiB`)
