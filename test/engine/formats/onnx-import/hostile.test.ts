import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TensorProto_DataLocation, TensorProto_DataType } from 'onnx-buf'
import { fuzz } from '../../../../scripts/fuzz-onnx.ts'
import { file, floats, info, ints, localFunction, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { EngineError } from '../../../../src/engine/errors.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'

/** Message and code of the refusal. */
function refusal(bytes: Uint8Array): { code: string; message: string } {
  try {
    importOnnx(bytes)
  } catch (cause) {
    assert.ok(cause instanceof EngineError, String(cause instanceof Error ? cause.stack : cause))
    return { code: cause.code, message: cause.message }
  }
  assert.fail('it was imported')
}

const refused = (parts: Parts, code: string, message: RegExp): void => {
  const found = refusal(file(parts))
  assert.equal(found.code, code, found.message)
  assert.match(found.message, message)
}

test('200 mutated files are imported or refused with a sentence', () => {
  const { failures, imported, refused } = fuzz(200, 4, 42)
  assert.deepEqual(failures, [])
  assert.equal(imported + refused, 200)
  assert.ok(imported > 20 && refused > 20, 'mutations reach the parser and what lies behind it')
})

test('bytes that are no model', () => {
  assert.match(refusal(new Uint8Array()).message, /empty/)
  assert.match(refusal(new TextEncoder().encode('{"format": "layers-model"}')).message, /no ONNX file/)
  assert.match(refusal(Uint8Array.of(0x7a)).message, /offset/)
  // A message that is nested in itself, 10,000 deep: graph, node, attribute, graph …
  let nested = new Uint8Array(0)
  const wrap = (field: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
    const length: number[] = []
    for (let rest = bytes.length; ; rest >>>= 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest)
      if (rest < 128) break
    }
    return Uint8Array.from([(field << 3) | 2, ...length, ...bytes])
  }
  for (let depth = 0; depth < 200; depth++) nested = wrap(1, wrap(5, wrap(6, nested)))
  assert.match(refusal(wrap(7, nested)).message, /deeper than/)
})

test('a cycle, a tensor with two makers, a tensor with none, each by name', () => {
  refused({ nodes: [node('Relu', ['b'], ['a']), node('Relu', ['a'], ['b']), node('Add', ['x', 'a'], ['y'])] }, 'INVALID_ONNX', /cycle/)
  refused({ nodes: [node('Relu', ['y'], ['y'])] }, 'INVALID_ONNX', /cycle through "y"/)
  refused({ nodes: [node('Relu', ['x'], ['y']), node('Neg', ['x'], ['y'])] }, 'INVALID_ONNX', /"y" is made by two nodes/)
  refused({ nodes: [node('Relu', ['x'], ['x']), node('Relu', ['x'], ['y'])] }, 'INVALID_ONNX', /"x" is made by node "x", but is an input/)
  refused(
    { nodes: [node('Relu', ['z'], ['y'], {}, { name: 'last' })] },
    'INVALID_ONNX',
    /"z", read by Relu node "last", is made by no node/,
  )
  refused({ nodes: [node('Relu', ['x'], ['z'])] }, 'INVALID_ONNX', /"y", an output of the graph, is made by no node/)
  refused(
    { nodes: [node('Relu', ['x'], ['y'])], initializers: [floats('w', [1]), floats('w', [1])] },
    'INVALID_ONNX',
    /two initializers have the name "w"/,
  )
})

