import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { exportBombs } from '../../../scripts/hostile/export-bombs.ts'
import type { EngineError } from '../../../src/engine/errors.ts'
import { exportOnnx } from '../../../src/engine/formats/onnx-export.ts'
import { streamOnnx } from '../../../src/engine/formats/onnx-stream.ts'
import { lowerToTfjs } from '../../../src/engine/formats/tfjs-lowering.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { seededParameter } from '../../../src/engine/weights.ts'
import { activeTfjs } from '../run-graph.ts'

const MiB = 2 ** 20
/** Highest resident memory of this process so far, MiB. */
const peakMiB = (): number => process.resourceUsage().maxRSS / 1024
/** What bears no constant in TensorFlow.js, which normalizes by itself. */
const onnxAlone = /^ones of/

const refused = (error: EngineError): true => {
  assert.equal(error.code, 'EXPORT_UNSUPPORTED', error.stack)
  assert.match(error.message, /layer \S+ \(\w+\) needs a constant of [\d×]+, .* take (\d+|Infinity) bytes .*the limit is 67108864/)
  assert.ok(error.errors[0]!.layerId)
  return true
}

describe('constants that would take gigabytes are refused before they are made', () => {
  const before = peakMiB()
  for (const [name, spec] of Object.entries(exportBombs)) {
    it(`${name}: ONNX`, () => {
      assert.throws(() => exportOnnx(verifyGraph(spec), { weights: 'none' }), refused)
    })
    if (!onnxAlone.test(name))
      it(`${name}: TensorFlow.js`, async () => {
        const tf = await activeTfjs()
        const parameterOf = () => assert.fail('there are no weights')
        assert.throws(() => lowerToTfjs(tf, verifyGraph(spec), { parameterOf }), refused)
      })
  }
  after(() => {
    // Forty parameters of 4 MiB are made up to the bound of 64 MiB, in both forms; the least of the others has a GiB.
    const grown = peakMiB() - before
    assert.ok(grown < 400, `memory grew by ${grown.toFixed(0)} MiB`)
  })
})

describe('an export with weights', () => {
  it('holds a piece of a parameter at a time, and the pieces are the parameter', () => {
    const graph = verifyGraph({ input: { shape: [2 ** 14] }, layers: [{ id: 'fc', type: 'Linear', outFeatures: 2 ** 14, bias: false }] })
    const { length, pieces } = streamOnnx(graph, { seed: 5 })
    const before = peakMiB()
    let bytes = 0
    let first: Float32Array | undefined
    let second: Float32Array | undefined
    for (const piece of pieces) {
      bytes += piece.length
      if (piece.length !== 4 * MiB) continue
      const numbers = () => new Float32Array(piece.slice().buffer)
      if (!first) first = numbers()
      else second ??= numbers()
    }
    assert.equal(bytes, length)
    assert.ok(peakMiB() - before < 256, 'a GiB of weights went through')
    // The same numbers as a parameter of the same name, made at once.
    const whole = seededParameter(5, 'fc', { name: 'weight', shape: [2 * MiB], init: 'he', fanIn: 2 ** 14, trainable: true })
    assert.deepEqual(first, whole.subarray(0, MiB))
    assert.deepEqual(second, whole.subarray(MiB, 2 * MiB))
  })
})
