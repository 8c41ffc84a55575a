import type * as tfjs from '@tensorflow/tfjs-core'
import { ShapeError } from '../../errors.ts'
import type { OnnxEmitter } from '../../formats/onnx-emitter.ts'
import type { OnnxLayer, OnnxNode } from '../../formats/onnx-node.ts'
import type { LayerShapes } from '../../op.ts'
import { numel, perImage, type Shape, sameShape } from '../../shape.ts'
import { inEngineOrder } from './lowering/layout.ts'

/**
 * Shape of an element-wise op, by NumPy's rules: dims are lined up from the last, and along each the sizes are equal or 1.
 * @throws ShapeError naming both shapes where they do not meet.
 */
export function broadcast(inputs: readonly Shape[], op: string): Shape {
  let result = inputs[0] as Shape
  for (const next of inputs) {
    if (sameShape(result, next)) continue
    // A vector of each image lined up with the columns of its map is a mistake that happens to fit: with the one image that
    // the verifier looks at, both begin with the batch of 1. A tensor without a batch has no 1 to begin with.
    if (result.length !== next.length && result[0] === 1 && next[0] === 1 && numel(result) > 1 && numel(next) > 1)
      throw new ShapeError(
        `${op} lines dims up from the last, so ${perImage(result)} and ${perImage(next)} do not meet: give both one rank by a Reshape, such as ${perImage(result.length < next.length ? result : next)}×1×1`,
      )
    const rank = Math.max(result.length, next.length)
    const size = (shape: Shape, i: number): number => shape[i - (rank - shape.length)] ?? 1
    const joined: number[] = []
    for (let i = 0; i < rank; i++) {
      const [a, b] = [size(result, i), size(next, i)]
      if (a !== b && a !== 1 && b !== 1)
        throw new ShapeError(
          `${op} takes inputs of one shape (or size 1 where they broadcast), but gets ${perImage(result)} and ${perImage(next)}`,
        )
      joined.push(a === 1 ? b : a)
    }
    result = joined
  }
  return result
}

/**
 * A TF.js call over pairs. Tensors of one rank meet in whatever order they travel; where ranks differ, a map has to be
 * in the engine's order for its dims to line up.
 */
export function lowerPairwise(
  tf: typeof tfjs,
  { inputs }: LayerShapes,
  pair: (left: tfjs.Tensor, right: tfjs.Tensor) => tfjs.Tensor,
): (tensors: tfjs.Tensor[]) => tfjs.Tensor {
  const call = (tensors: tfjs.Tensor[]) => tensors.reduce((left, right) => pair(left, right))
  return inputs.every((shape) => shape.length === inputs[0]!.length) ? call : inEngineOrder(tf, call)
}

/** Reads an element-wise node: every input is data. */
export const allInputs = (node: OnnxNode): OnnxLayer => ({ inputs: node.inputs.map((_, i) => i), broadcasts: true })

/** Writes a binary ONNX op over all inputs of the layer, from left to right. */
export function emitPairwise(emit: OnnxEmitter, opType: string): void {
  emit.inputs.slice(1).reduce((left, right, i) => {
    const out = i === emit.inputs.length - 2 ? emit.outputs[0]! : emit.temporary(`part${i}`)
    emit.node(opType, [left, right], [out])
    return out
  }, emit.inputs[0]!)
}
