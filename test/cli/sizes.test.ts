/** A file that leaves height and width open, at sizes that are asked for. Its one convolution is 8 filters of 3×3×3 by steps of 2. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { archmeter } from './command.ts'

const open = new URL('../fixtures/onnx-cases/dynamic_hw.onnx', import.meta.url).pathname
const json = async (args: string[]) => {
  const { code, out, err } = await archmeter([...args, '-f', 'json'])
  assert.equal(code, 0, err)
  return JSON.parse(out)
}
const macs = (height: number, width: number) => (height / 2) * (width / 2) * 8 * 27

test('cost, compare, explain and memory count at the sizes asked for', async () => {
  const byName = await json(['cost', open, '--dims', 'H:64,Wd:48'])
  assert.equal(byName.totals.macs, macs(64, 48))
  const whole = await json(['cost', open, '--input-shape', '3,128,64', '--batch', '2'])
  assert.equal(whole.totals.macs, 2 * macs(128, 64))
  // Of two, the one that leaves none open is as it is.
  const { networks } = await json(['compare', open, 'resnet18', '--dims', 'H:64,Wd:48'])
  assert.deepEqual(
    networks.map(({ totals }: { totals: { macs: number } }) => totals.macs),
    [macs(64, 48), 1_814_073_344],
  )
  const { totals } = await json(['explain', open, '--from', 'lecture', '--to', 'fvcore', '--input-shape', '3x64x48'])
  assert.equal(totals.to, macs(64, 48))
  // The input and what the convolution makes of it.
  const { peak } = await json(['memory', open, '--input-shape', '3,64,48'])
  assert.equal(peak.bytes, 4 * (3 * 64 * 48 + 8 * 32 * 24))
})

test('check, advise, draw and chart take them as well', async () => {
  const within = await archmeter(['check', open, '--max-macs', String(macs(64, 48)), '--dims', 'H:64,Wd:48'])
  const over = await archmeter(['check', open, '--max-macs', String(macs(64, 48)), '--dims', 'H:64,Wd:50'])
  assert.deepEqual([within.code, over.code], [0, 1], within.err + over.err)
  await json(['advise', open, '--dims', 'H:64,Wd:48'])
  for (const command of ['draw', 'chart']) {
    const { code, out, err } = await archmeter([command, open, '--input-shape', '3,64,48'])
    assert.equal(code, 0, err)
    assert.match(out, /<svg/)
  }
})

test('what leaves no sizes open says so, and an open size says how it is given', async () => {
  const asked = async (...args: string[]) => {
    const { code, err } = await archmeter(args)
    assert.equal(code, 2)
    return err
  }
  assert.match(await asked('cost', open), /left open \("H"\): give it, as --dims H:224 or as the whole --input-shape/)
  assert.match(await asked('cost', 'resnet18', '--dims', 'H:64'), /resnet18: this leaves no sizes open/)
  assert.match(await asked('compare', 'resnet18', 'vgg16', '--dims', 'H:64'), /none of resnet18, vgg16 leaves sizes open/)
  assert.match(await asked('cost', open, '--dims', 'depth:64'), /no open dim "depth"/)
  assert.match(await asked('cost', open, '--dims', 'H'), /such as height:640,width:640/)
})
