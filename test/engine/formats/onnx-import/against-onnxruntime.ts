import assert from 'node:assert/strict'
import { TensorProto_DataType as T } from 'onnx-buf'
import * as ort from 'onnxruntime-node'
import { file, info, type Parts } from '../../../../scripts/onnx-file.ts'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { type ImportedModel, importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { seededInput } from '../../../../src/engine/weights.ts'
import { distance, runOnnx, runTfjs, tolerance } from '../../run-graph.ts'

/** A file, and the multiply-adds of one image, worked out by hand. */
export interface RunCase extends Parts {
  /** Shape of one image of `x`. */
  shape: readonly number[]
  macs: number
  /** How far outputs may be apart, relative to the largest. */
  within?: number
}

/**
 * Holds a file with an open batch against ONNX Runtime at batches of 1 and 3: what it gives, the network as imported gives on
 * TF.js with the file's weights; where weights are the same, so does its export. Its multiply-adds are those stated.
 */
export async function holdsOnOnnxRuntime({ shape, macs, within = tolerance, ...parts }: RunCase): Promise<ImportedModel> {
  const bytes = file({ inputs: [info('x', ['N', ...shape], T.FLOAT)], ...parts })
  const model = importOnnx(bytes)
  // A bias is a table on a data operand.
  assert.deepEqual(
    model.report.notes.filter((note) => !note.startsWith('Counted as learned')),
    [],
  )
  for (const batch of [1, 3]) {
    const { totals, uncounted } = computeCosts(model.graph, { batch })
    assert.deepEqual(uncounted, [])
    assert.equal(totals.macs, batch * macs)
    const values = seededInput(1, 'x', batch * shape.reduce((a, b) => a * b, 1))
    const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 })
    const results = await session.run({ x: new ort.Tensor('float32', values, [batch, ...shape]) })
    await session.release()
    const made = await runTfjs(model.graph, { x: values }, { batch, parameterOf: (id, parameter) => model.parameterOf(id, parameter)! })
    for (const [i, name] of model.names.outputs.entries()) {
      const wanted = results[name]!
      const far = distance(made[i]!, Float32Array.from(wanted.data as Float32Array))
      assert.ok(far <= within, `output ${name} is off by ${far} at a batch of ${batch}`)
    }
    // The export can be loaded and gives as many numbers.
    const exported = await runOnnx(model.graph, { x: values }, { batch })
    assert.deepEqual(
      exported.map(({ length }) => length),
      made.map(({ length }) => length),
    )
  }
  return model
}
