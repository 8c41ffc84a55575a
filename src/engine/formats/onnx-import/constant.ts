import type { Shape } from '../../shape.ts'

/** The kinds of element that an import distinguishes. */
export type Element = 'float' | 'integer' | 'boolean' | 'text'

/** A tensor of floats in the file: what parameters are accounted by. */
export interface Source {
  tensor: string
  elements: number
  /** An initializer; else a Constant node holds it. */
  initializer: boolean
  /** ONNX's number of the type that it is stored as. */
  dataType?: number
  /** Numbers of few bits that stand for floats at some scale. */
  quantized?: true
  /** It represents a weight that was left out (`ConstantOfShape`). */
  standIn?: true
  /** Its numbers, or null where the file does not hold them, and the bytes that this makes. */
  read(): ArrayLike<number> | null
  readBytes: number
}

/** A tensor that the file holds, or that is computed at import. */
export interface Constant {
  readonly kind: 'constant'
  readonly name: string
  readonly shape: Shape
  readonly element: Element
  /** ONNX's number of its type, where the file holds it. */
  readonly dataType?: number
  /**
   * Its elements in order, or null where the file does not hold them. Made when asked for, and kept by nobody; the one who
   * asks takes `readBytes` from the import's budget first (`Budget.read`).
   */
  read(): ArrayLike<number> | null
  /** Bytes that `read` makes, those on the way included; 0 where the elements are at hand. */
  readonly readBytes: number
  /** Steps that `read` computes, one on another; absent where the elements are at hand. */
  readonly steps?: number
  /** The tensors of the file that its elements come from, where they are floats. */
  readonly sources: readonly Source[]
  /** Name of the missing file beside the model that holds its numbers. */
  readonly absent?: { location: string }
  /** A constant fill in place of a weight (`ConstantOfShape`): treated as missing. */
  readonly blank?: boolean
  /** The same tensor at the batch probed with, where it depends on the batch. */
  readonly wide: Constant | null
  /** Where it was repeated along dims: what was repeated, with size 1 there. */
  readonly repeats?: Constant
  /** Where it was joined along its last dim: what was joined. */
  readonly columns?: readonly Constant[]
}

/** A tensor that a layer makes. */
export interface Activation {
  readonly kind: 'activation'
  readonly name: string
  /** Reference to the layer's output. */
  readonly reference: string
  /** At the file's own batch. */
  readonly shape: Shape
  /** At the batch probed with. */
  readonly wide: Shape
  /** The part of the batch's dim that lies before the batch (`batch.ts`). Default 1. */
  readonly outer?: number
  /** Its sizes depend on the data: what is in `shape` says nothing. */
  readonly unsized?: true
}

export type Value = Constant | Activation

export const shapeAt = (value: Value, wide: boolean): Shape =>
  value.kind === 'activation' ? (wide ? value.wide : value.shape) : wide && value.wide ? value.wide.shape : value.shape

/** A constant of numbers that are at hand. */
export const computed = (
  name: string,
  element: Element,
  shape: Shape,
  numbers: ArrayLike<number>,
  sources: readonly Source[] = [],
): Constant => ({ kind: 'constant', name, element, shape, read: () => numbers, readBytes: 0, sources, wide: null })
