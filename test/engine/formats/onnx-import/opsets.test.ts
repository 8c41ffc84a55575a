/**
 * What opsets 24 to 28 brought or changed. Where the ONNX Runtime of this package loads a file, shapes are those that it makes of one
 * and of three images; where not, they and the numbers are worked out from the text of the operator's specification.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TensorProto_DataType as T } from 'onnx-buf'
import * as ort from 'onnxruntime-node'
import { file, floats, info, ints, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { referencedId, referencedOutput } from '../../../../src/engine/graph.ts'
import { inferShapes } from '../../../../src/engine/infer.ts'
import { seededInput } from '../../../../src/engine/weights.ts'
import { runTfjs } from '../../run-graph.ts'
import { holdsOnOnnxRuntime } from './against-onnxruntime.ts'

const product = (sizes: readonly number[]): number => sizes.reduce((left, right) => left * right, 1)

interface Case extends Omit<Parts, 'inputs'> {
  /** Shape of one image of each input. */
  of: Readonly<Record<string, readonly number[]>>
  /** Inputs of whole numbers, the same for each image. */
  whole?: Readonly<Record<string, number>>
  macs: number
  /** Shapes of the outputs for one image, where no runtime of this package has the operator. */
  shapes?: readonly (readonly number[])[]
}

const read = ({ of, whole = {}, irVersion = 10, ...parts }: Case) =>
  file({
    ...parts,
    irVersion,
    inputs: [
      ...Object.entries(of).map(([name, shape]) => info(name, ['N', ...shape])),
      ...Object.keys(whole).map((name) => info(name, ['N'], T.INT64)),
    ],
  })

async function holds(given: Case): Promise<void> {
  const bytes = read(given)
  const { graph, names } = importOnnx(bytes)
  const { of, whole = {}, macs, shapes: stated } = given
  const session = stated ? null : await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 })
  for (const batch of [1, 3]) {
    const { totals } = computeCosts(graph, { batch })
    assert.deepEqual([totals.macs, totals.partial], [batch * macs, false])
    const shapes = new Map(inferShapes(graph, { batch }).map(({ layer, outputs }) => [layer.id, outputs]))
    const feeds = {
      ...Object.fromEntries(
        Object.entries(of).map(([name, shape]) => [
          name,
          new ort.Tensor('float32', seededInput(1, name, batch * product(shape)), [batch, ...shape]),
        ]),
      ),
      ...Object.fromEntries(
        Object.entries(whole).map(([name, value]) => [
          name,
          new ort.Tensor('int64', new BigInt64Array(batch).fill(BigInt(value)), [batch]),
        ]),
      ),
    }
    const made = await session?.run(feeds)
    for (const [i, reference] of graph.outputs.entries()) {
      const wanted = made ? [...made[names.outputs[i]!]!.dims] : [batch, ...stated![i]!]
      assert.deepEqual(shapes.get(referencedId(reference))![referencedOutput(reference)], wanted, `output ${names.outputs[i]}`)
    }
  }
  await session?.release()
}

const heads = { q_num_heads: 4, kv_num_heads: 2 }
/** Five queries, seven keys, four heads of three and values of five, keys for two heads each. */
const joined = { q: [5, 12], k: [7, 6], v: [7, 10] }
const apart = { q: [4, 5, 3], k: [2, 7, 3], v: [2, 7, 5] }
const caches = { pk: [2, 6, 3], pv: [2, 6, 5] }
const attention = (keys: number) => 4 * 5 * keys * (3 + 5)

const cases: Record<string, Case> = {
  'Attention-23 with earlier keys and values, which it gives out': {
    of: { ...apart, ...caches },
    macs: attention(7 + 6),
    opset: 23,
    nodes: [node('Attention', ['q', 'k', 'v', '', 'pk', 'pv'], ['y', 'nk', 'nv'])],
    outputs: ['y', 'nk', 'nv'],
  },
  'Attention-23 in one dim of heads, capped, its scores read': {
    of: joined,
    macs: attention(7),
    opset: 23,
    nodes: [node('Attention', ['q', 'k', 'v'], ['y', '', '', 's'], { ...heads, softcap: { float: 2 }, qk_matmul_output_mode: 2 })],
    outputs: ['y', 's'],
    shapes: [
      [5, 20],
      [4, 5, 7],
    ],
  },
  // Masked keys are multiplied all the same: the body of onnx's function has a product with every one.
  'Attention-24 with a length of keys for each image': {
    of: apart,
    whole: { lengths: 4 },
    macs: attention(7),
    opset: 24,
    nodes: [node('Attention', ['q', 'k', 'v', '', '', '', 'lengths'], ['y'])],
    shapes: [[4, 5, 5]],
  },
  'Attention-25 in a window': {
    of: joined,
    macs: attention(7),
    opset: 25,
    nodes: [node('Attention', ['q', 'k', 'v'], ['y'], { ...heads, left_window_size: 2, right_window_size: 0 })],
    shapes: [[5, 20]],
  },
  'TensorScatter-24 at an index for each image': {
    of: { cache: [2, 9, 3], x: [2, 4, 3] },
    whole: { at: 3 },
    macs: 0,
    opset: 24,
    nodes: [node('TensorScatter', ['cache', 'x', 'at'], ['y'], { mode: 'circular' })],
    shapes: [[2, 9, 3]],
  },
  'BitCast-26 and CumProd-26': {
    of: { x: [4, 6] },
    macs: 0,
    opset: 26,
    nodes: [node('CumProd', ['x', 'axis'], ['y'], { exclusive: 1 }), node('BitCast', ['x'], ['z'], { to: T.INT32 })],
    initializers: [ints('axis', [2], [])],
    outputs: ['y', 'z'],
    shapes: [
      [4, 6],
      [4, 6],
    ],
  },
}
for (const [name, each] of Object.entries(cases)) test(name, () => holds(each))

