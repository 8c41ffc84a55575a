/**
 * `npm run test:cuda`: the set-up of CUDA for real, as far as a host without a GPU can go: from PyPI to the first call
 * that needs one, on a stand-in for the driver. About 770 MB are downloaded, so it is not part of `npm test`.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tryDevices } from '../../scripts/setup-cuda/check.ts'
import { pack, partMiB } from '../../scripts/setup-cuda/pack.ts'
import { readInstalled } from '../../src/gpu/cuda-folder.ts'
import { surveyDevices } from '../../src/gpu/devices/survey.ts'
import { DeviceWorker } from '../../src/gpu/worker/parent/device-worker.ts'
import { withNvidiaSmi } from '../gpu/devices/fake-nvidia-smi.ts'
import { jobOf, silent, temporaryFolder } from '../gpu/worker/helpers.ts'

const temporary = temporaryFolder()
const folder = path.join(temporary, 'cuda')
/** Those that the provider needs to load; the rest is opened when a GPU computes. */
const needed = ['nvidia-cuda-runtime', 'nvidia-curand', 'nvidia-cublas']
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const install = () => spawn(process.execPath, [here('install.ts'), folder, ...needed], { stdio: ['ignore', 'pipe', 'inherit'] })
const h200 = `case "$*" in
  "-q -x") cat '${here('../fixtures/nvidia-smi/h200.xml')}' ;;
  "--query-gpu=uuid,compute_cap "*) echo "GPU-00000000-1111-2222-3333-444444444444, 9.0" ;;
  "--query-gpu=memory.free "*) echo 79922 ;;
  *) exit 2 ;;
esac`
const libraries = process.env.LD_LIBRARY_PATH
after(() => {
  if (libraries === undefined) delete process.env.LD_LIBRARY_PATH
  else process.env.LD_LIBRARY_PATH = libraries
})

test('a host without a driver is refused before anything is downloaded, and told how to prepare for another', (t) => {
  if (spawnSync('nvidia-smi').error === undefined) return t.skip('skipped: this host has a driver')
  const { status, stderr } = spawnSync(process.execPath, [here('../../scripts/setup-cuda/main.ts')], {
    encoding: 'utf8',
    env: { ...process.env, CUDA_DIR: folder },
  })
  assert.equal(status, 1)
  assert.match(stderr, /no GPU to use: nvidia-smi is not on the PATH: this host has no NVIDIA driver\n.*npm run setup:cuda -- --prepare/)
  assert.equal(readInstalled(folder), null)
})

test('cut off in the middle, nothing counts as installed, and the next set-up goes on with what is missing', async (t) => {
  const first = install()
  // The second package is announced when the first is whole; SIGKILL leaves no time to tidy up.
  for await (const line of createInterface({ input: first.stdout })) {
    t.diagnostic(line)
    if (line.startsWith('3 of 4')) break
  }
  first.kill('SIGKILL')
  assert.equal(readInstalled(folder), null)
  const second = install()
  const said: string[] = []
  createInterface({ input: second.stdout }).on('line', (line) => said.push(line))
  assert.equal(await new Promise((resolve) => second.once('close', resolve)), 0)
  for (const line of said) t.diagnostic(line)
  assert.match(said.find((line) => line.includes(' of ')) ?? '', /^1 of 2: nvidia-curand/)
  const installed = readInstalled(folder)!
  assert.deepEqual(Object.keys(installed.wheels).sort(), ['onnxruntime-gpu', ...needed].sort())
  assert.match(installed.commit, /^[0-9a-f]{7,}$/)
  assert.deepEqual(readdirSync(path.join(folder, 'lib')).filter((name) => /^lib(cudart|curand|cublas|cublasLt)\.so/.test(name)).length, 4)
})

test('a third set-up finds everything there', () => {
  assert.match(execFileSync(process.execPath, [here('install.ts'), folder, ...needed], { encoding: 'utf8' }), /everything is in .* already/)
})

test('without the driver’s library the provider says that it does not load', async () => {
  await withNvidiaSmi(h200, async () => {
    const said: string[] = []
    assert.equal(await tryDevices(await surveyDevices(), folder, (line) => said.push(line)), false)
    assert.match(said.join('\n'), /cuda:0, NVIDIA H100 80GB HBM3: onnxruntime does not work: the CUDA provider .* does not load/)
  })
})