test('sizes that no tensor has', () => {
  const relu = [node('Relu', ['x'], ['y'])]
  const input = (dims: (number | bigint | string)[]): Parts => ({ nodes: relu, inputs: [info('x', dims)] })
  refused(input([1, 3, 2n ** 63n - 1n, 8]), 'INVALID_ONNX', /"x" has a dim of more than 2\^53/)
  refused(input([1, -3, 8, 8]), 'INVALID_ONNX', /"x" has a dim of -3/)
  refused(input([0, 3, 8, 8]), 'INVALID_ONNX', /batch, the first dim of the inputs, is 0/)
  refused(input([1, 0, 8, 8]), 'INVALID_ONNX', /size 1 of input "x" is 0/)
  refused(input(['N', 3, 'H', 8]), 'INVALID_ONNX', /size 2 of input "x" is left open \("H"\)/)
  refused(input([1]), 'INVALID_ONNX', /has 1 dims: the first is the batch/)
  refused({ nodes: relu, inputs: [info('x', [1, 2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1])] }, 'INVALID_ONNX', /2\^53/)
  const conv = (weight: Parts['initializers']): Parts => ({ nodes: [node('Conv', ['x', 'w'], ['y'])], initializers: weight })
  const huge = floats('w', [1])
  huge.dims = [2n ** 30n, 3n, 2n ** 30n, 2n ** 30n]
  refused(conv([huge]), 'INVALID_ONNX', /more elements than can be counted/)
  huge.dims = [4n, 3n, 3n, 3n]
  refused(conv([huge]), 'INVALID_ONNX', /108 elements, but the file holds 1/)
  huge.dims = [-1n]
  refused(conv([huge]), 'INVALID_ONNX', /dim of -1/)
})

test('shapes that are asked for and cannot be', () => {
  const reshape = (shape: readonly (number | bigint)[]): Parts => ({
    nodes: [node('Reshape', ['x', 's'], ['y'])],
    initializers: [ints('s', shape)],
  })
  refused(reshape([1, 5, -1]), 'INVALID_ONNX', /Reshape node "y": the shape \[1, 5, -1\] does not hold the 192 elements/)
  refused(reshape([-1, -1]), 'INVALID_ONNX', /Reshape node "y"/)
  refused(reshape([2n ** 62n, -(2n ** 62n)]), 'INVALID_ONNX', /Reshape node "y"/)
  refused({ nodes: [node('Reshape', ['x', 'x'], ['y'])] }, 'INVALID_ONNX', /computed by the network, so it cannot be known/)
  refused(
    { nodes: [node('Conv', ['x', 'w'], ['y'], { strides: [0, 1] })], initializers: [floats('w', [4, 3, 3, 3])] },
    'INVALID_ONNX',
    /strides \[0, 1\]/,
  )
  refused(
    { nodes: [node('Conv', ['x', 'w'], ['y'], { pads: [-9, 0, 0, 0] })], initializers: [floats('w', [4, 3, 3, 3])] },
    'INVALID_ONNX',
    /Conv node "y"/,
  )
  refused(
    { nodes: [node('Conv', ['x', 'w'], ['y'], { group: 0 })], initializers: [floats('w', [4, 3, 3, 3])] },
    'INVALID_ONNX',
    /Conv node "y"/,
  )
  refused(
    { nodes: [node('Conv', ['x', 'w'], ['y'])], initializers: [floats('w', [4, 5, 3, 3])] },
    'INVALID_ONNX',
    /inChannels is 5, but the input has 3/,
  )
})

test('an operator that is not known is listed where the file states its shape, and refused by name where it does not', () => {
  const unknown = node('Wobble', ['x'], ['w'], {}, { domain: 'com.example', name: 'wobbling' })
  const nodes = [unknown, node('Relu', ['w'], ['y'])]
  refused(
    { nodes },
    'INVALID_ONNX',
    /shape of tensor "w" cannot be known: it is made by node "wobbling", whose operator com.example.Wobble/,
  )
  const { graph } = importOnnx(file({ nodes, valueInfo: [info('w', [1, 5, 4, 4])] }))
  assert.deepEqual(
    graph.layers.map(({ id, type }) => [id, type]),
    [
      ['wobbling', 'Opaque'],
      ['y', 'ReLU'],
    ],
  )
  // A dim that shape inference invented is no shape.
  refused({ nodes, valueInfo: [info('w', [1, 'unk__0', 4, 4])] }, 'INVALID_ONNX', /cannot be known/)
})

test('functions that call themselves, and those that would double without end', () => {
  const call = (name: string, from: string, to: string) => node(name, [from], [to], {}, { domain: 'local' })
  refused(
    { nodes: [call('f', 'x', 'y')], functions: [localFunction('f', ['a'], ['b'], [call('f', 'a', 'b')])] },
    'INVALID_ONNX',
    /function "f" is called inside of calls more than 64 deep/,
  )
  const doubling = Array.from({ length: 40 }, (_, i) =>
    localFunction(`f${i}`, ['a'], ['b'], i === 39 ? [] : [call(`f${i + 1}`, 'a', 'm'), call(`f${i + 1}`, 'm', 'b')]),
  )
  refused({ nodes: [call('f0', 'x', 'y')], functions: doubling }, 'LIMIT_EXCEEDED', /more than 100000 nodes, local functions written out/)
})

