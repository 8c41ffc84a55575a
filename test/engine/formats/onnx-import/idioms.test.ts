/** Idioms of exporters (test/fixtures/onnx-exporters): what is right is what ONNX Runtime gave when it executed each file. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { referencedId, referencedOutput } from '../../../../src/engine/graph.ts'
import { inferShapes } from '../../../../src/engine/infer.ts'
import { holdsImageByImage } from './batch-law.ts'

interface Expected {
  macs: Record<string, number>
  outputs: Record<string, Record<string, number[]>>
  floats: number
}
const folder = new URL('../../../fixtures/onnx-exporters/', import.meta.url)
const expected = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as Record<string, Expected>

/** They give the batch up, and what they then do would mix images: no other batch is taken. */
const oneImage = new Set(['dynamic_filter_conv', 'mean_over_batchless_squeeze', 'select_x0_and_stack'])
/** Rounded at run time on ONNX Runtime, passed on as they are here; one hundredth is a step. */
const rounded = new Set(['convinteger_manual', 'matmulinteger_tokens', 'qdq_int8_per_channel_gemm'])
/** Whole numbers are stored for their weights. */
const whole = rounded
/** Fed or read in other types than float32. */
const otherTypes = new Set(['uint8_image_in', 'argmax_seg'])

for (const [name, { macs, outputs, floats }] of Object.entries(expected))
  test(name, async () => {
    const bytes = readFileSync(new URL(`${name}.onnx`, folder))
    const { graph, names } = importOnnx(bytes)
    assert.equal(graph.fixedBatch, oneImage.has(name) ? 1 : undefined)
    for (const [batch, executed] of Object.entries(macs)) {
      const { totals } = computeCosts(graph, { batch: Number(batch) })
      assert.deepEqual([totals.macs, totals.partial], [executed, false], `batch ${batch}`)
      if (!whole.has(name)) assert.ok(totals.params <= floats)
      const shapes = new Map(inferShapes(graph, { batch: Number(batch) }).map(({ layer, outputs }) => [layer.id, outputs]))
      graph.outputs.forEach((reference, i) => {
        assert.deepEqual(shapes.get(referencedId(reference))![referencedOutput(reference)], outputs[batch]![names.outputs[i]!])
      })
    }
    // A file of two images is run by no single one.
    if (graph.layers.some(({ type }) => type === 'Opaque') || otherTypes.has(name) || macs[1] === undefined || graph.fixedBatch) return
    const inputs = Object.fromEntries(graph.inputs.map(({ shape }, i) => [names.inputs[i]!, shape]))
    await holdsImageByImage(bytes, inputs, { within: rounded.has(name) ? 0.02 : 1e-3 })
  })
