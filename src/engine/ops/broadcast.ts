import { ShapeError } from '../errors.ts'
import type { OnnxEmitter } from '../formats/onnx-emitter.ts'
import { perImage, type Shape } from '../shape.ts'

/**
 * Shape of an element-wise op: equal ranks, and along each dim equal sizes or 1.
 * @throws ShapeError naming both shapes where they do not meet.
 */
export function broadcast(inputs: readonly Shape[], op: string): Shape {
  let result = inputs[0] as Shape
  for (const next of inputs.slice(1)) {
    const meets = next.length === result.length && next.every((size, i) => size === result[i] || size === 1 || result[i] === 1)
    if (!meets)
      throw new ShapeError(
        `${op} takes inputs of one shape (or size 1 where they broadcast), but gets ${perImage(result)} and ${perImage(next)}`,
      )
    result = result.map((size, i) => (size === 1 ? (next[i] as number) : size))
  }
  return result
}

/** Writes a binary ONNX op over all inputs of the layer, from left to right. */
export function emitPairwise(emit: OnnxEmitter, opType: string): void {
  emit.inputs.slice(1).reduce((left, right, i) => {
    const out = i === emit.inputs.length - 2 ? emit.outputs[0]! : emit.temporary(`part${i}`)
    emit.node(opType, [left, right], [out])
    return out
  }, emit.inputs[0]!)
}