test('a million nodes, two bytes each, are refused before anything is made of them', () => {
  const nodes = new Uint8Array(2_000_000)
  for (let i = 0; i < nodes.length; i += 2) nodes[i] = 0x0a
  const bytes = Buffer.concat([Uint8Array.of(0x3a, 0x80, 0x89, 0x7a), nodes])
  assert.equal(refusal(bytes).code, 'LIMIT_EXCEEDED')
  // One packed list of ten million integers, a byte each.
  const list = Buffer.concat([
    Uint8Array.of(0x3a, 0x8a, 0xad, 0xe2, 0x04, 0x2a, 0x85, 0xad, 0xe2, 0x04, 0x3a, 0x80, 0xad, 0xe2, 0x04),
    new Uint8Array(10_000_000),
  ])
  assert.equal(refusal(list).code, 'LIMIT_EXCEEDED')
})

test('constants that would fill the memory are not computed', () => {
  const filled = (shape: readonly number[]): Parts => ({
    nodes: [node('ConstantOfShape', ['s'], ['c']), node('Add', ['x', 'c'], ['y'])],
    initializers: [ints('s', shape)],
  })
  refused(filled([2 ** 31 - 1, 2 ** 31 - 1]), 'INVALID_ONNX', /"c"|"y"/)
  refused(
    {
      nodes: [node('Range', ['a', 'b', 'd'], ['r']), node('Add', ['x', 'r'], ['y'])],
      initializers: [ints('a', [0], []), ints('b', [2n ** 62n], []), ints('d', [1], [])],
    },
    'LIMIT_EXCEEDED',
    /"r"/,
  )
  // Each doubles the one before: 2^20 elements fifty times are beyond the budget.
  const growing = Array.from({ length: 60 }, (_, i) =>
    node('Concat', [`t${i % 2 ? 'a' : 'b'}${i}`, `t${i % 2 ? 'a' : 'b'}${i}`], [`t${i % 2 ? 'b' : 'a'}${i + 1}`], { axis: 0 }),
  )
  refused(
    {
      nodes: [...growing, node('Add', ['x', 'tb60'], ['y'])],
      initializers: [
        ints(
          'tb0',
          Array.from({ length: 64 }, (_, i) => i),
        ),
      ],
    },
    'INVALID_ONNX',
    /./,
  )
})

test('external data is named and never opened; a path that leads out of the folder is said to', () => {
  const outside = floats('w', [4, 3, 3, 3])
  outside.rawData = new Uint8Array()
  outside.dataLocation = TensorProto_DataLocation.EXTERNAL
  outside.externalData = [{ $typeName: 'onnx.StringStringEntryProto', key: 'location', value: '../../etc/passwd' }]
  const { report, graph, parameterOf } = importOnnx(file({ nodes: [node('Conv', ['x', 'w'], ['y'])], initializers: [outside] }))
  assert.deepEqual(report.externalData, ['../../etc/passwd'])
  assert.equal(report.weights, 'none')
  assert.match(report.notes.join(' '), /leads out of the file’s folder/)
  assert.equal(parameterOf(graph.layers[0]!.id, { name: 'weight', shape: [4, 3, 3, 3], init: 'he', trainable: true }), null)
})

test('opsets that are not read, inputs that are no tensors, sparse weights', () => {
  const nodes = [node('Relu', ['x'], ['y'])]
  refused({ nodes, opset: 5 }, 'INVALID_ONNX', /opset 5; opsets from 6 on are read/)
  refused({ nodes, inputs: [info('x', [1, 3], TensorProto_DataType.STRING)] }, 'INVALID_ONNX', /holds no numbers/)
  refused(
    { nodes: [node('Relu', ['x'], ['y'])], inputs: [info('x', [1, 3]), info('z', [2, 3])] },
    'INVALID_ONNX',
    /do not share their first dim/,
  )
})
