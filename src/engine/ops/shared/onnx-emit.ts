import { product } from '../../exact.ts'
import type { OnnxAttribute, OnnxEmitter } from '../../formats/onnx-emitter.ts'
import type { Shape } from '../../shape.ts'

/** What ops that are written as several ONNX nodes share. */

/** Adds a node with one output, a tensor inside the layer, and gives that tensor's name. */
export type Step = (opType: string, operands: readonly string[], hint: string, attributes?: Record<string, OnnxAttribute>) => string
export const stepsOf =
  (emit: OnnxEmitter): Step =>
  (opType, operands, hint, attributes = {}) => {
    const out = emit.temporary(hint)
    emit.node(opType, operands, [out], attributes)
    return out
  }

/** A constant list of int64: a shape, axes, pads. */
export const integers = (emit: OnnxEmitter, hint: string, values: readonly number[]): string =>
  emit.constant(hint, [values.length], values.map(BigInt))

/** A constant float32 without dims. */
export const scalar = (emit: OnnxEmitter, hint: string, value: number): string => emit.constant(hint, [], Float32Array.of(value))

/** A constant of this shape that holds one float32 throughout. */
export const filled = (emit: OnnxEmitter, hint: string, shape: Shape, value: number): string =>
  emit.constant(hint, shape, () => new Float32Array(product(...shape)).fill(value))
