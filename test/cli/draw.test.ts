import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { archmeter } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'archmeter-draw-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a graph as a file: torchvision’s own parameters of a block, and a text for those who do not see it', async () => {
  const file = join(folder, 'net.svg')
  const { code, out, err } = await archmeter(['draw', 'resnet18', '-o', file, '--depth', '1', '--color-by', 'params'])
  assert.deepEqual([code, out, err], [0, '', ''])
  const svg = readFileSync(file, 'utf8')
  assert.match(svg, /layer4: 16 layers, 512×7×7; 8,393,728 parameters, 72 %/)
  assert.match(svg, /<desc id="text">resnet18: .*The most have layer4/)
})

test('measured times come from a run’s profile, and one of another network is refused', async () => {
  const profile = join(folder, 'profile.json')
  writeFileSync(profile, JSON.stringify({ runtime: 'onnxruntime', device: 'cpu:0', rows: [{ layerIds: ['fc'], ms: 0.5 }] }))
  const { out } = await archmeter(['draw', 'resnet18', '--profile', profile])
  assert.match(out, /fc: Linear, 1000; 0\.5 ms of measured time, 100 %/)
  for (const [args, why] of [
    [['vgg11', '--profile', profile], /of another network/],
    [['resnet18', '--color-by', 'ms'], /give --profile/],
    [['resnet18', '--profile', profile, '--color-by', 'macs'], /leave one of them out/],
    [['resnet18', '-o', folder], /is a folder/],
    [['resnet18', '-o', join(folder, 'net.PNG')], /this writes SVG, not png: end the name in \.svg/],
  ] as const) {
    const { code, err } = await archmeter(['draw', ...args])
    assert.equal(code, 2)
    assert.match(err, why)
  }
})
