/**
 * `node scripts/gpu/pack.ts --into FOLDER [--architecture 90] [--part 30] [--program-only]`: packs the checks of a
 * GPU for a host without a network. `libraries.tar.xz.*`: Node.js and ONNX Runtime with its CUDA provider
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

const root = path.resolve(import.meta.dirname, '..', '..')

/** What the checks load, with all that it depends on. */
const packages = closure([
  '@bufbuild/protobuf',
  '@koromix/koffi-linux-x64',
  'fast-xml-parser',
  'fastest-levenshtein',
  'koffi',
  'onnx-buf',
  'onnxruntime-common',
  'p-timeout',
  'typebox',
])
function closure(names: readonly string[]): string[] {
  const found = new Set<string>()
  const add = (name: string) => {
    if (found.has(name)) return
    found.add(name)
    const { dependencies = {} } = JSON.parse(readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>
    }
    for (const each of Object.keys(dependencies)) add(each)
  }
  for (const name of names) add(name)
  return [...found]
}

function program(staged: string): void {
  const copy = (from: string) => cpSync(path.join(root, from), path.join(staged, from), { recursive: true, dereference: true })
  for (const each of ['src/engine', 'src/gpu', 'scripts/gpu', 'scripts/setup-tensorflow', 'scripts/wheels.ts', 'package.json']) copy(each)
  // Without its natives, which come with the provider.
  for (const each of ['package.json', 'dist']) copy(`node_modules/onnxruntime-node/${each}`)
  for (const each of packages) copy(`node_modules/${each}`)
  // koffi brings its source, which nothing here compiles, and a build for another C library.
  for (const each of ['koffi/vendor', 'koffi/doc', '@koromix/koffi-linux-x64/musl_x64'])
    rmSync(path.join(staged, 'node_modules', each), { recursive: true, force: true })
  execFileSync('tar', ['-C', staged, '-czf', path.join(into, 'program.tar.gz'), '.'])
}

function libraries(staged: string): void {
  mkdirSync(path.join(staged, 'bin'))
  copyFileSync(realpathSync(process.execPath), path.join(staged, 'bin/node'))
  const cuda = path.join(staged, '.cuda')
  cpSync(packageFolder(given.cuda), packageFolder(cuda), { recursive: true, dereference: true })
  copyFileSync(path.join(given.cuda, 'installed.json'), path.join(cuda, 'installed.json'))
  const providerFile = path.join(packageFolder(cuda), nativeFiles, 'libonnxruntime_providers_cuda.so')
  const provider = readFileSync(providerFile)
  const { kept, blanked } = keepArchitecture(provider, Number(given.architecture))
  console.log(`machine code: ${Math.round(kept / 2 ** 20)} MiB kept, ${Math.round(blanked / 2 ** 20)} MiB blanked`)
  writeFileSync(providerFile, provider)
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
