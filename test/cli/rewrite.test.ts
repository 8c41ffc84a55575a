import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readStep, rewriteNamed } from '../../src/cli/recipe.ts'
import { importOnnx } from '../../src/engine/formats/onnx-import/index.ts'
import { streamOnnx } from '../../src/engine/formats/onnx-stream.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { archmeter } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'archmeter-rewrite-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a rewrite by its name in any spelling, or a part that it alone has', () => {
  for (const [typed, name] of [
    ['depthwise', 'depthwiseSeparable'],
    ['depthwise-separable', 'depthwiseSeparable'],
    ['low_rank', 'lowRank'],
    ['FoldBatchNorm', 'foldBatchNorm'],
    ['3x3', 'stack3x3'],
    ['width', 'scaleWidth'],
  ] as const)
    assert.equal(rewriteNamed(typed), name)
  assert.throws(() => rewriteNamed('scale'), /scaleWidth, scaleDepth/)
  assert.throws(() => rewriteNamed('prune'), /archmeter rewrites lists them/)
  assert.deepEqual(readStep('grouped:groups=4,shuffle=true,layers=a+b.c'), {
    rewrite: 'grouped',
    options: { groups: 4, shuffle: true },
    layers: ['a', 'b.c'],
  })
  assert.throws(() => readStep('grouped:4'), /name=value/)
})

test('a preview, and the network as a file: MobileNet’s share of 1\u2215N + 1\u2215k² in the one layer that is named', async () => {
  const small = join(folder, 'small.onnx')
  const { code, out, err } = await archmeter([
    'rewrite',
    'vgg11',
    'depthwise:layers=features.3,between=false',
    '--out',
    small,
    '-f',
    'json',
  ])
  assert.equal(code, 0, err)
  const { layers, difference } = JSON.parse(out)
  const of = (id: string) => layers.find((layer: { id: string }) => layer.id === id)
  const [was, deep, point] = [of('features.3'), of('features.3.depthwise'), of('features.3.pointwise')]
  assert.equal(deep.after.macs + point.after.macs, was.before.macs * (1 / 128 + 1 / 9))
  assert.equal(difference.macs, deep.after.macs + point.after.macs - was.before.macs)
  const { totals } = JSON.parse((await archmeter(['cost', small, '-f', 'json'])).out)
  assert.equal(totals.macs, JSON.parse(out).after.macs)
  assert.deepEqual(readdirSync(folder), ['small.onnx'])
})

test('steps follow one another, a recipe may come from a file, and JSON can be read again', async () => {
  const [recipe, json] = [join(folder, 'recipe.json'), join(folder, 'half.json')]
  writeFileSync(recipe, JSON.stringify({ recipe: [{ rewrite: 'foldBatchNorm' }, { rewrite: 'scaleWidth', options: { factor: 0.5 } }] }))
  const typed = await archmeter(['rewrite', 'resnet18', 'fold-batch-norm', 'width:factor=0.5', '-f', 'json'])
  const filed = await archmeter(['rewrite', 'resnet18', '--recipe', recipe, '--out', json, '-f', 'json'])
  assert.equal(filed.code, 0, filed.err)
  assert.deepEqual(JSON.parse(filed.out).after, JSON.parse(typed.out).after)
  const { totals } = JSON.parse((await archmeter(['cost', json, '-f', 'json'])).out)
  assert.equal(totals.params, JSON.parse(filed.out).after.params)
})

test('a file’s own weights go along: batch normalization folded as the formula has it', async () => {
  const graph = verifyGraph({
    input: { shape: [3, 8, 8] },
    layers: [
      { id: 'conv', type: 'Conv2d', outChannels: 4, kernelSize: 3, bias: false },
      { id: 'norm', type: 'BatchNorm2d' },
      { id: 'act', type: 'ReLU' },
    ],
  })
  const [model, folded] = [join(folder, 'model.onnx'), join(folder, 'folded.onnx')]
  writeFileSync(model, Buffer.concat([...streamOnnx(graph, { seed: 7 }).pieces]))
  const { code, err } = await archmeter(['rewrite', model, 'fold', '--out', folded])
  assert.equal(code, 0, err)
  const [before, after_] = [importOnnx(readFileSync(model)), importOnnx(readFileSync(folded))]
  const values = (from: typeof before, layer: string, name: string, shape: number[]) =>
    from.parameterOf(layer, { name, shape, init: 'he', trainable: true })!
  const weight = values(before, 'conv', 'weight', [4, 3, 3, 3])
  const [scale, variance] = ['weight', 'running_var'].map((name) => values(before, 'norm', name, [4]))
  const got = values(after_, 'conv', 'weight', [4, 3, 3, 3])
  weight.forEach((w, i) => {
    const channel = Math.floor(i / 27)
    const expected = (w * scale![channel]!) / Math.sqrt(variance![channel]! + 1e-5)
    assert.ok(Math.abs(got[i]! - expected) < 1e-5, `${got[i]} is not ${expected}`)
  })
})

test('what cannot be is said, and nothing is written', async () => {
  const out = join(folder, 'not.onnx')
  for (const [args, why] of [
    [['resnet18'], /say what to do: stack3x3/],
    [['resnet18', 'depthwise', '--seed', '3'], /are for --out/],
    [['resnet18', 'depthwise', '--out', join(folder, 'net.pt')], /\.onnx or \.json/],
    [['resnet18', 'depthwise', '--weights', 'file', '--out', out], /no ONNX file/],
    [['resnet18', 'depthwise:factor=2', '--out', out], /factor/],
    [['googlenet', 'bottleneck', '--out', out], /nothing to change/],
  ] as const) {
    const { code, err } = await archmeter(['rewrite', ...args])
    assert.equal(code, 2, args.join(' '))
    assert.match(err, why)
  }
})

test('every rewrite is listed with its options', async () => {
  const { out } = await archmeter(['rewrites', '-f', 'json'])
  const list: { name: string; givesUp: string }[] = JSON.parse(out)
  assert.ok(list.length >= 14 && list.every(({ givesUp }) => givesUp.length > 10))
})

test('standard output takes the network itself', async () => {
  const { code, out } = await archmeter(['rewrite', 'squeezenet1_1', 'scale-resolution:factor=0.5', '--out', '-', '--weights', 'none'])
  assert.equal(code, 0)
  assert.match(out, /^[\s\S]{0,40}archmeter/)
  assert.ok(!existsSync('-'))
})