test('Swish-24 with a slope of its own', async () => {
  await holdsOnOnnxRuntime({
    shape: [3, 5],
    macs: 0,
    opset: 24,
    irVersion: 10,
    nodes: [node('Swish', ['x'], ['p'], { alpha: { float: 1.5 } }), node('Swish', ['p'], ['y'])],
  })
})

test('Cast-24 with a mode of rounding, CastLike of a constant by what the network computes', async () => {
  await holdsOnOnnxRuntime({
    shape: [3, 5],
    macs: 0,
    opset: 24,
    irVersion: 10,
    nodes: [
      node('CastLike', ['lowest', 'x'], ['value']),
      node('Pad', ['x', 'pads', 'value'], ['padded']),
      node('Cast', ['padded'], ['whole'], { to: T.INT32, round_mode: 'up' }),
      node('Cast', ['whole'], ['y'], { to: T.FLOAT }),
    ],
    initializers: [ints('pads', [0, 0, 0, 0, 1, 2]), ints('lowest', [-3], [])],
  })
})

/** What a network gives for a ramp of numbers, on TF.js. */
async function ramp(parts: Parts & { shape: readonly number[] }): Promise<number[]> {
  const { graph } = importOnnx(file({ ...parts, irVersion: 10, inputs: [info('x', [1, ...parts.shape])] }))
  const x = Float32Array.from({ length: product(parts.shape) }, (_, i) => i)
  assert.equal(computeCosts(graph).totals.partial, false)
  const [made] = await runTfjs(graph, { [graph.inputs[0]!.id]: x })
  return Array.from(made!)
}

// One channel's block stays together in CRD: its rows, its columns. In DCR each place of the block has all channels.
test('SpaceToDepth-28 in either mode', async () => {
  const give = (mode?: string) =>
    ramp({
      shape: [2, 2, 4],
      opset: 28,
      nodes: [node('SpaceToDepth', ['x'], ['y'], { blocksize: 2, ...(mode ? { mode } : {}) })],
    })
  const crd = [0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15]
  const dcr = [0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15]
  assert.deepEqual([await give('CRD'), await give('DCR'), await give()], [crd, dcr, dcr])
})

test('SwiGLU-28 is a swish of the first times the second, with a slope and without', async () => {
  for (const alpha of [undefined, 0.5]) {
    const made = await ramp({
      shape: [6],
      opset: 28,
      nodes: [node('Neg', ['x'], ['n']), node('SwiGLU', ['n', 'x'], ['y'], alpha === undefined ? {} : { alpha: { float: alpha } })],
    })
    made.forEach((y, x) => assert.ok(Math.abs(y + (x * x) / (1 + Math.exp((alpha ?? 1) * x))) < 1e-5, `${y} of ${x}`))
  }
})

test('Range-27 with a stash_type, CumProd-26 of constants', async () => {
  const made = await ramp({
    shape: [3],
    opset: 27,
    nodes: [
      node('Range', ['start', 'limit', 'step'], ['r'], { stash_type: 1 }),
      node('Add', ['r', 'one'], ['s']),
      node('CumProd', ['s', 'axis'], ['p'], { reverse: 1 }),
      node('Add', ['x', 'p'], ['y']),
    ],
    initializers: [
      floats('start', [], [0]),
      floats('limit', [], [0.25]),
      floats('step', [], [0.1]),
      floats('one', [], [1]),
      ints('axis', [0], []),
    ],
  })
  const wanted = [1.1 * 1.2, 1 + 1.1 * 1.2, 2 + 1.2]
  made.forEach((y, i) => assert.ok(Math.abs(y - wanted[i]!) < 1e-5, `${y} at ${i}`))
})

test('a file of a newer opset is read with a note', () => {
  const { report, graph } = importOnnx(file({ opset: 31, nodes: [node('Relu', ['x'], ['y'])] }))
  assert.equal(graph.layers.length, 1)
  assert.match(report.notes.join(), /opset 31, which is newer than 28/)
})

test('a file’s only dim is a length, unless it is the batch of an input that has more', () => {
  const inputs = (...dims: (string | number)[][]) =>
    file({
      inputs: dims.map((each, i) => info(`x${i}`, each)),
      nodes: [node('Relu', ['x0'], ['y']), ...dims.slice(1).map((_, i) => node('Relu', [`x${i + 1}`], [`y${i}`]))],
      outputs: ['y', ...dims.slice(1).map((_, i) => `y${i}`)],
    })
  assert.deepEqual(
    importOnnx(inputs(['N', 3], ['N'])).graph.inputs.map(({ shape }) => shape),
    [[3], []],
  )
  for (const refused of [inputs(['N']), inputs([4]), inputs(['N', 3], ['length'])]) assert.throws(() => importOnnx(refused), /has 1 dims/)
})

test('floats that become whole numbers lose their fraction, and whole numbers are divided without a rest', async () => {
  await holdsOnOnnxRuntime({
    shape: [3, 5],
    macs: 0,
    nodes: [
      node('Mul', ['x', 'ten'], ['scaled']),
      node('Cast', ['scaled'], ['whole'], { to: T.INT64 }),
      node('Div', ['whole', 'two'], ['halves']),
      node('Cast', ['halves'], ['z'], { to: T.FLOAT }),
      node('Cast', ['scaled'], ['any'], { to: T.BOOL }),
      node('Cast', ['any'], ['flags'], { to: T.FLOAT }),
      node('Add', ['z', 'flags'], ['y']),
    ],
    initializers: [floats('ten', [], [10]), ints('two', [2], [])],
  })
})
