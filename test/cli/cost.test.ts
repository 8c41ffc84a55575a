import assert from 'node:assert/strict'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { file, floats, info, node } from '../../scripts/onnx-file.ts'
import { buildProgram } from '../../src/cli/main.ts'
import { readOnnxSkeleton } from '../../src/cli/onnx-skeleton.ts'
import { readPart, readQuantity, showBytes, showCount } from '../../src/cli/quantity.ts'
import { computeCosts } from '../../src/engine/cost.ts'
import { importOnnx } from '../../src/engine/formats/onnx-import/index.ts'
import { streamOnnx } from '../../src/engine/formats/onnx-stream.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { expandZoo } from '../../src/engine/zoo/index.ts'
import { archmeter } from './command.ts'

const root = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'archmeter-cli-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const fixture = (name: string) => join(root, 'test/fixtures', name)

test('a model of each kind, by file, by preset and on standard input: torchvision’s and Keras’ own parameters', async () => {
  const json = (args: string[], given?: string) => archmeter(['cost', ...args, '--format', 'json'], given === undefined ? {} : { given })
  for (const [model, params] of [
    ['resnet50', 25_557_032],
    [fixture('keras/VGG16.keras3.json'), 138_357_544],
    [fixture('tfjs/MobileNet.model.json'), 4_231_976],
    [fixture('onnx/alexnet.ts17.onnx'), 61_100_840],
    [join(root, 'examples/alexnet-lecture.json'), 61_100_840],
  ] as const) {
    const { code, out, err } = await json([model])
    assert.equal(code, 0, err)
    assert.equal(JSON.parse(out).totals.params, params, model)
  }
  const { out } = await json(['-'], readFileSync(fixture('keras/VGG16.keras3.json'), 'utf8'))
  assert.equal(JSON.parse(out).totals.params, 138_357_544)
})

test('convention, batch and resolution reach the count; groups come sorted with their rest', async () => {
  const { out } = await archmeter([
    'cost',
    'resnet50',
    '--convention',
    'torchinfo',
    '--batch',
    '2',
    '--by',
    'stage',
    '--sort',
    'macs',
    '--top',
    '2',
    '-f',
    'csv',
  ])
  const [head, ...rows] = out
    .trim()
    .split('\r\n')
    .map((line) => line.split(','))
  assert.equal(rows.length, 3)
  assert.equal(rows[2]![0], '(rest)')
  const macs = head!.indexOf('macs')
  assert.equal(
    rows.reduce((n, row) => n + Number(row[macs]), 0),
    2 * 4_089_184_256,
  )
  assert.deepEqual([rows[0]![head!.indexOf('convention')], rows[0]![head!.indexOf('batch')]], ['torchinfo', '2'])
})

test('mistakes are answered with what would be right, exit code 2', async () => {
  writeFileSync(join(folder, 'model.pt'), 'PK\u0003\u0004rest')
  writeFileSync(
    join(folder, 'bad.json'),
    JSON.stringify({ input: { shape: [3, 8, 8] }, layers: [{ type: 'Conv2d', outChannel: 4, kernelSize: 3 }] }),
  )
  for (const [args, sentence] of [
    [['cost', 'resnet5'], /did you mean "resnet50"/],
    [['cost', 'resnet50', '--convention', 'x'], /Allowed choices are lecture/],
    [['cost', 'resnet50', '--depth', '3'], /--depth is for --by block/],
    [['cost', folder], /this is a folder/],
    [['cost', join(folder, 'model.pt')], /zip archive.*export the network as ONNX/],
    [['cost', join(folder, 'bad.json')], /did you mean "outChannels"/],
    [['costs', 'resnet50'], /Did you mean cost\?/],
    [['cost', 'resnet50', '--batch', '0'], /whole number from 1/],
  ] as const) {
    const { code, err, out } = await archmeter([...args])
    assert.deepEqual([code, out], [2, ''], args.join(' '))
    assert.match(err, sentence)
  }
})

