/**
 * Small files of kinds that readers of ONNX get wrong, held to what Python's onnxruntime counted by executing every node
 * (`test/fixtures/onnx-cases/expected.json`).
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'

const fixtures = new URL('../../../fixtures/onnx-cases/', import.meta.url)
interface Expected {
  macs?: number
  macsAtBatch2?: number
  floatsInFile: number
}
const expected = JSON.parse(readFileSync(new URL('expected.json', fixtures), 'utf8')) as Record<string, Expected>

for (const [name, { macs, macsAtBatch2, floatsInFile }] of Object.entries(expected))
  test(`${name}: multiply-adds at its own batch and at twice that, floats in the file`, () => {
    const { graph, report } = importOnnx(readFileSync(new URL(name, fixtures)))
    const batch = report.batch === 'symbolic' ? 1 : report.batch
    if (macs !== undefined) assert.equal(computeCosts(graph, { batch }).totals.macs, macs)
    if (macsAtBatch2 !== undefined) assert.equal(computeCosts(graph, { batch: 2 * batch }).totals.macs, macsAtBatch2)
    assert.equal(report.parameters.floatInitializerElements, floatsInFile)
  })
