import assert from 'node:assert/strict'
import { test } from 'node:test'
import { archmeter } from './command.ts'

const json = async (...args: string[]) => {
  const { code, out, err } = await archmeter(['memory', ...args, '-f', 'json'])
  assert.equal(code, 0, err)
  return JSON.parse(out)
}

test('the peak is that of cost; the largest batch that fits is one that fits', async () => {
  const { peak, fit } = await json('resnet18', '--fits', '1GiB')
  const cost = async (batch: number) =>
    JSON.parse((await archmeter(['cost', 'resnet18', '--batch', String(batch), '-f', 'json'])).out).totals
  const [one, most, next] = [await cost(1), await cost(fit.batch), await cost(fit.batch + 1)]
  assert.equal(peak.bytes, one.peakActivationBytes)
  const takes = ({ weightBytes, peakActivationBytes }: typeof one) => weightBytes + peakActivationBytes
  assert.ok(takes(most) <= 2 ** 30 && takes(next) > 2 ** 30)
})

test('what the largest batch takes and one image more would are told apart where three figures are the same', async () => {
  const memory = ['memory', 'resnet50', '--training', '--segments', 'sqrt', '--fits', '16GiB']
  const { fit } = await json(...memory.slice(1))
  const { out } = await archmeter(memory)
  const exact = (value: number) => value.toLocaleString('en-US')
  assert.ok(out.includes(`it takes ${exact(fit.takesBytes)} B, one image more ${exact(fit.nextBytes)} B.`), out)
})

test('training, for people: what is kept, by whom, and where the peak stands', async () => {
  const { code, out } = await archmeter(['memory', 'resnet18', '--training', '--optimizer', 'sgd', '--segments', 'sqrt'])
  assert.equal(code, 0)
  // 69 layers in √69 ≈ 8 segments.
  assert.match(out, /state of sgd +0 B +0\n[\s\S]*8 segments; .* multiply-adds are done twice/)
  const refused = await archmeter(['memory', 'resnet18', '--optimizer', 'adam'])
  assert.equal(refused.code, 2)
  assert.match(refused.err, /are for --training/)
})