test('into a pipe nothing is colored, and a reader that goes away is no error', async () => {
  const { out } = await archmeter(['cost', 'alexnet'], { env: { CI: 'true', FORCE_COLOR: '1' } })
  assert.ok(!out.includes('\u001b'))
  const { execFileSync } = await import('node:child_process')
  const piped = execFileSync(
    'sh',
    ['-c', `"${process.execPath}" bin/archmeter.js cost nasnet_large -f json | head -c 20; echo "\${PIPESTATUS:-}"`],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  assert.match(piped.toString(), /^\{\n {2}"name": "nasnet/)
})

test('without its weights an ONNX file counts as with them', () => {
  // The threshold is far below the real one, so that these small files lose something.
  const files = [...globSync('test/fixtures/onnx/*.onnx', { cwd: root }), ...globSync('test/fixtures/onnx-cases/*.onnx', { cwd: root })]
  assert.ok(files.length > 20)
  const counted = (bytes: Uint8Array) => {
    try {
      return computeCosts(importOnnx(bytes).graph)
    } catch (cause) {
      return (cause as Error).message
    }
  }
  for (const file of files)
    assert.deepEqual(counted(readOnnxSkeleton(join(root, file), 256)), counted(readFileSync(join(root, file))), file)
})

test('a large table whose numbers decide whether it is learned is read: a mask is no parameter', () => {
  const mask = Array.from({ length: 160 * 160 }, (_, i) => (i % 3 === 0 ? -100 : 0))
  const made = file({
    nodes: [node('Conv', ['x', 'w'], ['c'], { pads: [0, 0, 0, 0] }), node('Add', ['c', 'mask'], ['y'])],
    initializers: [floats('w', [64, 300, 1, 1]), floats('mask', [160, 160], mask)],
    inputs: [info('x', [1, 300, 160, 160])],
  })
  const path = join(folder, 'mask.onnx')
  writeFileSync(path, made)
  const bare = readOnnxSkeleton(path)
  assert.notDeepEqual(Buffer.from(bare), Buffer.from(made), 'the filter is left out')
  assert.equal(computeCosts(importOnnx(bare).graph).totals.params, 64 * 300)
})

test('large weights are not read: they are zeros, and all else is as in the file', () => {
  const graph = verifyGraph(expandZoo({ preset: 'squeezenet1_1' }).spec)
  const file = join(folder, 'weights.onnx')
  writeFileSync(file, Buffer.concat([...streamOnnx(graph, { seed: 3 }).pieces]))
  const [whole, bare] = [readFileSync(file), readOnnxSkeleton(file, 4096)]
  assert.equal(bare.length, whole.length)
  const left = bare.reduce((n, byte, i) => (byte === whole[i] ? n : n + 1), 0)
  assert.ok(left > 0.8 * whole.length, `${left} of ${whole.length} bytes differ`)
  assert.ok(bare.every((byte, i) => byte === whole[i] || byte === 0))
  assert.deepEqual(computeCosts(importOnnx(bare).graph), computeCosts(importOnnx(whole).graph))
})

test('quantities as people write them', () => {
  for (const [text, value] of [
    ['4.2G', 4.2e9],
    ['26M', 26e6],
    ['30MiB', 30 * 2 ** 20],
    ['120 kB', 120_000],
    ['1e6', 1e6],
    ['4200000000', 4.2e9],
  ] as const)
    assert.equal(readQuantity(text), value, text)
  for (const text of ['', 'G', '4,2G', '-1', '5%', '1 GiBs']) assert.throws(() => readQuantity(text), /is no quantity/, text)
  assert.equal(readPart('5%'), 0.05)
  assert.equal(readPart('0.05'), 0.05)
  assert.throws(() => readPart('5 percent'), /is no tolerance/)
  assert.deepEqual(
    [showCount(0), showCount(999), showCount(999_999), showCount(4_089_184_256), showBytes(1024), showBytes(-30_000_000)],
    ['0', '999', '1.00 M', '4.09 G', '1.00 KiB', '-28.6 MiB'],
  )
})

test('every option of every command stands in docs/cli.md, and completions know every command and preset', async () => {
  const page = readFileSync(join(root, 'docs/cli.md'), 'utf8')
  const { commands } = buildProgram('0')
  const [bash, fish] = await Promise.all(['bash', 'fish'].map(async (shell) => (await archmeter(['completion', shell])).out))
  for (const command of commands) {
    assert.ok(page.includes(`archmeter ${command.name()}`), command.name())
    for (const option of command.options) {
      assert.ok(page.includes(`\`${option.long}`), `${command.name()} ${option.long}`)
      assert.ok(bash!.includes(option.long!) && fish!.includes(`-l ${option.long!.slice(2)}`), `${option.long} in completions`)
    }
  }
  for (const word of ['resnet50', 'mobilenet_v1', 'torchinfo']) assert.ok(bash!.includes(word) && fish!.includes(word), word)
  const { execFileSync } = await import('node:child_process')
  const complete = `COMP_WORDS=(archmeter cost resnet50 --convention fv); COMP_CWORD=4; _archmeter; echo "\${COMPREPLY[@]}"; COMP_WORDS=(archmeter com); COMP_CWORD=1; _archmeter; echo "\${COMPREPLY[@]}"`
  assert.equal(execFileSync('bash', ['-c', `${bash}\n${complete}`]).toString(), 'fvcore\ncompare completion\n')
})

test('help of a command that there is not names those that there are, and ends as wrong usage', async () => {
  const { code, out, err } = await archmeter(['help', 'nope'])
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /no command 'nope'/)
  for (const command of buildProgram('0').commands) assert.match(err, new RegExp(`\\b${command.name()}\\b`))
  const known = await archmeter(['help', 'cost'])
  assert.equal(known.code, 0)
  assert.match(known.out, /^Usage: archmeter cost /)
})
