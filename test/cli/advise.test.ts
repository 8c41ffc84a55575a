/** What a network's cost is dominated by, in a terminal: what a lecturer would say of it (EECS 498-007, lecture 8). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { archmeter } from './command.ts'

const advice = async (...args: string[]) => {
  const { code, out, err } = await archmeter(['advise', ...args, '-f', 'json'])
  assert.equal(code, 0, err)
  return JSON.parse(out)
}

test('VGG-16: memory early, parameters in the first fully connected layer, flops in convolutions', async () => {
  const { findings, best } = await advice('vgg16')
  const found = new Map<string, { holds: boolean; layers: string[] }>(findings.map((each: { name: string }) => [each.name, each]))
  for (const name of ['memoryEarly', 'paramsFullyConnected', 'flopsConvolutions']) assert.equal(found.get(name)?.holds, true, name)
  assert.equal(found.get('paramsFullyConnected')!.layers[0], 'classifier.0')
  assert.equal(best.params, 'globalAveragePooling')
  assert.equal(found.has('memoryBound'), false, 'nothing is known of a device')
})

test('with the ceilings of a device, layers bound by memory; one without the other is refused', async () => {
  const { findings } = await advice('resnet50', '--flops-per-second', '51T', '--bytes-per-second', '2TB/s')
  assert.equal(findings.find(({ name }: { name: string }) => name === 'memoryBound').holds, true)
  const half = await archmeter(['advise', 'resnet50', '--flops-per-second', '51T'])
  assert.equal(half.code, 2)
  assert.match(half.err, /both ceilings/)
})

test('for people: rules, figures, and rewrites with what each gives up', async () => {
  const { out } = await archmeter(['advise', 'alexnet', '-f', 'md'])
  assert.match(out, /True here: Nearly all parameters are in the fully connected layers/)
  assert.match(out, /\| globalAveragePooling \|/)
})
