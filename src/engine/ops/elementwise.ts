import type * as tfjs from '@tensorflow/tfjs-core'
import { Type } from 'typebox'
import { product } from '../exact.ts'
import type { OnnxEmitter } from '../formats/onnx-emitter.ts'
import { defineOp, type Quantities, takes } from '../op.ts'
import { numel } from '../shape.ts'

/** Primitive quantities of one element times the elements there are. */
export function perElement(quantities: Readonly<Quantities>, elements: number): Quantities {
  return Object.fromEntries(Object.entries(quantities).map(([name, count]) => [name, product(count, elements)]))
}

/** An activation without attributes: one function applied to every element. */
export interface Activation {
  type: string
  summary: string
  /** Arithmetic on one element; changes of sign are not counted. */
  arithmetic: Quantities
  onnx(emit: OnnxEmitter): void
  tfjs(tf: typeof tfjs, x: tfjs.Tensor): tfjs.Tensor
}

/** The op of an activation: what such ops share, so that each one's file states its formula alone. */
export const activation = ({ type, summary, arithmetic, onnx, tfjs: apply }: Activation) =>
  defineOp({
    type,
    summary,
    attributes: Type.Object({}),
    arity: takes(1),
    canonical: () => ({}),
    shape: ([x]) => [x!],
    quantities: ({ outputs }) => perElement(arithmetic, numel(outputs[0]!)),
    onnx,
    tfjs:
      (tf) =>
      ([x]) =>
        apply(tf, x!),
  })
