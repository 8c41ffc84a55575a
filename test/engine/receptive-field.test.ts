import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GraphBuilder } from '../../src/engine/builder.ts'
import type { Graph } from '../../src/engine/graph.ts'
import { inferShapes } from '../../src/engine/infer.ts'
import { receptiveFields } from '../../src/engine/receptive-field.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { random } from './random.ts'

/** Receptive field and stride of the last layer of a graph. */
function last(graph: Graph) {
  const fields = receptiveFields(graph, inferShapes(graph))
  return fields[fields.length - 1]!
}

const conv = (kernelSize: number, stride = 1, more = {}) => ({ type: 'Conv2d', outChannels: 1, kernelSize, stride, ...more })
const row = (layers: Record<string, unknown>[], size = 2000): Graph => verifyGraph({ input: { shape: [1, size, size] }, layers })
const pool = (kernelSize: number, stride = 2) => ({ type: 'MaxPool2d', kernelSize, stride })

/**
 * ResNet v1 as TF-Slim builds it, which is what the published table was computed on: the stride stands in the last unit
 * of a block, on its 3×3 convolution.
 */
function slimResnet(units: readonly number[]): Graph {
  const b = new GraphBuilder()
  let x = b.add('Conv2d', 'conv1', b.input([1, 224, 224]), { outChannels: 1, kernelSize: 7, stride: 2, padding: 3 })
  x = b.add('MaxPool2d', 'pool1', x, { kernelSize: 3, stride: 2, padding: 1 })
  units.forEach((count, block) => {
    for (let unit = 0; unit < count; unit++) {
      const stride = unit === count - 1 && block < 3 ? 2 : 1
      const id = `block${block}/unit${unit}`
      const one = (name: string, from: string, kernelSize: number, step: number) =>
        b.add('Conv2d', `${id}/${name}`, from, { outChannels: 1, kernelSize, stride: step, padding: (kernelSize - 1) / 2 })
      const shortcut = stride === 1 ? x : b.add('MaxPool2d', `${id}/shortcut`, x, { kernelSize: 1, stride })
      x = b.add('Add', `${id}/add`, [one('conv3', one('conv2', one('conv1', x, 1, 1), 3, stride), 1, 1), shortcut])
    }
  })
  return verifyGraph(b.build(x))
}

test('published receptive fields (Araujo, Norris and Sim, Distill 2019, table of architectures)', () => {
  const alexnet = [conv(11, 4), pool(3), conv(5), pool(3), conv(3), conv(3), conv(3), pool(3)]
  assert.deepEqual(last(row(alexnet)), { size: [195, 195], stride: [32, 32] })
  const vgg16 = [2, 2, 3, 3, 3].flatMap((count) => [...Array.from({ length: count }, () => conv(3)), pool(2)])
  assert.deepEqual(last(row(vgg16)), { size: [212, 212], stride: [32, 32] })
  assert.deepEqual(last(slimResnet([3, 4, 6, 3])), { size: [483, 483], stride: [32, 32] })
  assert.deepEqual(last(slimResnet([3, 4, 23, 3])), { size: [1027, 1027], stride: [32, 32] })
  assert.deepEqual(last(slimResnet([3, 8, 36, 3])), { size: [1507, 1507], stride: [32, 32] })
})

test('two 3×3 see as much as one 5×5, three as one 7×7 (EECS 498-007, lecture 8)', () => {
  assert.deepEqual(last(row([conv(3), conv(3)])), last(row([conv(5)])))
  assert.deepEqual(last(row([conv(3), conv(3), conv(3)])), last(row([conv(7)])))
})

test('a kernel that is not square sees another span along each axis', () => {
  assert.deepEqual(
    last(
      row([
        { ...conv(3), kernelSize: [1, 7], stride: [2, 1] },
        { ...conv(3), dilation: [1, 4] },
      ]),
    ),
    {
      size: [5, 15],
      stride: [2, 1],
    },
  )
})

test('where paths meet, the widest counts', () => {
  const graph = verifyGraph({
    input: { shape: [1, 32, 32] },
    layers: [
      { id: 'wide', ...conv(5, 1, { padding: 2 }), inputs: ['input'] },
      { id: 'narrow', ...conv(1), inputs: ['input'] },
      { id: 'sum', type: 'Add', inputs: ['narrow', 'wide'] },
      { id: 'after', ...conv(3) },
    ],
  })
  assert.deepEqual(last(graph), { size: [7, 7], stride: [1, 1] })
})

test('what joins every position sees the whole map, and has no stride any more', () => {
  for (const layer of [{ type: 'GlobalAvgPool2d' }, { type: 'Flatten' }, { type: 'AdaptiveAvgPool2d', outputSize: 1 }]) {
    // 20 − 3 + 1 = 18 positions of stride 1 and field 3 span 20.
    assert.deepEqual(last(row([conv(3), layer], 20)), { size: [20, 20], stride: null }, layer.type)
  }
})

test('the recurrence gives what following every index back to the input gives: 300 random stacks', () => {
  const { below } = random(3)
  for (let i = 0; i < 300; i++) {
    const stack = Array.from({ length: 1 + below(5) }, () => ({ kernel: 1 + below(4), stride: 1 + below(3), dilation: 1 + below(2) }))
    let positions = new Set([0])
    for (const { kernel, stride, dilation } of [...stack].reverse())
      positions = new Set([...positions].flatMap((p) => Array.from({ length: kernel }, (_, k) => p * stride + k * dilation)))
    const graph = row(stack.map(({ kernel, stride, dilation }) => conv(kernel, stride, { dilation })))
    const span = Math.max(...positions) + 1
    const step = stack.reduce((product, { stride }) => product * stride, 1)
    assert.deepEqual(last(graph), { size: [span, span], stride: [step, step] }, JSON.stringify(stack))
  }
})
