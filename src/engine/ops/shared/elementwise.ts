import type * as tfjs from '@tensorflow/tfjs-core'
import { type Static, type TObject, Type } from 'typebox'
import { exact } from '../../exact.ts'
import type { OnnxEmitter } from '../../formats/onnx-emitter.ts'
import type { OnnxReader } from '../../formats/onnx-node.ts'
import { defineOp, type Quantities, takes } from '../../op.ts'
import { numel } from '../../shape.ts'
import { allInputs, broadcast, lowerPairwise } from './broadcast.ts'
import { sameChannels } from './divided.ts'

/** Primitive quantities of one element times the elements there are. */
export function perElement(quantities: Readonly<Quantities>, elements: number): Quantities {
  const all: Quantities = {}
  for (const name in quantities) all[name as keyof Quantities] = exact(quantities[name as keyof Quantities]! * elements)
  return all
}

/** An activation without attributes: one function applied to every element. */
export interface Activation {
  type: string
  summary: string
  /** Arithmetic on one element; changes of sign are not counted. */
  arithmetic: Quantities
  /** How ONNX nodes become this op. */
  fromOnnx?: Readonly<Record<string, OnnxReader>>
  onnx(emit: OnnxEmitter): void
  tfjs(tf: typeof tfjs, x: tfjs.Tensor): tfjs.Tensor
}

/** The op of an activation: what such ops share, so that each one's file states its formula alone. */
export const activation = ({ type, summary, arithmetic, fromOnnx, onnx, tfjs: apply }: Activation) =>
  defineOp({
    type,
    summary,
    attributes: Type.Object({}),
    arity: takes(1),
    canonical: () => ({}),
    shape: ([x]) => [x!],
    batchIn: () => true,
    inPlace: true,
    channelsRead: sameChannels,
    ...(fromOnnx ? { fromOnnx } : {}),
    quantities: ({ outputs }) => perElement(arithmetic, numel(outputs[0]!)),
    onnx,
    tfjs:
      (tf) =>
      ([x]) =>
        apply(tf, x!),
  })

/** An op on two tensors, element by element; sizes of 1 broadcast. */
export interface Binary {
  type: string
  summary: string
  /** Arithmetic on one output element. */
  arithmetic: Quantities
  /** ONNX's name of it. */
  onnx: string
  tfjs(tf: typeof tfjs, left: tfjs.Tensor, right: tfjs.Tensor): tfjs.Tensor
}

/** The op of a binary one: what such ops share. */
export const binary = ({ type, summary, arithmetic, onnx, tfjs: apply }: Binary) =>
  defineOp({
    type,
    summary,
    attributes: Type.Object({}),
    arity: takes(2),
    canonical: () => ({}),
    shape: (inputs) => [broadcast(inputs, type)],
    batchIn: () => true,
    inPlace: true,
    channelsRead: sameChannels,
    quantities: ({ outputs }) => perElement(arithmetic, numel(outputs[0]!)),
    fromOnnx: { [onnx]: (node) => (node.inputs.length === 2 ? allInputs(node) : null) },
    onnx: (emit) => emit.node(onnx, emit.inputs, emit.outputs),
    tfjs: (tf, shapes) => lowerPairwise(tf, shapes, (left, right) => apply(tf, left, right)),
  })

/** An activation with attributes. */
export interface ParametricActivation<S extends TObject, A> extends Omit<Activation, 'onnx' | 'tfjs'> {
  attributes: S
  canonical(raw: Static<S>): A
  /** Refuses attributes that do not go together. */
  check?(attributes: A): void
  onnx(emit: OnnxEmitter, attributes: A): void
  tfjs(tf: typeof tfjs, x: tfjs.Tensor, attributes: A): tfjs.Tensor
}

/** The op of an activation with attributes. */
export const parametricActivation = <S extends TObject, A>(given: ParametricActivation<S, A>) =>
  defineOp<S, A>({
    type: given.type,
    summary: given.summary,
    attributes: given.attributes,
    arity: takes(1),
    canonical: given.canonical,
    shape: ([x], a) => {
      given.check?.(a)
      return [x!]
    },
    batchIn: () => true,
    inPlace: true,
    channelsRead: sameChannels,
    quantities: ({ outputs }) => perElement(given.arithmetic, numel(outputs[0]!)),
    ...(given.fromOnnx ? { fromOnnx: given.fromOnnx } : {}),
    onnx: (emit, _shapes, a) => given.onnx(emit, a),
    tfjs:
      (tf, { attributes }) =>
      ([x]) =>
        given.tfjs(tf, x!, attributes),
  })
