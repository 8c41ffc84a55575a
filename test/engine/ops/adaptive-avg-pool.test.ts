import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldWindow } from '../../../src/engine/op.ts'
import { adaptiveAvgPool2d } from '../../../src/engine/ops/adaptive-avg-pool.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(adaptiveAvgPool2d, [
  ['VGG: whatever comes, 7×7 goes on', [[1, 512, 9, 11]], { outputSize: 7 }, [[1, 512, 7, 7]]],
  ['two sizes', [[2, 8, 9, 11]], { outputSize: [1, 20] }, [[2, 8, 1, 20]]],
  ['a vector', [[1, 9]], { outputSize: 1 }, /feature map/],
])
quantities(adaptiveAvgPool2d, [
  [
    'to one position: every element once',
    [[1, 512, 7, 7]],
    { outputSize: 1 },
    { windowReads: 512 * 49, additions: 512 * 48, divisions: 512 },
  ],
  ['same size: every element once, nothing added', [[1, 2, 5, 5]], { outputSize: 5 }, { windowReads: 50, divisions: 50 }],
])
refused(adaptiveAvgPool2d, [
  ['no size', {}],
  ['size 0', { outputSize: 0 }],
  ['three sizes', { outputSize: [1, 2, 3] }],
])

/** Windows by PyTorch's rule, one by one. */
function windows(input: number, output: number): number[] {
  return Array.from({ length: output }, (_, i) => Math.ceil(((i + 1) * input) / output) - Math.floor((i * input) / output))
}

test('AdaptiveAvgPool2d: reads and receptive field are those of its windows, counted one by one', () => {
  for (let input = 1; input <= 40; input++)
    for (let output = 1; output <= 45; output++) {
      const shapes = { inputs: [[1, 1, input, 1]], outputs: [[1, 1, output, 1]] }
      const a = { outputSize: [output, 1] as const }
      const lengths = windows(input, output)
      const reads = lengths.reduce((sum, length) => sum + length, 0)
      assert.equal(adaptiveAvgPool2d.quantities(shapes, a)?.windowReads, reads, `${input} → ${output}`)
      const field = adaptiveAvgPool2d.field?.(shapes, a)
      if (output > 1) assert.equal((field as FieldWindow).kernel[0], Math.max(...lengths), `${input} → ${output}`)
      else assert.equal(field, 'global')
    }
})
