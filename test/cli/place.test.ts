import assert from 'node:assert/strict'
import { test } from 'node:test'
import { archmeter } from './command.ts'

test('the two towers of AlexNet: half of it on each device, and where they meet', async () => {
  const { code, out, err } = await archmeter(['place', 'alexnet_2012', '--by', 'tower'])
  assert.equal(code, 0, err)
  assert.match(out, /^conv3 +pool2 +169 KiB +0 1 +0 1$/m)
  assert.equal(out.match(/50\.0 %/g)?.length, 2)
  assert.match(out, /Without neighbors on other devices, so that the border differs: norm1, norm2\./)
})

test('a pipeline as JSON and CSV; time needs its three rates, and they are for time alone', async () => {
  const { out } = await archmeter(['place', 'resnet18', '--devices', '3', '-f', 'json'])
  const { parts, balance } = JSON.parse(out)
  assert.equal(parts.length, 3)
  // torchvision's count of parameters.
  assert.equal(
    parts.reduce((sum: number, part: { params: number }) => sum + part.params, 0),
    11_689_512,
  )
  assert.ok(balance > 0.9)
  const rows = (await archmeter(['place', 'resnet18', '-f', 'csv'])).out.trimEnd().split('\n')
  assert.match(rows[0]!, /^device,layers,firstLayerId/)
  assert.equal(rows.length, 3)
  for (const args of [
    ['--cost', 'time'],
    ['--flops-per-second', '1T'],
    ['--devices', '1000'],
  ]) {
    const refused = await archmeter(['place', 'resnet18', ...args])
    assert.deepEqual([refused.code, refused.out], [2, ''], args.join(' '))
  }
  const { code } = await archmeter([
    ...[
      'place',
      'resnet18',
      '--cost',
      'time',
      '--flops-per-second',
      '1T',
      '--bytes-per-second',
      '100GB',
      '--link-bytes-per-second',
      '10GB',
    ],
  ])
  assert.equal(code, 0)
})
