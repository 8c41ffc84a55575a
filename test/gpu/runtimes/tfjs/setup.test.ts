/** What `npm run setup:tensorflow` refuses, each provoked on a PATH that lacks it; the set-up itself is a leg of CI. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tensorflowProblem, tfjsNodeGpuVersion } from '../../../../src/gpu/tensorflow-folder.ts'
import { temporaryFolder } from '../../worker/helpers.ts'

const main = fileURLToPath(new URL('../../../../scripts/setup-tensorflow/main.ts', import.meta.url))
const work = temporaryFolder()

/** Runs the set-up where these programs alone are on the PATH; each is a script of these lines. */
function setUp(name: string, programs: Record<string, string>, args: readonly string[] = []) {
  const bin = path.join(work, name)
  mkdirSync(bin)
  symlinkSync('/bin/sh', path.join(bin, 'sh'))
  for (const [program, lines] of Object.entries(programs)) writeFileSync(path.join(bin, program), `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
  const folder = path.join(work, `${name}-folder`)
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], {
    env: { PATH: bin, TENSORFLOW_DIR: folder, HOME: work },
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, stderr, folder }
}

const linux = { skip: process.platform === 'linux' && process.arch === 'x64' ? false : 'it is for Linux on x64' }

test('without a compiler, without Python, and without pip and venv: refused with the package that has it', linux, () => {
  const without = setUp('nothing', {})
  assert.equal(without.status, 1)
  assert.match(without.stderr, /^setup:tensorflow: g\+\+ is missing.*apt-get install g\+\+/)
  assert.match(setUp('compiler', { 'g++': 'exit 0' }).stderr, /python3 is missing.*apt-get install python3-venv/)
  const bare = setUp('bare', { 'g++': 'exit 0', python3: '[ "$1" = --version ]' })
  assert.equal(bare.status, 1)
  assert.match(bare.stderr, /neither pip nor venv.*apt-get install python3-venv/)
  assert.deepEqual(readdirSync(bare.folder), [])
})

test('a pip that fails is a refusal, nothing counts as set up, and the next call begins with what is missing', linux, () => {
  const failed = setUp('failing', {
    'g++': 'exit 0',
    python3: 'case "$3" in --version) exit 0 ;; esac\necho "$*" >&2\n[ "$1" = --version ]',
  })
  assert.equal(failed.status, 1)
  assert.match(failed.stderr, /pip download .*tensorflow-cpu==2\.21\.0/)
  assert.match(failed.stderr, /python3 failed \(code 1\)/)
  assert.match(tensorflowProblem(failed.folder)!, /TensorFlow is not set up: .* does not hold it/)
})

test('an option that is none is refused with a list of the known ones', () => {
  assert.match(setUp('variant', {}, ['--variant', 'tpu']).stderr, /^setup:tensorflow: --variant is cpu or cuda, not "tpu"/)
  assert.match(setUp('option', {}, ['--gpu']).stderr, /^setup:tensorflow: .*--gpu/)
})

test('a folder of another version of the package is none, and says why', () => {
  const folder = path.join(work, 'old')
  mkdirSync(folder)
  const installed = { tfjsNodeGpu: '4.21.0', tensorflow: '2.20.0', variant: 'cpu', wheels: {} }
  writeFileSync(path.join(folder, 'installed.json'), JSON.stringify(installed))
  assert.match(tensorflowProblem(folder)!, new RegExp(`built for tfjs-node-gpu 4\\.21\\.0, which is ${tfjsNodeGpuVersion()} now`))
  writeFileSync(path.join(folder, 'installed.json'), JSON.stringify({ ...installed, tfjsNodeGpu: tfjsNodeGpuVersion() }))
  assert.equal(tensorflowProblem(folder), null)
})
