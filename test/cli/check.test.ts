/** A pull request, simulated: a baseline as ONNX, a change that adds 7 % of multiply-adds, the budget gate between them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { exportOnnx } from '../../src/engine/formats/onnx-export.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { archmeter, bin } from './command.ts'

const root = resolve(import.meta.dirname, '../..')
let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'archmeter-check-'))
  // 10·100·10·10 multiply-adds of one 1×1 convolution; 107 channels are 7 % more of them, and of the parameters.
  for (const [file, outChannels] of [
    ['main.onnx', 100],
    ['change.onnx', 107],
  ] as const) {
    const layers = [
      { id: 'conv', type: 'Conv2d', outChannels, kernelSize: 1, bias: false },
      { id: 'relu', type: 'ReLU' },
    ]
    const { model } = exportOnnx(verifyGraph({ input: { shape: [10, 10, 10] }, layers }), { weights: 'none' })
    writeFileSync(join(folder, file), model)
  }
})
after(() => rmSync(folder, { recursive: true, force: true }))

const check = (...args: string[]) => archmeter(['check', ...args], { cwd: folder })

test('7 % more multiply-adds than the baseline: exit code 1, and a Markdown table that says so', async () => {
  const { code, out } = await check('change.onnx', '--baseline', 'main.onnx')
  assert.equal(code, 1)
  assert.match(out, /^\*\*change\.onnx: over budget \(batch 1, (float32|file), convention lecture\)\*\*$/m)
  assert.match(out, /^\| multiply-adds \| 100 k \(100,000\) \| 107 k \(107,000\) \| \+7\.0 % \| {2}\| OVER: grew by more than 0\.0 % \|$/m)
  assert.match(out, /^\| ~ \| conv \| Conv2d \| \+70 \| \+7\.00 k \|.*outChannels 100 → 107/m)
})

test('with a tolerance of 10 % it is within budget, of exactly 7 % as well, of 6 % it is not', async () => {
  assert.equal((await check('change.onnx', '--baseline', 'main.onnx', '--tolerance', '10%')).code, 0)
  assert.equal((await check('change.onnx', '--baseline', 'main.onnx', '--tolerance', '0.07')).code, 0)
  assert.equal((await check('change.onnx', '--baseline', 'main.onnx', '--tolerance', '6%')).code, 1)
  // A change that makes it smaller is none to refuse.
  assert.equal((await check('main.onnx', '--baseline', 'change.onnx')).code, 0)
})

test('budgets hold up to their own value, and each that is passed is named', async () => {
  assert.equal((await check('main.onnx', '--max-macs', '100k', '--max-params', '1k', '--max-peak', '1MiB')).code, 0)
  const { code, out } = await check('main.onnx', '--max-macs', '99999', '--max-params', '1M', '--max-weights', '3.9kB', '-f', 'json')
  assert.equal(code, 1)
  const { ok, rows } = JSON.parse(out) as { ok: boolean; rows: { figure: string; over: string[] }[] }
  assert.equal(ok, false)
  assert.deepEqual(
    rows.filter(({ over }) => over.length > 0).map(({ figure }) => figure),
    ['macs', 'weightBytes'],
  )
})

test('standard input is one model, and an answer that cannot be written is no verdict', async (t) => {
  const given = JSON.stringify({ input: { shape: [3, 8, 8] }, layers: [{ type: 'ReLU' }] })
  const twice = await archmeter(['check', '-', '--baseline', '-'], { given })
  assert.deepEqual([twice.code, twice.out], [2, ''])
  assert.match(twice.err, /standard input can be read once: name a file/)
  if (!existsSync('/dev/full')) return t.skip('skipped: this host has no /dev/full')
  const full = spawnSync('sh', ['-c', 'exec "$0" "$@" >/dev/full', process.execPath, bin, 'check', 'resnet18', '--max-macs', '1G'], {
    encoding: 'utf8',
  })
  assert.equal(full.status, 2)
  assert.match(full.stderr, /^archmeter: the answer cannot be written: ENOSPC[^\n]*\n$/)
})

test('what cannot be read or counted is exit code 2, with a sentence on stderr and nothing on stdout', async () => {
  writeFileSync(join(folder, 'broken.onnx'), 'no model')
  for (const [args, sentence] of [
    [['nowhere.onnx', '--max-macs', '1G'], /nowhere\.onnx: there is no such file/],
    [['broken.onnx', '--max-macs', '1G'], /broken\.onnx: this is no ONNX file/],
    [['main.onnx', '--baseline', 'nowhere.onnx'], /nowhere\.onnx/],
    [['main.onnx'], /nothing to check/],
    [['main.onnx', '--max-macs', 'plenty'], /"plenty" is no quantity: write 4\.2G/],
    [['main.onnx', '--max-macs', '1G', '--tolerance', '5%'], /--tolerance is for --baseline/],
    [['main.onnx', '--baseline', 'main.onnx', '--tolerance', '5'], /write 5%, or 500%/],
    [['/dev/null', '--max-macs', '1G'], /this is empty/],
  ] as const) {
    const { code, out, err } = await check(...args)
    assert.equal(code, 2, args.join(' '))
    assert.match(err, sentence)
    assert.equal(out, '')
  }
})

test('the GitHub workflow of the examples: its own script fails the pull request and fills the summary', async () => {
  const workflow = parse(readFileSync(join(root, 'examples/github-action.yml'), 'utf8')) as {
    env: { MODEL: string }
    jobs: { budget: { steps: { name?: string; run?: string }[] } }
  }
  const script = workflow.jobs.budget.steps.find(({ name }) => name === 'budget')!.run!
  const job = mkdtempSync(join(folder, 'job-'))
  for (const [part, file] of [
    ['change', 'change.onnx'],
    ['base', 'main.onnx'],
  ] as const) {
    mkdirSync(join(job, part))
    copyFileSync(join(folder, file), join(job, part, workflow.env.MODEL))
  }
  symlinkSync(root, join(job, 'archmeter'))
  const env = { ...process.env, ...workflow.env, GITHUB_STEP_SUMMARY: join(job, 'summary.md') }
  // As GitHub runs a step with `shell: bash`.
  const { status } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], { cwd: job, env })
  assert.equal(status, 1)
  assert.match(readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8'), /OVER: grew by more than 5\.0 %/)
})
