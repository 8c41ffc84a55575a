/** A user's file runs as it is, whatever of it cannot be lowered here: its outputs are those of onnxruntime 1.32 in Python. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { importOnnx, type OpenSizes } from '../../../../src/engine/formats/onnx-import/index.ts'
import { externalFile } from '../../../../src/gpu/external-files.ts'
import { loadRuntime } from '../../../../src/gpu/runtimes/index.ts'
import { testCpu } from '../../../engine/run-graph.ts'
import { temporaryFolder } from '../../worker/helpers.ts'

const folder = new URL('../../../fixtures/onnx-cases/', import.meta.url)
interface Outputs {
  /** Of dims that the file leaves open. */
  sizes?: OpenSizes
  shape: number[]
  /** The first of the first output. */
  first: number[]
  /** Σ v[i]·cos(i) over all of them. */
  weighed: number
}
/** File → batch → what Python got for the inputs of this seed. */
const expected: Record<string, Record<string, Outputs>> = JSON.parse(readFileSync(new URL('outputs.json', folder), 'utf8'))
const seed = 7
const scratch = temporaryFolder()

for (const [name, batches] of Object.entries(expected))
  test(`${name} gives on ONNX Runtime what it gives in Python`, async () => {
    const path = fileURLToPath(new URL(name, folder))
    for (const [batch, { sizes, shape, first, weighed }] of Object.entries(batches)) {
      // External data lies beside the model, under the model's own name for it.
      const data = existsSync(`${path}.data`) ? [{ location: `${name}.data`, path: `${path}.data` }] : []
      const files = (location: string) => data.filter((each) => each.location === location).map((each) => externalFile(each.path))[0]
      const { graph } = importOnnx(readFileSync(path), { sizes, files })
      const session = await (await loadRuntime('onnxruntime', 'cpu')).load({
        graph,
        batch: Number(batch),
        resolution: null,
        precision: 'float32',
        threads: 1,
        seed,
        device: testCpu,
        scratch,
        model: { path, digest: '', data, ...(sizes ? { sizes } : {}) },
      })
      try {
        await session.run()
        const [made] = await session.outputs()
        assert.equal(
          made!.length,
          shape.reduce((a, b) => a * b),
        )
        const near = (value: number, wanted: number) => Math.abs(value - wanted) <= 1e-4 * Math.max(1, Math.abs(wanted))
        first.forEach((wanted, i) => assert.ok(near(made![i]!, wanted), `element ${i} is ${made![i]}, Python has ${wanted}`))
        const sum = made!.reduce((total, value, i) => total + value * Math.cos(i), 0)
        assert.ok(near(sum, weighed), `weighed sum is ${sum}, Python has ${weighed}`)
      } finally {
        await session.dispose()
      }
    }
  })
