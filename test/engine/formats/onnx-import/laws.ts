/**
 * Laws that every imported file keeps, over random graphs. `npm run test:laws [-- count [seed]]`: 100,000 by default, counterexamples
 * shrunk to the fewest steps.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf'
import { file, floats, info, ints, node } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { EngineError } from '../../../../src/engine/errors.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { referencedId } from '../../../../src/engine/graph.ts'
import { holdsImageByImage } from './batch-law.ts'

const kinds = [
  ...['conv', 'sharedConv', 'computedConv', 'relu', 'zeros', 'expanded', 'flattened', 'allPicked', 'channelsPicked', 'matrix'],
  ...['joined', 'mean', 'table', 'sliced', 'shapedTwice'],
] as const
interface Step {
  kind: (typeof kinds)[number]
  /** Sizes are chosen by it. */
  n: number
}
interface Recipe {
  open: boolean
  size: number
  steps: Step[]
}

export const recipes: fc.Arbitrary<Recipe> = fc.record({
  open: fc.boolean(),
  size: fc.integer({ min: 2, max: 5 }),
  steps: fc.array(fc.record({ kind: fc.constantFrom(...kinds), n: fc.integer({ min: 1, max: 4 }) }), { minLength: 1, maxLength: 7 }),
})

interface Made {
  bytes: Uint8Array
  /** Elements of float initializers. */
  floats: number
  macs: number
  shape: [number, number, number]
}

/** Writes a recipe down: a file, with the shapes of its tensors and its multiply-adds as they are known here. */
export function written({ open, size, steps }: Recipe): Made {
  const nodes: NodeProto[] = []
  const initializers: TensorProto[] = []
  const valueInfo: ValueInfoProto[] = []
  const batch = open ? 'N' : 1
  let [x, c, count, macs, elements] = ['x', 2, 0, 0, 0]
  const fresh = () => `t${count++}`
  const weight = (dims: number[]) => {
    const name = fresh()
    initializers.push(floats(name, dims))
    elements += dims.reduce((a, b) => a * b, 1)
    return name
  }
  const whole = (values: number[], dims?: number[]) => {
    const name = fresh()
    initializers.push(ints(name, values, dims))
    return name
  }
  const add = (op: string, inputs: string[], attributes = {}) => {
    const name = fresh()
    nodes.push(node(op, inputs, [name], attributes))
    return name
  }
  const shapeOf = (tensor: string) => add('Shape', [tensor])
  const conv = (w: string, out: number) => {
    macs += out * c * size * size
    c = out
    return add('Conv', [x, w], { kernel_shape: [1, 1] })
  }
  const shared = new Map<string, string>()
  for (const { kind, n } of steps) {
    if (kind === 'conv') x = conv(weight([n, c, 1, 1]), n)
    if (kind === 'sharedConv') {
      const key = `${n}x${c}`
      if (!shared.has(key)) shared.set(key, weight([n, c, 1, 1]))
      x = conv(shared.get(key)!, n)
    }
    if (kind === 'computedConv') x = conv(add('Reshape', [add('Mul', [weight([n, c]), weight([n, 1])]), whole([n, c, 1, 1])]), n)
    if (kind === 'relu') x = add('Relu', [x])
    if (kind === 'zeros') x = add('Add', [x, add('ConstantOfShape', [shapeOf(x)])])
    if (kind === 'expanded') x = add('Mul', [x, add('Expand', [weight([1, c, 1, 1]), shapeOf(x)])])
    if (kind === 'flattened') {
      const first = add('Gather', [shapeOf(x), whole([0])])
      const flat = add('Reshape', [x, add('Concat', [first, whole([-1])], { axis: 0 })])
      x = add('Reshape', [flat, add('Concat', [first, whole([c, size, size])], { axis: 0 })])
    }
    if (kind === 'allPicked' && !open) {
      const all = c * size * size
      const flat = add('Reshape', [x, whole([-1])])
      const order = Array.from({ length: all }, (_, i) => (i * (n === 2 ? 1 : all - 1)) % all)
      x = add('Reshape', [add('Gather', [flat, whole(order)]), whole([1, c, size, size])])
    }
    if (kind === 'channelsPicked') {
      x = add('Gather', [x, whole(Array.from({ length: n }, (_, i) => (i * 3) % c))], { axis: 1 })
      c = n
    }
    if (kind === 'matrix') {
      x = add('MatMul', [x, weight([size, size])])
      macs += c * size * size * size
    }
    if (kind === 'joined' && c < 16) {
      x = add('Concat', [x, add('Relu', [x])], { axis: 1 })
      c *= 2
    }
    if (kind === 'mean') x = add('Sub', [x, add('ReduceMean', [x], { axes: [2, 3], keepdims: 1 })])
    if (kind === 'table') x = add('Add', [x, weight([1, c, size, size])])
    if (kind === 'sliced' && c > 1) {
      x = add('Slice', [x, whole([1]), whole([c]), whole([1])])
      c -= 1
    }
    if (kind === 'shapedTwice') {
      const shape = shapeOf(x)
      x = add('Reshape', [add('Transpose', [add('Transpose', [x], { perm: [0, 2, 3, 1] })], { perm: [0, 3, 1, 2] }), shape])
    }
    valueInfo.push(info(x, [batch, c, size, size]))
  }
  nodes.push(node('Neg', [x], ['y']))
  const inputs = [info('x', [batch, 2, size, size])]
  const bytes = file({ nodes, inputs, initializers, valueInfo: valueInfo.filter(({ name }) => name !== 'x'), opset: 17 })
  return { bytes, floats: elements, macs, shape: [2, size, size] }
}

