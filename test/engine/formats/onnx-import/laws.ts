/**
 * Laws that every imported file keeps, over random graphs. `npm run test:laws [-- count [seed]]`: 100,000 by default, counterexamples
 * shrunk to the fewest steps.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import * as ort from 'onnxruntime-node'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { EngineError } from '../../../../src/engine/errors.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { referencedId } from '../../../../src/engine/graph.ts'
import { seededInput } from '../../../../src/engine/weights.ts'
import { distance, tolerance } from '../../run-graph.ts'
import { holdsImageByImage } from './batch-law.ts'
import { type Made, type Recipe, recipes, written } from './random-files.ts'

const images = 3

/** The laws that need no run. @returns false where the file was refused for its batch. */
export function keepsLaws({ bytes, floats, whole, macs }: Made): boolean {
  // A shape that was worked out and is not the stated one is an error, which names both.
  const { graph, report } = importOnnx(bytes)
  const one = computeCosts(graph)
  assert.equal(one.totals.macs, macs, 'multiply-adds')
  assert.equal(one.totals.partial, false)
  assert.ok(one.totals.params <= floats + whole, `${one.totals.params} parameters of ${floats} floats and ${whole} whole numbers`)
  assert.ok(report.parameters.floatInitializerElements <= floats)
  assert.equal(report.weights, 'all')
  let many: ReturnType<typeof computeCosts>
  try {
    many = computeCosts(graph, { batch: images })
  } catch (cause) {
    assert.ok(cause instanceof EngineError && cause.code === 'INVALID_BATCH', String(cause))
    return false
  }
  const fromInput = new Set(graph.inputs.map(({ id }) => id))
  for (const [i, layer] of one.layers.entries()) {
    if (layer.inputs.some((name) => fromInput.has(referencedId(name)))) fromInput.add(layer.id)
    assert.equal(many.layers[i]!.macs, (fromInput.has(layer.id) ? images : 1) * layer.macs, `multiply-adds of ${layer.id}`)
  }
  assert.equal(many.totals.params, one.totals.params, 'parameters do not follow the batch')
  return true
}

/** A file that states a row more of one tensor than there is, is refused with both shapes. */
export function refusesLie(recipe: Recipe, which: number): void {
  const { stated } = written(recipe)
  const lie = stated[which % stated.length]!
  assert.throws(
    () => importOnnx(written(recipe, lie).bytes),
    (cause) => {
      assert.ok(cause instanceof EngineError && cause.code === 'INVALID_ONNX', String(cause))
      const { size } = recipe
      assert.ok(cause.message.includes(`${size}×${size}`) && cause.message.includes(`${size + 1}×${size}`), cause.message)
      return true
    },
  )
}

/**
 * Those laws, and that three images at once give what each gives alone on ONNX Runtime: by the file itself where it takes such
 * a batch, and by the imported network where TF.js has all of its layers.
 */
export async function keepsLawsWhenRun(made: Made): Promise<void> {
  if (!keepsLaws(made)) return
  const { bytes, shape, open, quantized } = made
  if (open) await runsImageByImage(bytes, shape)
  // A sum halfway between two steps is rounded to either: each of a few quantized steps may be off by one of the some hundred.
  const within = quantized ? 0.1 : tolerance
  if (importOnnx(bytes).graph.layers.every(({ type }) => type !== 'Opaque'))
    await holdsImageByImage(bytes, { x: shape }, { batch: images, within, optimized: false })
}

/** ONNX Runtime on the file: `y` of several images at once is `y` of each. */
async function runsImageByImage(bytes: Uint8Array, shape: readonly number[]): Promise<void> {
  // As the file has it: what ONNX Runtime makes of it for speed is not what the law is about, and its optimizer ends the process on some.
  const options = { intraOpNumThreads: 1, logSeverityLevel: 3, graphOptimizationLevel: 'disabled' } as const
  const session = await ort.InferenceSession.create(bytes, options)
  try {
    const each = shape.reduce((left, right) => left * right, 1)
    const run = async (values: Float32Array) => {
      const results = await session.run({ x: new ort.Tensor('float32', values, [values.length / each, ...shape]) })
      return Float32Array.from(results.y!.data as Float32Array)
    }
    const values = seededInput(1, 'x', images * each)
    const together = await run(values)
    for (let i = 0; i < images; i++) {
      const alone = await run(values.slice(i * each, (i + 1) * each))
      const far = distance(together.slice(i * alone.length, (i + 1) * alone.length), alone)
      assert.ok(far <= 1e-3, `image ${i} of ${images} is off by ${far} on ONNX Runtime itself`)
    }
  } finally {
    await session.release()
  }
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
  const lies = Math.ceil(count / 10)
  fc.assert(fc.property(recipes, fc.nat(7), refusesLie), { numRuns: lies, seed: seed + 2 })
  const runs = Math.ceil(count / 200)
  await fc.assert(
    fc.asyncProperty(recipes, (recipe) => keepsLawsWhenRun(written(recipe))),
    { numRuns: runs, seed: seed + 1 },
  )
  console.log(
    `${seen} graphs kept the laws, ${refused} of them refused for their batch; ${lies} that state a false shape were refused; ${runs} more were run on ONNX Runtime; ${Math.round((performance.now() - start) / 1000)} s`,
  )
}
