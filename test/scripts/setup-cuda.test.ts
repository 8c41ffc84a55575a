/** What the set-up of CUDA decides; `npm run test:cuda` does it for real. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isCovered, whyNotHere } from '../../scripts/setup-cuda/check.ts'
import { commitOf } from '../../scripts/setup-cuda/install.ts'
import { parseGpuLog } from '../../src/gpu/devices/nvidia-smi.ts'
import { cudaDevices } from '../../src/gpu/devices/survey.ts'

const survey = async (name: string, edit = (xml: string) => xml) =>
  cudaDevices(await parseGpuLog(edit(readFileSync(new URL(`../fixtures/nvidia-smi/${name}`, import.meta.url), 'utf8')), new Map()), 'h')
const onPlatform = { skip: process.platform === 'linux' && process.arch === 'x64' ? false : 'skipped: refused for the platform' }

test('a host is refused for what it lacks, with what would mend it', onPlatform, async () => {
  assert.equal(whyNotHere(await survey('h200.xml')), null)
  assert.match(
    whyNotHere(await survey('h200.xml', (xml) => xml.replace('580.159.04', '575.57.08')))!,
    /driver is 575\.57\.08, and CUDA 13 needs 580 or newer/,
  )
  const partitioned = await survey('mig.xml', (xml) => xml.replace(/<gpu id="00000000:0F[\s\S]*?<\/gpu>/, ''))
  assert.match(whyNotHere(partitioned)!, /no GPU to use: cuda:0 is partitioned .*; run: sudo nvidia-smi -i 0 -mig 0/)
  assert.match(whyNotHere(await survey('no-devices.xml'))!, /lists no GPU/)
})

test('the GPUs that the provider has code for: sm_75, 80, 86, 89, 90a, 120a, and later minors of the first three', () => {
  const covered = ['7.5', '8.0', '8.6', '8.7', '8.9', '9.0', '12.0']
  const not = ['6.1', '7.0', '7.2', '10.0', '10.3', '11.0', '12.1']
  assert.deepEqual([...covered, ...not].filter(isCovered), covered)
})

test('the commit is read out of a library as it says it', () => {
  const library = (text: string) => Buffer.from(`\x7fELF\0\0${text}\0\0more`, 'latin1')
  assert.equal(commitOf(library('ORT Build Info: git-branch=HEAD, git-commit-id=f2c39fe2f, build type=Release')), 'f2c39fe2f')
  assert.equal(commitOf(library('ORT Build Info: none')), null)
  const installed = new URL('../../node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1', import.meta.url)
  if (process.platform === 'linux' && process.arch === 'x64') assert.match(commitOf(readFileSync(installed))!, /^[0-9a-f]{9}$/)
})