/** The laws that need no run. @returns false where the file was refused for its batch. */
export function keepsLaws({ bytes, floats: most, macs }: Made): boolean {
  // A shape that was worked out and is not the stated one is an error, which names both.
  const { graph, report } = importOnnx(bytes)
  const one = computeCosts(graph)
  assert.equal(one.totals.macs, macs, 'multiply-adds')
  assert.equal(one.totals.partial, false)
  assert.ok(one.totals.params <= most, `${one.totals.params} parameters of ${most} floats`)
  assert.ok(report.parameters.floatInitializerElements <= most)
  let many: ReturnType<typeof computeCosts>
  try {
    many = computeCosts(graph, { batch: 3 })
  } catch (cause) {
    assert.ok(cause instanceof EngineError && cause.code === 'INVALID_BATCH', String(cause))
    return false
  }
  const fromInput = new Set(graph.inputs.map(({ id }) => id))
  for (const [i, layer] of one.layers.entries()) {
    if (layer.inputs.some((name) => fromInput.has(referencedId(name)))) fromInput.add(layer.id)
    assert.equal(many.layers[i]!.macs, (fromInput.has(layer.id) ? 3 : 1) * layer.macs, `multiply-adds of ${layer.id}`)
  }
  return true
}

/** Those laws, and that three images at once give what each gives alone on ONNX Runtime. */
export async function keepsLawsWhenRun(made: Made): Promise<void> {
  if (keepsLaws(made)) await holdsImageByImage(made.bytes, { x: made.shape })
}

if (import.meta.main) {
  const [count = 100_000, seed = 1] = process.argv.slice(2).map(Number)
  let refused = 0
  let seen = 0
  const start = performance.now()
  fc.assert(
    fc.property(recipes, (recipe) => {
      seen++
      if (!keepsLaws(written(recipe))) refused++
    }),
    { numRuns: count, seed },
  )
  const runs = Math.ceil(count / 200)
  await fc.assert(
    fc.asyncProperty(recipes, (recipe) => keepsLawsWhenRun(written(recipe))),
    { numRuns: runs, seed: seed + 1 },
  )
  console.log(
    `${seen} graphs kept the laws, ${refused} of them refused for their batch; ${runs} more were run on ONNX Runtime; ${Math.round((performance.now() - start) / 1000)} s`,
  )
}
