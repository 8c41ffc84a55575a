import assert from 'node:assert/strict'
import * as ort from 'onnxruntime-node'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { referencedId } from '../../../../src/engine/graph.ts'
import { seededInput } from '../../../../src/engine/weights.ts'
import { distance, runTfjs, tolerance } from '../../run-graph.ts'

export interface ImageByImage {
  batch?: number
  /** Files with the numbers that lie outside of the model. */
  beside?: readonly { path: string; data: Uint8Array }[]
  /** How far outputs may be apart, relative to the largest. */
  within?: number
  /** Whether ONNX Runtime may make of the file what is faster; else it runs it as it stands. */
  optimized?: boolean
}

/**
 * Holds an imported file against onnxruntime: n images at once give, image by image, what the file gives for each alone.
 * An output that has its images elsewhere than outermost is read by where they are.
 * @param inputs shape of one image of each input.
 */
export async function holdsImageByImage(
  bytes: Uint8Array,
  inputs: Readonly<Record<string, readonly number[]>>,
  { batch = 3, beside = [], within = tolerance, optimized = true }: ImageByImage = {},
): Promise<void> {
  const files = (location: string) => {
    const found = beside.find(({ path }) => path === location)
    return found && { length: found.data.length, read: (offset: number, length: number) => found.data.slice(offset, offset + length) }
  }
  const model = importOnnx(bytes, { files })
  const fromInput = new Set(model.graph.inputs.map(({ id }) => id))
  const many = computeCosts(model.graph, { batch }).layers
  for (const [i, { id, inputs: from, macs }] of computeCosts(model.graph).layers.entries()) {
    if (from.some((name) => fromInput.has(referencedId(name)))) fromInput.add(id)
    assert.equal(many[i]!.macs, (fromInput.has(id) ? batch : 1) * macs, `MACs of ${id}`)
  }
  const images = Array.from({ length: batch }, (_, i) =>
    Object.fromEntries(Object.entries(inputs).map(([name, shape]) => [name, seededInput(i, name, product(shape))])),
  )
  const together = Object.fromEntries(
    Object.keys(inputs).map((name) => [name, Float32Array.from(images.flatMap((image) => [...image[name]!]))]),
  )
  const made = await runTfjs(model.graph, together, { batch, parameterOf: (id, parameter) => model.parameterOf(id, parameter)! })
  const session = await ort.InferenceSession.create(bytes, {
    ...{ intraOpNumThreads: 1, logSeverityLevel: 3, externalData: [...beside] },
    graphOptimizationLevel: optimized ? 'all' : 'disabled',
  })
  try {
    for (const [i, image] of images.entries()) {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, shape]) => [name, new ort.Tensor('float32', image[name]!, [1, ...shape])]),
      )
      const results = await session.run(feeds)
      model.names.outputs.forEach((name, output) => {
        const wanted = Float32Array.from(results[name]!.data as Float32Array)
        const all = made[output]!
        assert.equal(all.length, batch * wanted.length, `output ${name} at a batch of ${batch}`)
        const own = all.slice(i * wanted.length, (i + 1) * wanted.length)
        const far = distance(own, wanted)
        assert.ok(far <= within, `output ${name} of image ${i} is off by ${far}`)
      })
    }
  } finally {
    await session.release()
  }
}

const product = (sizes: readonly number[]): number => sizes.reduce((left, right) => left * right, 1)
