import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../../src/engine/cost.ts'
import { families } from '../../../src/engine/zoo/index.ts'
import { costsOf, graphOf, onnxFiles, toolTotals, torchvisionModels } from '../zoo/reference.ts'

const presets = families.flatMap((family) => Object.keys(family.presets))
const flops = (preset: string, convention: string): number => costsOf({ preset }, { convention }).totals.flops

const shared = Object.keys(torchvisionModels).filter((name) => presets.includes(name))

test('fvcore, torchinfo, FlopCounterMode and a MAC counter on the networks of torchvision.json, digit for digit', () => {
  assert.equal(shared.length >= 64, true)
  for (const name of shared) {
    const reference = torchvisionModels[name]!
    assert.deepEqual(
      Object.fromEntries(['fvcore', 'torchinfo', 'torch', 'onnx'].map((convention) => [convention, flops(name, convention)])),
      { fvcore: reference.fvcore, torchinfo: reference.torchinfo, torch: reference.torchFlopCounter, onnx: reference.macs },
      name,
    )
  }
})

test('fvcore operator by operator, not in sum alone', () => {
  const operators: Record<string, string> = {
    Conv2d: 'conv',
    BatchNorm2d: 'batch_norm',
    AdaptiveAvgPool2d: 'adaptive_avg_pool2d',
    Linear: 'linear',
    LayerNorm: 'layer_norm',
  }
  for (const name of shared) {
    const counted: Record<string, number> = {}
    for (const { type, flops } of costsOf({ preset: name }, { convention: 'fvcore' }).layers)
      if (flops > 0) counted[operators[type]!] = (counted[operators[type]!] ?? 0) + flops
    assert.deepEqual(counted, torchvisionModels[name]!.fvcoreByOperator, name)
  }
})

test('thop, ptflops, fvcore, torchinfo and FlopCounterMode on the networks of tools.json, digit for digit', () => {
  const names = Object.keys(toolTotals).filter((name) => presets.includes(name))
  assert.equal(names.length >= 7, true)
  for (const name of names) {
    const reference = toolTotals[name]!
    assert.deepEqual(
      Object.fromEntries(['thop', 'ptflops', 'fvcore', 'torchinfo', 'torch'].map((convention) => [convention, flops(name, convention)])),
      {
        thop: reference.thop,
        ptflops: reference.ptflops_pytorch,
        fvcore: reference.fvcore,
        torchinfo: reference.torchinfo,
        torch: 2 * reference.flopcounter_half!,
      },
      name,
    )
  }
})

test('onnx is what the exported files of the same networks count', () => {
  const files = Object.entries(onnxFiles).filter(([file]) => presets.includes(file.split('.')[0]!))
  assert.equal(files.length >= 19, true)
  for (const [file, { macs }] of files) assert.equal(flops(file.split('.')[0]!, 'onnx'), macs, file)
})

test('ResNet-50 is 4.089, 4.112, 4.132 and 4.134 G of one network, and 3.858 with the stride of the first paper', () => {
  const graph = graphOf({ preset: 'resnet50' })
  const giga = (convention: string) => (computeCosts(graph, { convention }).totals.flops / 1e9).toFixed(3)
  assert.deepEqual(['onnx', 'fvcore', 'ptflops', 'thop'].map(giga), ['4.089', '4.112', '4.132', '4.134'])
  assert.equal((flops('resnet50_v1', 'onnx') / 1e9).toFixed(3), '3.858')
})