test('with a stand-in for the driver everything goes up to the first call that needs a GPU', async (t) => {
  const stub = path.join(temporary, 'driver')
  mkdirSync(stub)
  execFileSync('gcc', ['-shared', '-fPIC', '-Wl,-soname,libcuda.so.1', '-o', path.join(stub, 'libcuda.so.1'), here('stub-libcuda.c')])
  process.env.LD_LIBRARY_PATH = stub
  await withNvidiaSmi(h200, async () => {
    const survey = await surveyDevices()
    const said: string[] = []
    assert.equal(await tryDevices(survey, folder, (line) => said.push(line)), false)
    for (const line of said) t.diagnostic(line)
    assert.match(said.join('\n'), /provider loads, and CUDA refuses: CUDA failure 100: no CUDA-capable device is detected/)
    const gpu = survey.devices.find(({ kind }) => kind === 'cuda')!
    const worker = new DeviceWorker(gpu, { log: silent, cudaFolder: folder })
    try {
      for (const precision of ['float32', 'float16'] as const) {
        const outcome = await worker.execute({ ...jobOf(gpu), precision }, { timeoutMs: 60_000 })
        assert.equal(outcome.outcome, 'failed', 'never the CPU in its place')
        assert.match(JSON.stringify(outcome), /CUDA failure 100/)
      }
    } finally {
      await worker.close()
    }
  })
})

test('the provider knows the options of every setting and their values, and names what it does not know', () => {
  const { stdout } = spawnSync(process.execPath, [here('options.ts'), folder], {
    encoding: 'utf8',
    env: { ...process.env, LD_LIBRARY_PATH: [path.join(temporary, 'driver'), path.join(folder, 'lib')].join(path.delimiter) },
  })
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { settings?: object; more?: object; said: string })
  for (const { settings, said } of answers.filter((each) => each.settings))
    assert.match(said, /CUDA failure 100: no CUDA-capable device/, `${JSON.stringify(settings)}: all that is missing is a GPU`)
  const wrong = answers.filter((each) => each.more).map(({ said }) => said)
  assert.equal(answers.length, 9 + wrong.length)
  assert.match(wrong[0]!, /Unknown provider option: "enable_cuda_grph"/)
  assert.match(wrong[1]!, /provider option "cudnn_conv_algo_search".*FAST/)
  assert.match(wrong[2]!, /Failed to parse provider option "gpu_mem_limit"/)
})

test('a provider of another version is not loaded, and the reason names both', async () => {
  const file = path.join(folder, 'installed.json')
  renameSync(file, `${file}.kept`)
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(`${file}.kept`, 'utf8')), onnxruntime: '1.29.0' }))
  try {
    await withNvidiaSmi(h200, async () => {
      const said: string[] = []
      await tryDevices(await surveyDevices(), folder, (line) => said.push(line))
      assert.match(said.join('\n'), /is of version 1\.29\.0, but onnxruntime-node is \d+\.\d+\.\d+/)
    })
  } finally {
    renameSync(`${file}.kept`, file)
  }
})

test('packed for a host without a network: parts of at most 60 MiB that make the whole again', async (t) => {
  const parts = path.join(temporary, 'parts')
  await pack(folder, parts, false, (line) => t.diagnostic(line))
  const names = readdirSync(parts).sort()
  assert.ok(names.length > 1 && names.every((name) => statSync(path.join(parts, name)).size <= partMiB * 2 ** 20))
  const there = path.join(temporary, 'there')
  mkdirSync(there)
  execFileSync('sh', ['-c', 'cat "$1"/* | tar -xJ -C "$2"', 'sh', parts, there])
  assert.deepEqual(readInstalled(there), readInstalled(folder))
  assert.deepEqual(
    readdirSync(path.join(there, 'onnxruntime-node/bin/napi-v6/linux/x64')).sort(),
    readdirSync(path.join(folder, 'onnxruntime-node/bin/napi-v6/linux/x64')).sort(),
  )
  rmSync(there, { recursive: true })
})
