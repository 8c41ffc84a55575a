import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { type TensorProto, TensorProto_DataType } from 'onnx-buf'
import { bombBytes, onnxBombs } from '../../../../scripts/hostile/onnx-bombs.ts'
import { file, floats, node } from '../../../../scripts/onnx-file.ts'
import { EngineError } from '../../../../src/engine/errors.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'

/** Highest resident memory of this process so far, MiB. */
const peakMiB = (): number => process.resourceUsage().maxRSS / 1024

describe('files that ask for gigabytes are refused before anything is made', () => {
  const before = peakMiB()
  for (const name of Object.keys(onnxBombs))
    it(name, () => {
      const bytes = bombBytes(name)
      assert.throws(
        () => importOnnx(bytes),
        (error: EngineError) => {
          assert.ok(error instanceof EngineError, String(error.stack))
          assert.match(error.code, /^(LIMIT_EXCEEDED|INVALID_ONNX)$/)
          // What computes too much is named, with the bytes and the bound.
          if (/bytes of numbers/.test(error.message)) assert.match(error.message, /".+".* takes \d+ bytes .*the limit is \d+/)
          return true
        },
      )
    })
  after(() => {
    const grown = peakMiB() - before
    // What the imports may compute, as far as it is not collected yet. The least of what is asked for has 512 MiB.
    assert.ok(grown < 768, `memory grew by ${grown.toFixed(0)} MiB`)
  })
})

/** A Conv of 1×1 over `x` whose weight is this tensor. */
const conv = (weight: TensorProto): Uint8Array => file({ nodes: [node('Conv', ['x', 'w'], ['y'])], initializers: [weight] })
const weightOf = (bytes: Uint8Array, outputs: number) => {
  const { graph, parameterOf } = importOnnx(bytes)
  return parameterOf(graph.layers[0]!.id, { name: 'weight', shape: [outputs, 3, 1, 1], init: 'he', trainable: true })
}
const weight = (dims: readonly number[], more: Partial<TensorProto>): TensorProto =>
  Object.assign(floats('w', [0]), { dims: dims.map(BigInt), rawData: new Uint8Array(), ...more })

describe('weights in lists of numbers', () => {
  it('are views of the file, however many', () => {
    // Above the numbers that a file may have outside of its weights.
    const outputs = 2_000_000
    const values = Float32Array.from({ length: 3 * outputs }, (_, i) => i % 1000)
    const list = new Uint8Array(values.buffer)
    const bytes = conv(weight([outputs, 3, 1, 1], { rawData: list }))
    // The same file, by a tag: field 4, float_data, in the place of field 9, raw_data.
    const tag = Buffer.from(bytes).lastIndexOf(Uint8Array.of(0x4a, 0x80, 0xec, 0xb8, 0x0b))
    assert.ok(tag > 0)
    bytes[tag] = 0x22
    const before = process.memoryUsage().heapUsed
    const read = weightOf(bytes, outputs)!
    assert.ok(process.memoryUsage().heapUsed - before < 20 * 2 ** 20, 'no list of numbers was made')
    assert.deepEqual(read.subarray(999, 1003), Float32Array.of(999, 0, 1, 2))
  })
  it('give the numbers that were written, single, double and in two parts', () => {
    const three = [1.5, -2.25, 3]
    assert.deepEqual(weightOf(conv(weight([1, 3, 1, 1], { floatData: three })), 1), Float32Array.from(three))
    const double = weight([1, 3, 1, 1], { dataType: TensorProto_DataType.DOUBLE, doubleData: three })
    assert.deepEqual(weightOf(conv(double), 1), Float32Array.from(three))
    // Protobuf joins the parts of a list that is written in several.
    const one = conv(weight([1, 3, 1, 1], { floatData: three }))
    const at = Buffer.from(one).indexOf(Uint8Array.of(0x22, 12))
    const parts = Buffer.concat([
      one.subarray(0, at),
      Uint8Array.of(0x22, 4),
      one.subarray(at + 2, at + 6),
      Uint8Array.of(0x22, 8),
      one.subarray(at + 6),
    ])
    lengthen(parts, at, 2)
    assert.deepEqual(weightOf(parts, 1), Float32Array.from(three))
  })
})

/** Adds to the lengths of the messages around an offset: graph and tensor, each of one byte here. */
function lengthen(bytes: Uint8Array, at: number, by: number): void {
  for (const tag of [0x3a, 0x2a]) {
    const start = Buffer.from(bytes.subarray(0, at)).lastIndexOf(tag)
    assert.ok(bytes[start + 1]! + by < 128)
    bytes[start + 1]! += by
  }
}
